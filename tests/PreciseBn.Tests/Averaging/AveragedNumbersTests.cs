using System.Runtime.InteropServices;
using System.Text;
using PreciseBn.Tests.Support;

namespace PreciseBn.Tests;

/// <summary>Averages of float64, and of files whose numbers have several lengths.</summary>
public sealed class AveragedNumbersTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    // A sum of weighted numbers over that of the weights need not be the number.
    [Fact]
    public void Of_equal_numbers_of_float64_the_average_is_that_number_whatever_the_weights()
    {
        var numbers = Enumerable.Range(0, 1000).Select(i => Math.Sin(i)).ToArray();
        var files = Enumerable.Range(0, 3).Select(i => Write($"{i}.safetensors", Half.Zero, numbers)).ToArray();

        var average = BnAverager.Average(files, _folder.File("average.safetensors"), new() { Weights = [0.1, 0.7, 1.0 / 3] });

        Assert.Equal(File.ReadAllBytes(files[0]), File.ReadAllBytes(average.Path));
    }

    // They are read in pieces of 2 MiB.
    [Fact]
    public void Long_numbers_behind_a_short_one_are_averaged_to_their_end()
    {
        const int Count = 300_000;
        var files = new[] { 1.5, 4.5 }.Select(value => Write($"{value}.safetensors", (Half)value, Enumerable.Range(0, Count).Select(i => value * i))).ToArray();

        var average = BnAverager.Average(files, _folder.File("average.safetensors"));

        Assert.Equal(File.ReadAllBytes(Write("expected.safetensors", (Half)3, Enumerable.Range(0, Count).Select(i => 3.0 * i))), File.ReadAllBytes(average.Path));
    }

    public void Dispose() => _folder.Dispose();

    private string Write(string name, Half number, IEnumerable<double> numbers)
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(numbers.ToArray().AsSpan());
        var header = Encoding.UTF8.GetBytes(
            $$$"""{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]},"b":{"dtype":"F64","shape":[{{{bytes.Length / 8}}}],"data_offsets":[2,{{{bytes.Length + 2}}}]}}""");
        var path = _folder.File(name);
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((long)header.Length), .. header, .. BitConverter.GetBytes(number), .. bytes]);
        return path;
    }
}
