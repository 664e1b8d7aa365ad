using PreciseBn.Host;

Console.OutputEncoding = System.Text.Encoding.UTF8;
if (HostArguments.TryParse(args) is not { } arguments)
{
    Console.Error.WriteLine("Usage: PreciseBn.Host -Command <text> | -File <path> [arguments]");
    return HostExitCode.Usage;
}
if (ModuleManifest.Find() is not { } manifest)
{
    Console.Error.WriteLine($"PreciseBn.psd1 is not in '{AppContext.BaseDirectory}' or a folder above it.");
    return HostExitCode.Failure;
}
return new ScriptRunner(manifest).Run(arguments.Script);
