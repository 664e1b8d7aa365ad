using System.Globalization;
using PreciseBn.Benchmarks;
using PreciseBn.Benchmarks.Precision;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

var verbs = new Dictionary<string, Func<MarkdownTable>>
{
    ["precision"] = PrecisionTable.Make,
    ["batch-size"] = BatchSizeTable.Make,
};
if (args.Length != 1 || !verbs.TryGetValue(args[0], out var make))
{
    Console.Error.WriteLine($"Usage: PreciseBn.Benchmarks {string.Join(" | ", verbs.Keys)}");
    return 64;
}
make().WriteTo(Console.Out);
return 0;
