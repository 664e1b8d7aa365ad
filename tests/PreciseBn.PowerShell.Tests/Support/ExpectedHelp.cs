using System.Globalization;
using System.Management.Automation;

namespace PreciseBn.PowerShell.Tests.Support;

/// <summary>What the Markdown of a cmdlet has to say of its syntax and parameters, laid out as platyPS lays it out.</summary>
internal static class ExpectedHelp
{
    public static IEnumerable<ParameterMetadata> Parameters(CmdletInfo cmdlet) =>
        cmdlet.Parameters.Values.Where(parameter => !Cmdlet.CommonParameters.Contains(parameter.Name));

    public static IEnumerable<string> Syntax(CmdletInfo cmdlet) => cmdlet.ParameterSets.Select(set =>
        set.Name == ParameterAttribute.AllParameterSets
            ? $"## SYNTAX\n\n```\n{cmdlet.Name} {set}\n```\n"
            : $"### {set.Name}{(set.IsDefault ? " (Default)" : "")}\n\n```\n{cmdlet.Name} {set}\n```\n");

    /// <summary>The blocks of a parameter: one for all parameter sets in which it is alike.</summary>
    public static IEnumerable<string> Blocks(CmdletInfo cmdlet, ParameterMetadata parameter) => parameter.ParameterSets
        .GroupBy(set => (set.Value.IsMandatory, set.Value.Position, PipelineInput(set.Value)))
        .Select(group => Block(cmdlet, parameter, group.Key, group.Select(set => set.Key)));

    private static string Block(
        CmdletInfo cmdlet, ParameterMetadata parameter, (bool IsMandatory, int Position, string PipelineInput) facts, IEnumerable<string> sets)
    {
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        var element = type.GetElementType() ?? type;
        string?[] lines =
        [
            "```yaml",
            $"Type: {type.Name}",
            $"Parameter Sets: {string.Join(", ", sets.Select(set => set == ParameterAttribute.AllParameterSets ? "(All)" : set))}",
            $"Aliases: {string.Join(", ", parameter.Aliases)}".TrimEnd(),
            element.IsEnum ? $"Accepted values: {string.Join(", ", Enum.GetNames(element))}" : null,
            "",
            $"Required: {facts.IsMandatory}",
            $"Position: {(facts.Position == int.MinValue ? "Named" : facts.Position)}",
            $"Default value: {(facts.IsMandatory ? "None" : DefaultValue(cmdlet, parameter))}",
            $"Accept pipeline input: {facts.PipelineInput}",
            $"Accept wildcard characters: {parameter.Attributes.OfType<SupportsWildcardsAttribute>().Any()}",
            "```",
        ];
        return string.Join('\n', lines.OfType<string>()) + "\n";
    }

    private static string PipelineInput(ParameterSetMetadata set) => (set.ValueFromPipelineByPropertyName, set.ValueFromPipeline) switch
    {
        (true, true) => "True (ByPropertyName, ByValue)",
        (true, false) => "True (ByPropertyName)",
        (false, true) => "True (ByValue)",
        _ => "False",
    };

    private static string DefaultValue(CmdletInfo cmdlet, ParameterMetadata parameter)
    {
        if (parameter.SwitchParameter)
            return "False";
        var value = cmdlet.ImplementingType.GetProperty(parameter.Name)!.GetValue(Activator.CreateInstance(cmdlet.ImplementingType));
        return value switch
        {
            null or "" or System.Collections.ICollection { Count: 0 } => "None",
            Array values => string.Join(", ", values.Cast<object>()),
            _ => string.Format(CultureInfo.InvariantCulture, "{0}", value),
        };
    }
}
