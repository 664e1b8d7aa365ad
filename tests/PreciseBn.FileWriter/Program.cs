using PreciseBn;
using PreciseBn.Batches;
using PreciseBn.Data;
using PreciseBn.Primitives;

// FileWriter <file> <statistics> <other statistics> <times>: puts the one and the other in turn into the file, and says for
// each whether it was written or why not. Partial statistics take the place of the file; from data its own are recomputed, those of an
// exported program exactly, with nothing kept in memory; a model is measured into parts of that name, with a number each.
var writes = args[1..3].Select(Writer).ToArray();
Console.WriteLine("ready");
for (var i = 0; i < int.Parse(args[3]); i++)
{
    try
    {
        writes[i % 2]();
        Console.WriteLine("written");
    }
    catch (PreciseBnException e)
    {
        Console.WriteLine(e.ErrorId);
    }
}

Action Writer(string state)
{
    if (Path.GetExtension(state) == ".pt")
    {
        var part = 0;
        return () => MeasureInto($"{args[0]}.{part++}", state);
    }
    if (Path.GetExtension(state) == ".npy")
    {
        var data = BnDataLoader.FromFiles([state], new() { Order = DataOrder.Sequential });
        return () =>
        {
            using var model = BnModel.Open(args[0]);
            model.Update(data, Path.GetExtension(args[0]) == ".pt2" ? new() { Exact = true, ActivationMemory = 0 } : new());
        };
    }
    if (BnPartialFile.IsPartial(state))
    {
        var partials = BnPartialFile.Read(state);
        return () => BnPartialFile.Write(args[0], partials, force: true);
    }
    var statistics = BnStatFile.Read(state);
    return () =>
    {
        using var model = BnModel.Open(args[0]);
        model.Apply(statistics);
    };
}

static void MeasureInto(string part, string path)
{
    using var images = TorchSharp.torch.ones(2, 1, 28, 28);
    using var model = BnModel.Open(path);
    model.MeasureShard(BatchSource.Of(Enumerable.Repeat(images, 8)), new() { DataName = "ones", Checkpoint = part, Every = 1 });
}
