using System.Security.Cryptography;
using System.Text;
using PreciseBn.Native;

namespace PreciseBn.Data;

/// <summary>
/// Tells items from others by how many there are and by a few of them as the model gets them. Reading all would take as long
/// as measuring, and names and times of files differ between machines.
/// </summary>
internal static class SampleFingerprint
{
    private const int Looks = 4;
    private const int Digits = 16;

    /// <param name="samples">The items.</param>
    /// <param name="transform">What is done to them after they are read, if anything.</param>
    /// <returns>16 hexadecimal digits of a SHA-256.</returns>
    public static string Of(ISampleSource samples, string? transform = null)
    {
        TorchLibrary.Require();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{samples.Count} items{transform}"));
        foreach (var index in Enumerable.Range(0, Looks).Select(look => look * (samples.Count - 1) / (Looks - 1)).Distinct())
        {
            using var item = samples.Load([index]);
            foreach (var input in item?.Inputs ?? [])
            {
                hash.AppendData(Encoding.UTF8.GetBytes($"{input.dtype} [{string.Join(", ", input.shape)}]"));
                hash.Append(input);
            }
        }
        return Convert.ToHexString(hash.GetHashAndReset()).ToLowerInvariant()[..Digits];
    }
}
