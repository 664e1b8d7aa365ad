using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Internal;
using System.Security;

namespace PreciseBn.Host;

/// <summary>Writes to the console; errors, warnings and messages go to the error stream, so that output can be piped.</summary>
internal sealed class ConsoleUserInterface : PSHostUserInterface
{
    private static readonly bool IsPlain =
        Console.IsOutputRedirected || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 };

    private readonly ProgressLine _progress = new();

    public override PSHostRawUserInterface RawUI { get; } = new ConsoleRawUserInterface();

    public override void Write(string value)
    {
        _progress.Clear();
        Console.Out.Write(IsPlain ? new StringDecorated(value).ToString(OutputRendering.PlainText) : value);
    }

    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Write(value);

    public override void WriteLine(string value) => Write(value + Environment.NewLine);

    public override void WriteErrorLine(string value) => WriteMessage(value);

    public override void WriteWarningLine(string message) => WriteMessage($"WARNING: {message}");

    public override void WriteVerboseLine(string message) => WriteMessage($"VERBOSE: {message}");

    public override void WriteDebugLine(string message) => WriteMessage($"DEBUG: {message}");

    public override void WriteProgress(long sourceId, ProgressRecord record) => _progress.Show(record);

    public override string ReadLine() => Console.In.ReadLine() ?? throw NoInput();

    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
    {
        WriteMessage($"{caption}{Environment.NewLine}{message}");
        var keys = choices.Select(choice => choice.Label[(choice.Label.IndexOf('&') + 1)..][..1]).ToArray();
        while (true)
        {
            var labels = choices.Select((choice, i) => $"[{keys[i]}] {choice.Label.Replace("&", "")}");
            WriteMessage($"{string.Join("  ", labels)} (default is {keys[defaultChoice]})");
            var answer = ReadLine().Trim();
            if (answer.Length == 0)
                return defaultChoice;
            var index = Array.FindIndex(keys, key => key.Equals(answer[..1], StringComparison.OrdinalIgnoreCase));
            if (index >= 0)
                return index;
        }
    }

    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions) =>
        throw NoInput();

    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) =>
        throw NoInput();

    public override PSCredential PromptForCredential(
        string caption, string message, string userName, string targetName,
        PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) => throw NoInput();

    public override SecureString ReadLineAsSecureString() => throw NoInput();

    private void WriteMessage(string message)
    {
        _progress.Clear();
        Console.Error.WriteLine(message);
    }

    private static PSInvalidOperationException NoInput() => new("This host cannot ask for input; give all parameters.");
}
