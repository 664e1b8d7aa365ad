using PreciseBn;
using PreciseBn.Batches;
using static TorchSharp.torch;

internal static class Example
{
    public static BnResult Recompute(string path, string destination, IEnumerable<Tensor> images)
    {
        using var model = BnModel.Open(path);
        foreach (var layer in model.Layers)
            Console.WriteLine($"{layer.Name}: {layer.Channels} channels");

        var batches = BatchSource.Of(images, TensorOwnership.Batch);
        var result = model.Update(batches, new() { Iterations = 40 }, new() { Destination = destination });

        Console.WriteLine($"{result.Batches} batches, stopped by {result.StoppedBy}");
        foreach (var layer in result.Layers)
            Console.WriteLine($"{layer.Name}: a mean has moved by {layer.MeanShift:0.00} standard deviations");
        return result;
    }
}
