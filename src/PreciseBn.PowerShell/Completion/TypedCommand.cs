using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace PreciseBn.PowerShell.Completion;

/// <summary>A command as far as it is typed.</summary>
/// <param name="Parameters">Its parameters so far.</param>
/// <param name="Command">Where it stands.</param>
internal sealed record TypedCommand(IDictionary Parameters, CommandAst Command)
{
    /// <summary>The files that parameters lead to. Of -LiteralPath they are taken as they are.</summary>
    public IEnumerable<string> Files(params string[] parameters) =>
        parameters.SelectMany(name => Resolve(Parameters[name], name == "LiteralPath" ? "[WildcardPattern]::Escape($path)" : "$path"));

    /// <summary>The files that stand as constants before the command in its pipeline.</summary>
    public IEnumerable<string> PipedFiles()
    {
        var before = Command.Parent is PipelineAst pipeline ? pipeline.PipelineElements.TakeWhile(element => element != Command) : [];
        return before.SelectMany(element => element.FindAll(ast => ast is StringConstantExpressionAst, searchNestedScriptBlocks: false))
            .SelectMany(constant => Resolve(((StringConstantExpressionAst)constant).Value, "$path"));
    }

    private static IEnumerable<string> Resolve(object? paths, string pattern)
    {
        if (PSObject.AsPSObject(paths ?? "").BaseObject is not (string { Length: > 0 } or object[] or string[] or FileSystemInfo))
            return [];
        using var shell = System.Management.Automation.PowerShell.Create(RunspaceMode.CurrentRunspace);
        shell.AddScript($"foreach ($path in $args[0]) {{ try {{ $ExecutionContext.SessionState.Path.GetResolvedProviderPathFromPSPath({pattern}, [ref] $null) }} catch {{ }} }}")
            .AddArgument(paths);
        return shell.Invoke<string>();
    }
}
