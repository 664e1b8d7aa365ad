using System.Runtime.CompilerServices;

namespace PreciseBn.Models.TorchScript;

/// <summary>
/// Follows the code of a model before it runs, as far as is needed to know what each BatchNorm is given: through assignments,
/// attributes of modules, methods and functions. Of a branch whose condition is not known both ways are followed.
/// </summary>
internal sealed class ScriptWalk(ScriptCode code, ScriptObjects objects)
{
    // Honest models take some thousand; a loop of functions that call each other twice would take for ever.
    private const int MostStatements = 2_000_000;
    private const int MostRounds = 3;

    private readonly Dictionary<string, ScriptValue> _results = [];
    private readonly OrderedDictionary<ScriptNode, bool> _reached = new(ReferenceEqualityComparer.Instance);
    private readonly ScriptEvaluation _evaluation = new(code, objects);
    private long _statements;

    /// <summary>The calls, in the order in which they were found.</summary>
    public IReadOnlyList<ScriptCall> Calls => _evaluation.Calls;

    public IReadOnlyList<ScriptCopy> Copies => _evaluation.Copies;

    /// <summary>Modules of which some method was followed, in the order in which they were found.</summary>
    public IReadOnlyCollection<ScriptNode> Reached => _reached.Keys;

    public bool HasReached(ScriptNode node) => _reached.ContainsKey(node);

    /// <summary>Whether all that was to be followed has been.</summary>
    public bool IsComplete { get; private set; } = true;

    /// <summary>Follows a method of a module that may be called with anything.</summary>
    public void Follow(ScriptNode node, string method)
    {
        if (code.FindMethod(node.QualifiedName, method) is { } function)
            Run(function, [new ModuleValue(node)], [], node);
    }

    /// <summary>Follows a method of an object that the code makes, of which nothing is known.</summary>
    public void FollowObject(ScriptFunction method, ScriptNode root) => Run(method, [], [], root);

    private ScriptValue Run(ScriptFunction function, IReadOnlyList<ScriptValue> arguments, Dictionary<string, ScriptValue> named, ScriptNode module)
    {
        if (arguments.Count > 0 && arguments[0] is ModuleValue { Node: var self })
        {
            module = self;
            _reached.TryAdd(self, true);
        }
        var names = new Dictionary<string, ScriptValue>();
        for (var i = 0; i < function.Parameters.Count; i++)
        {
            var parameter = function.Parameters[i];
            names[parameter.Name] = i < arguments.Count ? arguments[i]
                : named.GetValueOrDefault(parameter.Name) ?? ScriptEvaluation.Literal(parameter.Default) ?? new UnknownValue();
        }
        var key = $"{function.File}:{function.Start} {module.Name} {string.Join(" ", function.Parameters.Select(parameter => names[parameter.Name].Key))}";
        if (_results.TryGetValue(key, out var known))
            return known;
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            IsComplete = false;
            return new UnknownValue();
        }
        // What calls itself gets to know nothing of its result.
        _results[key] = new UnknownValue();
        var results = new List<ScriptValue>();
        Run(function.Body, new Frame(function, module, names, results));
        return _results[key] = results.Count == 0 ? new LiteralValue(null) : ChoiceValue.Of(results);
    }

    private void Run(IReadOnlyList<ScriptStatement> statements, Frame frame)
    {
        foreach (var statement in statements)
        {
            if (++_statements > MostStatements)
            {
                IsComplete = false;
                return;
            }
            Run(statement, frame);
        }
    }

    private void Run(ScriptStatement statement, Frame frame)
    {
        if (statement.Kind == ScriptStatementKind.Define)
        {
            frame.Names[statement.Targets[0]!] = new ClosureValue(statement, frame.Names);
            return;
        }
        var value = _evaluation.Evaluate(statement.Value, frame, Call);
        switch (statement.Kind)
        {
            case ScriptStatementKind.Return:
                frame.Results.Add(value);
                break;
            case ScriptStatementKind.Assign:
                Assign(statement, value, frame.Names);
                break;
            case ScriptStatementKind.Branch:
                RunBranch(statement, value, frame);
                break;
            case ScriptStatementKind.Loop:
                RunLoop(statement, frame);
                break;
            default:
                Run(statement.Body, frame);
                break;
        }
    }

    private void RunBranch(ScriptStatement statement, ScriptValue condition, Frame frame)
    {
        if (condition is LiteralValue { Value: bool isTrue })
        {
            Run(isTrue ? statement.Body : statement.Otherwise, frame);
            return;
        }
        var before = new Dictionary<string, ScriptValue>(frame.Names);
        Run(statement.Body, frame);
        var other = frame with { Names = before };
        Run(statement.Otherwise, other);
        Join(frame.Names, other.Names);
    }

    private void RunLoop(ScriptStatement statement, Frame frame)
    {
        for (var round = 0; round < MostRounds; round++)
        {
            var before = new Dictionary<string, ScriptValue>(frame.Names);
            foreach (var target in statement.Targets.OfType<string>())
                frame.Names[target] = new UnknownValue();
            Run(statement.Body, frame);
            Join(frame.Names, before);
            if (before.All(name => frame.Names[name.Key].Key == name.Value.Key))
                break;
        }
    }

    private static void Join(Dictionary<string, ScriptValue> names, Dictionary<string, ScriptValue> others)
    {
        foreach (var (name, other) in others)
        {
            if (!names.TryGetValue(name, out var own))
                names[name] = other;
            else if (own.Key != other.Key)
                names[name] = ChoiceValue.Of([own, other]);
        }
    }

    private static void Assign(ScriptStatement statement, ScriptValue value, Dictionary<string, ScriptValue> names)
    {
        for (var i = 0; i < statement.Targets.Count; i++)
        {
            if (statement.Targets[i] is not { } target)
                continue;
            names[target] = !statement.IsUnpacked ? value
                : ChoiceValue.Of(value.Choices.Select(choice => choice is SequenceValue { Items: var items } && i < items.Count ? items[i] : new UnknownValue()));
        }
    }

    private ScriptValue Call(ScriptValue target, IReadOnlyList<ScriptValue> arguments, Dictionary<string, ScriptValue> named, Frame frame)
    {
        switch (target)
        {
            case MethodValue method when code.FindMethod(method.Node.QualifiedName, method.Name) is { } function:
                return Run(function, [new ModuleValue(method.Node), .. arguments], named, method.Node);
            case QualifiedValue { Name: var name } when code.FindFunction(name) is { } function:
                return Run(function, arguments, named, frame.Module);
            case ClosureValue closure:
                var results = new List<ScriptValue>();
                Run(closure.Definition.Body, frame with { Names = new(closure.Names), Results = results });
                return ChoiceValue.Of(results);
            default:
                return new UnknownValue();
        }
    }

    /// <summary>A function that is being followed.</summary>
    /// <param name="Function">The function.</param>
    /// <param name="Module">The module whose code it is in.</param>
    /// <param name="Names">What is known of its variables.</param>
    /// <param name="Results">What it may return.</param>
    internal sealed record Frame(
        ScriptFunction Function, ScriptNode Module, Dictionary<string, ScriptValue> Names, List<ScriptValue> Results);
}
