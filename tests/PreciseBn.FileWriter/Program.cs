using PreciseBn;

// FileWriter <model> <statistics> <other statistics> <times>: sets the one and the other in turn, and says for each
// whether it was written or why not.
var states = new[] { BnStatFile.Read(args[1]), BnStatFile.Read(args[2]) };
Console.WriteLine("ready");
for (var i = 0; i < int.Parse(args[3]); i++)
{
    try
    {
        BnSetter.Set(args[0], states[i % 2], new());
        Console.WriteLine("written");
    }
    catch (PreciseBnException e)
    {
        Console.WriteLine(e.ErrorId);
    }
}
