namespace PreciseBn.Tests.Support;

/// <summary>
/// A test that needs Python with PyTorch, and is skipped with a message where there is none. The environment variable
/// PRECISEBN_PYTHON names the interpreter; by default it is <c>python3</c>.
/// </summary>
internal sealed class PythonFactAttribute : FactAttribute
{
    public static readonly string Interpreter = Environment.GetEnvironmentVariable("PRECISEBN_PYTHON") ?? "python3";

    private static readonly Lazy<Version?> Torch = new(() =>
    {
        try
        {
            var (exitCode, output, _) = Tool.Run(Interpreter, "-c", "import torch; print('.'.join(torch.__version__.split('.')[:2]))");
            return exitCode == 0 ? Version.Parse(output) : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    });

    /// <param name="oldest">The oldest PyTorch that will do.</param>
    public PythonFactAttribute(string oldest = "1.0")
    {
        if (Torch.Value is not { } version)
            Skip = $"There is no PyTorch for '{Interpreter}'.";
        else if (version < Version.Parse(oldest))
            Skip = $"This needs PyTorch {oldest}, and '{Interpreter}' has {version}.";
    }
}
