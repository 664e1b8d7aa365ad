using System.Text.RegularExpressions;
using PreciseBn.Formats;

namespace PreciseBn.Models.TorchScript;

/// <summary>
/// The source that a TorchScript archive carries: <c>code/__torch__/a/b.py</c> defines the classes and functions that are called
/// <c>__torch__.a.b.Name</c>.
/// </summary>
internal sealed partial class ScriptCode(TorchArchive archive)
{
    private const string Suffix = ".py";

    private readonly Dictionary<string, Definitions> _files = [];
    private readonly HashSet<string> _names = archive.Names("code/").ToHashSet();
    private readonly Dictionary<string, string> _texts = [];
    private HashSet<string>? _assigned;
    private HashSet<string>? _written;

    /// <summary>The entries that have source.</summary>
    public IEnumerable<string> Files => _names.Where(name => name.EndsWith(Suffix, StringComparison.Ordinal));

    /// <summary>Whether it runs parts of itself at the same time, by torch.jit.fork.</summary>
    public bool IsParallel => Files.Any(file => Fork().IsMatch(TextOf(file)));

    public string TextOf(string file)
    {
        if (!_texts.TryGetValue(file, out var text))
            _texts[file] = text = archive.ReadText(file);
        return text;
    }

    /// <returns>The function, or <c>null</c> where the archive has none of that name.</returns>
    public ScriptFunction? FindFunction(string qualifiedName) => Find(qualifiedName) is var (definitions, name)
        ? definitions.Functions.GetValueOrDefault(name) : null;

    /// <returns>The method of a class, or <c>null</c> where it has none of that name.</returns>
    public ScriptFunction? FindMethod(string className, string method) => Find(className) is var (definitions, name)
        ? definitions.Functions.GetValueOrDefault($"{name}.{method}") : null;

    /// <summary>Names of the methods of a class, in their order.</summary>
    public IReadOnlyList<string> MethodsOf(string className) => Find(className) is var (definitions, name)
        ? definitions.Functions.Keys.Where(key => key.StartsWith(name + ".", StringComparison.Ordinal)).Select(key => key[(name.Length + 1)..]).ToArray()
        : [];

    /// <summary>The classes that are no modules, and their methods.</summary>
    public IEnumerable<(string ClassName, ScriptFunction Method)> MethodsOfObjects() =>
        from file in Files
        let definitions = Load(file)
        from function in definitions.Functions.Values
        let dot = function.Name.IndexOf('.')
        where dot > 0 && !definitions.Modules.Contains(function.Name[..dot])
        select ($"{file["code/".Length..^Suffix.Length].Replace('/', '.')}.{function.Name[..dot]}", function);

    /// <summary>The text of a constant of a class, such as <c>momentum : Final[float] = 0.1</c>.</summary>
    public string? Constant(string className, string constant) => Find(className) is var (definitions, name)
        ? definitions.Constants.GetValueOrDefault($"{name}.{constant}") : null;

    /// <summary>The attributes that a class declares, with their types, in their order.</summary>
    public IReadOnlyList<ScriptAttribute> AttributesOf(string className) => Find(className) is var (definitions, name)
        ? definitions.Attributes.GetValueOrDefault(name) ?? [] : [];

    /// <summary>The texts in a list that a class has as a constant.</summary>
    public IEnumerable<string> NamesIn(string className, string list) =>
        Quoted().Matches(Constant(className, list) ?? "").Select(match => match.Groups["name"].Value);

    /// <summary>Where to add a method to a class: behind its last.</summary>
    public int EndOfClass(string className) => Find(className) is var (definitions, name) ? definitions.Ends.GetValueOrDefault(name, -1) : -1;

    /// <summary>Whether any method gives an attribute of that name another value.</summary>
    public bool IsAssigned(string attribute)
    {
        _assigned ??= Files.SelectMany(file => Assignment().Matches(TextOf(file))).Select(match => match.Groups["name"].Value).ToHashSet();
        return _assigned.Contains(attribute);
    }

    /// <summary>Whether any method calls a function that writes into an attribute of that name.</summary>
    public bool IsWritten(string attribute)
    {
        _written ??= Files.Select(TextOf).SelectMany(WrittenIn).ToHashSet();
        return _written.Contains(attribute);
    }

    // Mostly a variable stands for the attribute.
    private static IEnumerable<string> WrittenIn(string text)
    {
        var attributes = Variable().Matches(text).ToLookup(match => match.Groups["variable"].Value, match => match.Groups["name"].Value);
        return Writing().Matches(text).Select(match => match.Groups["target"].Value)
            .SelectMany(target => attributes[target].Append(target[(target.LastIndexOf('.') + 1)..]));
    }

    /// <summary>How often the code names a constant, such as <c>CONSTANTS.c1</c>.</summary>
    public int CountOf(string constant) => Files.Sum(file => Regex.Count(TextOf(file), $@"\b{Regex.Escape(constant)}\b"));

    /// <summary>Names a place in the code.</summary>
    public string PlaceOf(ScriptFunction function, int position) =>
        $"{function.File}, line {1 + TextOf(function.File).AsSpan(0, position).Count('\n')}";

    /// <summary>The name of the entry that defines the class or function, without the root folder of the archive.</summary>
    public static string FileOf(string qualifiedName) =>
        $"code/{qualifiedName[..Math.Max(0, qualifiedName.LastIndexOf('.'))].Replace('.', '/')}{Suffix}";

    private (Definitions Definitions, string Name)? Find(string qualifiedName)
    {
        var file = FileOf(qualifiedName);
        if (!_names.Contains(file))
            return null;
        return (Load(file), qualifiedName[(qualifiedName.LastIndexOf('.') + 1)..]);
    }

    private Definitions Load(string file)
    {
        if (!_files.TryGetValue(file, out var definitions))
            _files[file] = definitions = Definitions.Read(file, TextOf(file));
        return definitions;
    }

    [GeneratedRegex(@"(?<![\w.])fork\(")]
    private static partial Regex Fork();

    [GeneratedRegex(@"[""'](?<name>\w+)[""']")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^ +[^=\n""]*\.(?<name>\w+) = ", RegexOptions.Multiline)]
    private static partial Regex Assignment();

    [GeneratedRegex(@"^ +(?<variable>\w+) = [\w.]+\.(?<name>\w+)$", RegexOptions.Multiline)]
    private static partial Regex Variable();

    [GeneratedRegex(@"\btorch\.(?!detach_|requires_grad_)\w*[a-z0-9]_\((?<target>[\w.]+)[,)]")]
    private static partial Regex Writing();

    /// <summary>What a file defines; names of methods and constants begin with that of their class.</summary>
    private sealed class Definitions
    {
        public Dictionary<string, ScriptFunction> Functions { get; } = [];

        public Dictionary<string, string> Constants { get; } = [];

        public Dictionary<string, List<ScriptAttribute>> Attributes { get; } = [];

        public Dictionary<string, int> Ends { get; } = [];

        public HashSet<string> Modules { get; } = [];

        public static Definitions Read(string file, string text)
        {
            var definitions = new Definitions();
            var lines = ScriptLine.Split(text);
            var owner = "";
            for (var at = 0; at < lines.Count;)
            {
                var line = lines[at];
                if (line.Indent == 0)
                    owner = "";
                if (line.Indent == 0 && line.StartsWith("class") && line.Tokens.Count > 1)
                {
                    owner = line.Tokens[1].Text + ".";
                    if (line.Tokens.Any(token => token.Is("Module")))
                        definitions.Modules.Add(owner[..^1]);
                    at++;
                }
                else if (line.StartsWith("def"))
                {
                    var function = ScriptFunction.Read(file, text, lines, ref at, owner);
                    definitions.Functions.TryAdd(function.Name, function);
                }
                else
                {
                    definitions.AddAttribute(owner, line, text);
                    at++;
                }
                if (owner.Length > 0)
                    definitions.Ends[owner[..^1]] = at < lines.Count ? lines[at].Start - lines[at].Indent : text.Length;
            }
            return definitions;
        }

        private void AddAttribute(string owner, ScriptLine line, string text)
        {
            var equals = line.Tokens.ToList().FindIndex(token => token.Is("="));
            if (owner.Length == 0 || line.Tokens[0].Kind != ScriptTokenKind.Name || equals + 1 == line.Tokens.Count)
                return;
            if (equals > 0)
                Constants[owner + line.Tokens[0].Text] = text[line.Tokens[equals + 1].Start..line.Tokens[^1].End];
            else if (line.Tokens.Count > 2 && line.Tokens[1].Is(":"))
                Declare(owner[..^1], new ScriptAttribute(line.Tokens[0].Text, text[line.Tokens[2].Start..line.Tokens[^1].End], line.Tokens[2].Start));
        }

        private void Declare(string owner, ScriptAttribute attribute)
        {
            if (!Attributes.TryGetValue(owner, out var attributes))
                Attributes[owner] = attributes = [];
            attributes.Add(attribute);
        }
    }
}

/// <summary>An attribute that a class declares.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type, such as <c>Optional[Tensor]</c>.</param>
/// <param name="Start">Where in the file the type begins.</param>
internal sealed record ScriptAttribute(string Name, string Type, int Start);
