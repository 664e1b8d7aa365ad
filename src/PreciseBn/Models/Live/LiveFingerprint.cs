using System.Security.Cryptography;
using System.Text;
using PreciseBn.Native;
using static TorchSharp.torch;

namespace PreciseBn.Models.Live;

/// <summary>Tells on which model in memory something was measured: by its tensors, but for the statistics of the measured layers.</summary>
internal static class LiveFingerprint
{
    private static readonly string[] Changing = ["running_mean", "running_var", "num_batches_tracked"];

    /// <param name="model">The model.</param>
    /// <param name="measured">Names of the layers whose statistics are measured.</param>
    public static ModelFingerprint Of(nn.Module model, IEnumerable<string> measured)
    {
        var state = model.state_dict();
        using var scope = NewDisposeScope();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var left = measured.SelectMany(name => Changing.Select(buffer => name.Length == 0 ? buffer : $"{name}.{buffer}")).ToHashSet();
        foreach (var (name, tensor) in state.Where(item => !left.Contains(item.Key)).OrderBy(item => item.Key, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{name} {tensor.dtype} [{string.Join(", ", tensor.shape)}]"));
            hash.Append(tensor.detach().cpu().contiguous());
        }
        return new ModelFingerprint(null, ModelFingerprint.Hexadecimal(hash));
    }
}
