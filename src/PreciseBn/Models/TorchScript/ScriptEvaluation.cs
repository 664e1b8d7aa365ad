using System.Globalization;

namespace PreciseBn.Models.TorchScript;

/// <summary>Finds out what is known of the value of an expression, and notes the calls of BatchNorm in it.</summary>
internal sealed class ScriptEvaluation(ScriptCode code, ScriptObjects objects)
{
    private const string Aten = "torch.";
    private const string Saved = "what BatchNorm has saved";

    private readonly List<ScriptCall> _calls = [];
    private readonly List<ScriptCopy> _copies = [];

    public delegate ScriptValue Caller(
        ScriptValue target, IReadOnlyList<ScriptValue> arguments, Dictionary<string, ScriptValue> named, ScriptWalk.Frame frame);

    public IReadOnlyList<ScriptCall> Calls => _calls;

    public IReadOnlyList<ScriptCopy> Copies => _copies;

    /// <returns>The value of a literal, or <c>null</c> where the text is none.</returns>
    public static ScriptValue? Literal(string? text) => text switch
    {
        null => null,
        "True" => new LiteralValue(true),
        "False" => new LiteralValue(false),
        "None" => new LiteralValue(null),
        _ when text.Length > 1 && text[0] is '"' or '\'' => new LiteralValue(text[1..^1]),
        _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer) => new LiteralValue(integer),
        _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => new LiteralValue(number),
        _ => null,
    };

    public ScriptValue Evaluate(ScriptExpression expression, ScriptWalk.Frame frame, Caller call)
    {
        var values = new ScriptValue[expression.Steps.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = Evaluate(expression, expression.Steps[i], values, frame, call);
        return values[^1];
    }

    private ScriptValue Evaluate(ScriptExpression expression, ScriptStep step, ScriptValue[] values, ScriptWalk.Frame frame, Caller call)
    {
        switch (step.Kind)
        {
            case ScriptStepKind.Name:
                var variable = frame.Names.GetValueOrDefault(step.Text) ?? new QualifiedValue(step.Text);
                if (variable is UnknownValue { Source: Saved })
                    _calls.Add(new ScriptCall(new ScriptSite(frame.Function, step.Text, step.Start, step.End), frame.Module, variable, variable, true, null, variable, variable));
                return variable;
            case ScriptStepKind.Literal:
                return Literal(step.Text) ?? new UnknownValue();
            case ScriptStepKind.Attribute:
                return ChoiceValue.Of(values[step.Operands[0]].Choices.Select(owner => Attribute(owner, step.Text)));
            case ScriptStepKind.List or ScriptStepKind.Tuple:
                return step.Operands.Count == 1 && step.Kind == ScriptStepKind.Tuple && step.Names is [null] && expression.Steps[^1] == step
                    ? values[step.Operands[0]]
                    : new SequenceValue(step.Operands.Select(operand => values[operand]).ToArray());
            case ScriptStepKind.Index:
                return Element(values[step.Operands[0]], step.Operands.Count > 1 ? values[step.Operands[1]] : new UnknownValue());
            case ScriptStepKind.Call:
                return Call(expression, step, values, frame, call);
            default:
                return new UnknownValue();
        }
    }

    private ScriptValue Attribute(ScriptValue owner, string name) => owner switch
    {
        QualifiedValue { Name: "CONSTANTS" } => objects.Constant(name),
        QualifiedValue qualified => new QualifiedValue($"{qualified.Name}.{name}"),
        ModuleValue { Node: var node } when !node.Attributes.Contains(name) => code.FindMethod(node.QualifiedName, name) is not null
            ? new MethodValue(node, name) : Literal(code.Constant(node.QualifiedName, name)) ?? new UnknownValue(),
        ModuleValue { Node: var node } => objects.Attribute(node, name) is var value && value is LiteralValue && code.IsAssigned(name)
            ? new UnknownValue() : value,
        _ => new UnknownValue(),
    };

    private static ScriptValue Element(ScriptValue list, ScriptValue index) => ChoiceValue.Of(list.Choices.Select(choice => (choice, index) switch
    {
        (SequenceValue { Items: var items }, LiteralValue { Value: long at }) =>
            at < items.Count && at >= -items.Count ? items[(int)(at < 0 ? at + items.Count : at)] : new UnknownValue(),
        (SequenceValue { Items: var items }, _) => ChoiceValue.Of(items),
        (TensorValue tensor, _) => ScriptTensors.Part("select", tensor, [new LiteralValue(0L), index]) ?? new UnknownValue(),
        _ => new UnknownValue(),
    }));

    private ScriptValue Call(ScriptExpression expression, ScriptStep step, ScriptValue[] values, ScriptWalk.Frame frame, Caller call)
    {
        var operands = step.Operands.Skip(1).Select((operand, index) => (Value: values[operand], Name: step.Names[index + 1])).ToArray();
        var arguments = operands.Where(operand => operand.Name is null).Select(operand => operand.Value).ToArray();
        var named = new Dictionary<string, ScriptValue>();
        foreach (var operand in operands.Where(operand => operand.Name is not null))
            named[operand.Name!] = operand.Value;
        return ChoiceValue.Of(values[step.Operands[0]].Choices.Select(target => target is QualifiedValue { Name: var name }
            ? CallNamed(name, expression, step, arguments, named, frame, call)
            : call(target, arguments, named, frame)));
    }

    private ScriptValue CallNamed(string name, ScriptExpression expression, ScriptStep step, IReadOnlyList<ScriptValue> arguments,
        Dictionary<string, ScriptValue> named, ScriptWalk.Frame frame, Caller call)
    {
        switch (name)
        {
            case "annotate" or "unchecked_cast" when arguments.Count > 1:
                return arguments[1];
            case "ops.prim.unchecked_unwrap_optional" or "int" or "float" or "bool" when arguments.Count > 0:
                return arguments[0];
            case "getattr" when arguments is [var owner, LiteralValue { Value: string attribute }]:
                return ChoiceValue.Of(owner.Choices.Select(choice => Attribute(choice, attribute)));
            case "fork" or "awaitable" when arguments.Count > 0:
                return call(arguments[0], arguments.Skip(1).ToArray(), named, frame);
            case "torch.wait" or "torch.__getitem__" when arguments.Count > 0:
                return arguments.Count > 1 ? Element(arguments[0], arguments[1]) : arguments[0];
            case "torch.__not__" when arguments is [LiteralValue { Value: bool value }]:
                return new LiteralValue(!value);
            case "torch.__is__" or "torch.__isnot__" when arguments is [var left, LiteralValue { Value: null }]:
                return left is LiteralValue or TensorValue or ModuleValue
                    ? new LiteralValue(left is LiteralValue { Value: null } == (name == "torch.__is__")) : new UnknownValue();
        }
        var function = name.StartsWith(Aten, StringComparison.Ordinal) ? name[Aten.Length..]
            : name.StartsWith("ops.aten.", StringComparison.Ordinal) ? name["ops.aten.".Length..] : null;
        var operatorName = name[(name.LastIndexOf('.') + 1)..];
        if (function is not null && BatchNormSpelling.Find(function) is { } spelling)
            return CallBatchNorm(spelling, function, expression, step, arguments, named, frame);
        if ((function is not null || name.StartsWith("ops.", StringComparison.Ordinal)) && BatchNormSpelling.IsOpaque(operatorName))
            Add(operatorName, expression, step, frame, new UnknownValue(name), new UnknownValue(name), true, null, [], 0);
        return function is null && !name.StartsWith("ops.", StringComparison.Ordinal)
            ? call(new QualifiedValue(name), arguments, named, frame)
            : CallOnTensor(function ?? operatorName, name, expression, step, arguments, frame);
    }

    private ScriptValue CallBatchNorm(BatchNormSpelling spelling, string function, ScriptExpression expression, ScriptStep step,
        IReadOnlyList<ScriptValue> arguments, Dictionary<string, ScriptValue> named, ScriptWalk.Frame frame)
    {
        ScriptValue Argument(int index, string name) =>
            index < arguments.Count ? arguments[index] : named.GetValueOrDefault(name) ?? new LiteralValue(null);
        // Without statistics the mode follows at once.
        var hasNone = Argument(BatchNormSpelling.Mean, "running_mean") is LiteralValue;
        var mean = hasNone ? new LiteralValue(null) : Argument(BatchNormSpelling.Mean, "running_mean");
        var variance = hasNone ? new LiteralValue(null) : Argument(BatchNormSpelling.Variance, "running_var");
        var training = spelling.Training < 0 ? spelling.IsTraining : (Argument(spelling.Training, "training") as LiteralValue)?.Value as bool?;
        var isAffine = Argument(BatchNormSpelling.Weight, "weight") is not LiteralValue { Value: null };
        Add(function, expression, step, frame, mean, variance, isAffine, training, arguments, spelling.Momentum);
        if (spelling.Results == 1)
            return new UnknownValue();
        var results = Enumerable.Range(0, spelling.Results).Select(index => (ScriptValue)new UnknownValue(index == 0 ? "" : Saved)).ToArray();
        if (spelling.Statistics > 0)
            (results[spelling.Statistics], results[spelling.Statistics + 1]) = (mean, variance);
        return new SequenceValue(results);
    }

    private void Add(string function, ScriptExpression expression, ScriptStep step, ScriptWalk.Frame frame, ScriptValue mean, ScriptValue variance,
        bool isAffine, bool? training, IReadOnlyList<ScriptValue> arguments, int momentum)
    {
        var called = expression.Steps[step.Operands[0]];
        ScriptValue Argument(int index) => index < arguments.Count ? arguments[index] : new UnknownValue();
        _calls.Add(new ScriptCall(new ScriptSite(frame.Function, function, called.Start, step.End), frame.Module, mean, variance, isAffine, training,
            Argument(momentum), Argument(momentum + 1)));
    }

    private ScriptValue CallOnTensor(
        string function, string name, ScriptExpression expression, ScriptStep step, IReadOnlyList<ScriptValue> arguments, ScriptWalk.Frame frame)
    {
        if (arguments.Count == 0 || !arguments[0].Choices.Any(choice => choice is TensorValue))
            return new UnknownValue(arguments.OfType<UnknownValue>().Select(argument => argument.Source).FirstOrDefault(source => source.Length > 0) ?? name);
        var others = arguments.Skip(1).Select(Scalar).ToArray();
        var copy = ScriptTensors.IsCopy(function, others) ? AddCopy(expression, step, frame) : (int?)null;
        return ChoiceValue.Of(arguments[0].Choices.Select(choice => choice is not TensorValue tensor ? new UnknownValue(name)
            : copy is { } number ? tensor.Copied(number)
            : ScriptTensors.Part(function, tensor, others) ?? new UnknownValue(name)));
    }

    private int AddCopy(ScriptExpression expression, ScriptStep step, ScriptWalk.Frame frame)
    {
        var original = expression.Steps[step.Operands[1]];
        // A copy of a copy in the same expression goes back to what was copied first.
        while (original.Kind == ScriptStepKind.Call && _copies.Any(copy => copy.File == frame.Function.File && copy.Start == original.Start && copy.End == original.End))
            original = expression.Steps[original.Operands[1]];
        var text = code.TextOf(frame.Function.File)[original.Start..original.End];
        var found = new ScriptCopy(frame.Function.File, step.Start, step.End, text);
        var known = _copies.IndexOf(found);
        if (known >= 0)
            return known;
        _copies.Add(found);
        return _copies.Count - 1;
    }

    // A trace makes numbers of its code tensors.
    private ScriptValue Scalar(ScriptValue value) => value is TensorValue { Tensor: { Owner: null, Stored.IsScalar: true } tensor }
        ? new LiteralValue(objects.Number(tensor.Stored)) : value;
}
