using System.Text;
using PreciseBn.Files;
using PreciseBn.Primitives;

namespace PreciseBn.Formats;

/// <summary>
/// The zip archive that PyTorch writes (caffe2/serialize/inline_container.h): all entries below one root folder,
/// an object tree in <c>data.pkl</c>, storages in <c>data/</c>, and for TorchScript its source in <c>code/</c>.
/// </summary>
internal sealed class TorchArchive
{
    /// <summary>Where the tensors of the object tree have their storages.</summary>
    public const string Data = "data/";

    /// <summary>Where constants of the code have their storages.</summary>
    public const string Constants = "constants/";

    private const int LargestText = 64 << 20;
    private const int LargestPickle = 256 << 20;
    private const int NewestVersion = 10;

    private readonly ZipContents _zip;
    private readonly string _root;
    private readonly IReadOnlyList<ZipEntry> _outer;

    private TorchArchive(ZipContents zip, string root, IReadOnlyList<ZipEntry> outer)
    {
        _zip = zip;
        _root = root;
        _outer = outer;
    }

    public SourceFile File => _zip.File;

    /// <summary>Whether there are functions in it. What torch::save writes in C++ has classes that only say which tensors they have.</summary>
    public bool HasCode => Names("code/").Any(name => name.EndsWith(".py", StringComparison.Ordinal) && ReadText(name).Contains("def ", StringComparison.Ordinal));

    /// <param name="zip">The archive.</param>
    /// <param name="outer">The entries of other archives that it lies in, from the innermost out.</param>
    /// <returns>The archive, or <c>null</c> where the zip was not written by PyTorch.</returns>
    /// <exception cref="PreciseBnException">It was, in a format version or byte order that is not understood.</exception>
    public static TorchArchive? TryRead(ZipContents zip, IReadOnlyList<ZipEntry>? outer = null)
    {
        const string Tree = "/data.pkl";
        var tree = zip.Entries.Keys.FirstOrDefault(name => name.EndsWith(Tree, StringComparison.Ordinal)
            && name.IndexOf('/') == name.Length - Tree.Length);
        if (tree is null)
            return null;
        var archive = new TorchArchive(zip, tree[..^(Tree.Length - 1)], outer ?? []);
        archive.RefuseUnknownFormat();
        return archive;
    }

    /// <summary>The names, without the root folder, of the entries that begin with the prefix.</summary>
    public IEnumerable<string> Names(string prefix) =>
        from name in _zip.Entries.Keys
        where name.StartsWith(_root + prefix, StringComparison.Ordinal)
        select name[_root.Length..];

    public Stream Open(string name) => _zip.Open(Entry(name));

    public string ReadText(string name) => Encoding.UTF8.GetString(_zip.ReadAll(Entry(name), LargestText));

    public object? ReadPickle(string name)
    {
        try
        {
            return PickleReader.Read(_zip.ReadAll(Entry(name), LargestPickle));
        }
        catch (PickleException e)
        {
            throw FileErrors.Damaged(File.Path, $"its entry '{name}' is no pickle that can be read: {e.Message}");
        }
    }

    /// <exception cref="PreciseBnException">The archive lacks its storage.</exception>
    public ArchivedTensor Find(StoredTensor tensor, string folder = Data) => new(tensor, _zip, Entry(folder + tensor.Storage), _outer);

    /// <summary>Where the elements of a vector or scalar are in the file.</summary>
    /// <exception cref="PreciseBnException">They do not lie in their storage, or it is compressed.</exception>
    public TensorSlot Locate(StoredTensor tensor, string folder = Data) => Find(tensor, folder).Locate();

    private ZipEntry Entry(string name) => _zip.Entries.TryGetValue(_root + name, out var entry)
        ? entry
        : throw FileErrors.Damaged(File.Path, $"it has no entry '{_root + name}'");

    private void RefuseUnknownFormat()
    {
        if (_zip.Entries.ContainsKey(_root + "byteorder") && ReadText("byteorder").Trim() is var order && order != "little")
            throw FileErrors.ByteOrder(File.Path, order);
        if (_zip.Entries.ContainsKey(_root + "version")
            && (!int.TryParse(ReadText("version"), out var version) || version > NewestVersion))
            throw FileErrors.Unsupported(
                File.Path, $"its format version '{ReadText("version").Trim()}' is not known", "Update PreciseBn.");
    }
}
