namespace PreciseBn.Tests.Support;

/// <summary>
/// A test that needs Python with PyTorch, and is skipped with a message where there is none. The environment variable
/// PRECISEBN_PYTHON names the interpreter; by default it is <c>python3</c>.
/// </summary>
internal sealed class PythonFactAttribute : FactAttribute
{
    public static readonly string Interpreter = Environment.GetEnvironmentVariable("PRECISEBN_PYTHON") ?? "python3";

    private static readonly Lazy<bool> HasTorch = new(() =>
    {
        try
        {
            return Tool.Run(Interpreter, "-c", "import torch").ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    });

    public PythonFactAttribute()
    {
        if (!HasTorch.Value)
            Skip = $"There is no PyTorch for '{Interpreter}'.";
    }
}
