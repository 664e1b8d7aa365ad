using PreciseBn.Help;

if (args is not [var source, var destination])
{
    Console.Error.WriteLine("Usage: PreciseBn.Help <folder of Markdown> <folder to write to>");
    return 64;
}
try
{
    HelpFolder.Build(source, destination);
    return 0;
}
catch (HelpSourceException failure)
{
    // In this form MSBuild takes it for an error of the file.
    Console.Error.WriteLine($"{failure.File}: error HELP: {failure.Message}");
    return 1;
}
