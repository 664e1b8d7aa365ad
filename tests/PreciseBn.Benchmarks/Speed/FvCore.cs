using System.Diagnostics;
using System.Text.Json;
using static TorchSharp.torch;

namespace PreciseBn.Benchmarks.Speed;

/// <summary>fvcore's update_bn_stats, in a Python process that waits meanwhile for its turn.</summary>
internal sealed class FvCore : IContestant, IDisposable
{
    private readonly Process _process;
    private readonly string _batchFile = Path.GetTempFileName();

    /// <summary>Starts it with the weights and batches that the others have.</summary>
    public FvCore(TimedModel model, Tensor batches, Options options)
    {
        File.WriteAllBytes(_batchFile, batches.bytes.ToArray());
        _process = Process.Start(Python.Command("serve", options.FvCore))!;
        Version = Ask(new { model = model.Name, path = model.Path, batches = _batchFile, batches.shape, threads = options.Threads })
            .GetProperty("torch").GetString()!;
    }

    /// <summary>The version of PyTorch.</summary>
    public string Version { get; }

    public RunTimes Run(int iterations) => new(
        Ask(new { iterations }).GetProperty("seconds").EnumerateArray().Select(seconds => seconds.GetDouble()).ToArray(), End: 0);

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
        File.Delete(_batchFile);
    }

    private JsonElement Ask(object request)
    {
        _process.StandardInput.WriteLine(JsonSerializer.Serialize(request));
        _process.StandardInput.Flush();
        var answer = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The Python side failed.");
        return JsonDocument.Parse(answer).RootElement;
    }
}
