using System.IO.Hashing;
using PreciseBn.Files;
using PreciseBn.Primitives;

namespace PreciseBn.Averaging;

/// <summary>
/// The weights of one of the files, which is open only while some of them are read: of any number of files one is open at a time. It is
/// to be the same file each time.
/// </summary>
internal sealed class InputWeights
{
    private readonly FileIdentity _identity;
    private readonly IReadOnlyList<WeightBlock> _blocks;
    private readonly (long Position, uint? Checksum)[] _places;
    private Crc32? _checksum;

    /// <param name="model">The file, of one model with the one that has the blocks.</param>
    /// <param name="weight">What it counts for in the average.</param>
    /// <param name="blocks">The blocks that are averaged.</param>
    public InputWeights(InputModel model, double weight, IReadOnlyList<WeightBlock> blocks)
    {
        Path = model.Path;
        Weight = weight;
        _identity = model.File.Identity;
        _blocks = blocks;
        _places = blocks.Select(block => model.Tensors[block.Tensors[0].Name].Memory)
            .Select(memory => (memory.Position, memory.Containers.Count > 0 ? memory.Containers[0].Crc32 : (uint?)null)).ToArray();
    }

    public string Path { get; }

    /// <summary>What it counts for.</summary>
    public double Weight { get; }

    /// <summary>Opens the file.</summary>
    /// <exception cref="PreciseBnException">It is another by now, or cannot be opened.</exception>
    public SourceFile Open()
    {
        var file = SourceFile.Open(Path);
        if (file.Identity == _identity)
            return file;
        file.Dispose();
        throw FileErrors.Changed(Path);
    }

    /// <summary>Reads a piece of a block. Those of a block come in their order, so that its checksum is seen to be right with the last.</summary>
    /// <param name="file">The file.</param>
    /// <param name="piece">The piece.</param>
    /// <param name="bytes">Where its bytes go.</param>
    /// <exception cref="PreciseBnException">It cannot be read, or does not match its checksum.</exception>
    public void Read(SourceFile file, Piece piece, Span<byte> bytes)
    {
        var (position, checksum) = _places[piece.Block];
        file.Read(position + piece.Start, bytes);
        if (checksum is null)
            return;
        if (piece.Start == 0)
            _checksum = new Crc32();
        _checksum!.Append(bytes);
        var block = _blocks[piece.Block];
        if (piece.Start + piece.Length == block.Memory.Size && _checksum.GetCurrentHashAsUInt32() != checksum)
            throw FileErrors.Damaged(Path, $"the numbers of '{block.Tensors[0].Name}' do not match their checksum");
    }

    /// <summary>One of its numbers.</summary>
    /// <exception cref="PreciseBnException">It cannot be read.</exception>
    public double ReadNumber(int block, DType type, long element)
    {
        using var file = Open();
        return NumberFormat.Read(type, file.Read(_places[block].Position + (element * type.Size()), type.Size()));
    }

    /// <summary>Makes sure that the file is still the same.</summary>
    /// <exception cref="PreciseBnException">It is another by now.</exception>
    public void RequireUnchanged() => Open().Dispose();
}

/// <summary>Bytes of a block that are averaged at a time.</summary>
/// <param name="Block">Index of the block.</param>
/// <param name="Start">The first, counted from the start of the block.</param>
/// <param name="Length">How many.</param>
/// <param name="At">Where they lie among those of the pieces that are read together.</param>
internal readonly record struct Piece(int Block, long Start, int Length, int At);
