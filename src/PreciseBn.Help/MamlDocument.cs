using System.Xml.Linq;

namespace PreciseBn.Help;

/// <summary>The XML in which Get-Help finds the help of cmdlets.</summary>
internal static class MamlDocument
{
    private static readonly XNamespace Help = "http://msh";
    private static readonly XNamespace Maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    public static XDocument Make(IEnumerable<CommandTopic> topics) => new(new XElement(Help + "helpItems",
        new XAttribute("schema", "maml"),
        new XAttribute(XNamespace.Xmlns + "maml", Maml),
        new XAttribute(XNamespace.Xmlns + "command", Command),
        new XAttribute(XNamespace.Xmlns + "dev", Dev),
        topics.Select(Topic)));

    private static XElement Topic(CommandTopic topic) => new(Command + "command",
        Details(topic),
        Text(Maml + "description", topic.Description),
        new XElement(Command + "syntax", topic.ParameterSets.Select(set => Syntax(topic, set))),
        new XElement(Command + "parameters", topic.Parameters.DistinctBy(parameter => parameter.Name).Select(Parameter)),
        new XElement(Command + "inputTypes", topic.Inputs.Select(type => Type(Command + "inputType", type))),
        new XElement(Command + "returnValues", topic.Outputs.Select(type => Type(Command + "returnValue", type))),
        new XElement(Maml + "alertSet", Text(Maml + "alert", topic.Notes)),
        new XElement(Command + "examples", topic.Examples.Select(Example)),
        new XElement(Command + "relatedLinks", topic.Links.Select(Link)));

    private static XElement Details(CommandTopic topic) => new(Command + "details",
        new XElement(Command + "name", topic.Name),
        new XElement(Command + "verb", topic.Name.Split('-')[0]),
        new XElement(Command + "noun", topic.Name.Split('-')[^1]),
        Text(Maml + "description", [topic.Synopsis]));

    private static XElement Syntax(CommandTopic topic, string parameterSet) => new(Command + "syntaxItem",
        new XElement(Maml + "name", topic.Name),
        topic.Parameters.Where(parameter => parameter.IsIn(parameterSet))
            .OrderBy(parameter => parameter.Position == "named").ThenBy(parameter => parameter.Position).ThenBy(parameter => !parameter.IsRequired)
            .Select(Parameter));

    private static XElement Parameter(HelpParameter parameter) => new(Command + "parameter",
        new XAttribute("required", parameter.IsRequired ? "true" : "false"),
        new XAttribute("variableLength", parameter.Type.EndsWith("[]", StringComparison.Ordinal) ? "true" : "false"),
        new XAttribute("globbing", parameter.TakesWildcards ? "true" : "false"),
        new XAttribute("pipelineInput", parameter.PipelineInput),
        new XAttribute("position", parameter.Position),
        new XAttribute("aliases", parameter.Aliases),
        new XElement(Maml + "name", parameter.Name),
        Text(Maml + "description", parameter.Description),
        Values(parameter),
        parameter.IsSwitch ? null : new XElement(Command + "parameterValue", new XAttribute("required", "true"), parameter.Type),
        TypeName(parameter.Type),
        new XElement(Dev + "defaultValue", parameter.DefaultValue));

    private static XElement? Values(HelpParameter parameter) => parameter.AcceptedValues.Count == 0 ? null : new XElement(
        Command + "parameterValueGroup",
        parameter.AcceptedValues.Select(value => new XElement(Command + "parameterValue", new XAttribute("required", "false"), value)));

    private static XElement Example(HelpExample example) => new(Command + "example",
        new XElement(Maml + "title", $"------- {example.Title} -------"),
        new XElement(Dev + "code", example.Code),
        Text(Dev + "remarks", example.Remarks));

    private static XElement Link(HelpLink link) => new(Maml + "navigationLink",
        new XElement(Maml + "linkText", link.Text),
        new XElement(Maml + "uri", link.Address));

    private static XElement Type(XName name, HelpType type) =>
        new(name, TypeName(type.Name), Text(Maml + "description", type.Description));

    private static XElement TypeName(string name) => new(Dev + "type", new XElement(Maml + "name", name));

    private static XElement Text(XName name, IEnumerable<string> paragraphs) =>
        new(name, paragraphs.Select(paragraph => new XElement(Maml + "para", paragraph)));
}
