namespace PreciseBn.Models.TorchScript;

internal enum ScriptStepKind
{
    Name,
    Literal,
    Attribute,
    Call,
    Index,
    List,
    Tuple,
    Other,
}

/// <summary>A step in the computation of an expression.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Text">The name or literal.</param>
/// <param name="Operands">Numbers of the steps whose results it takes; of a call, what is called first.</param>
/// <param name="Names">Names of the operands that have one.</param>
/// <param name="Start">Where it begins in the text.</param>
/// <param name="End">Where it ends in the text.</param>
internal sealed record ScriptStep(ScriptStepKind Kind, string Text, IReadOnlyList<int> Operands, IReadOnlyList<string?> Names, int Start, int End);

/// <summary>An expression of TorchScript source, as steps one after the other: some are nested deeper than any stack.</summary>
internal sealed class ScriptExpression
{
    private readonly List<ScriptStep> _steps = [];
    private readonly Stack<Bracket> _open = new();

    private ScriptExpression(IReadOnlyList<ScriptToken> tokens)
    {
        _open.Push(new Bracket(ScriptStepKind.Tuple, -1, tokens.Count == 0 ? 0 : tokens[0].Start));
        var isAfterOperand = false;
        for (var i = 0; i < tokens.Count; i++)
        {
            var token = tokens[i];
            var isNamed = token.Kind == ScriptTokenKind.Name && !isAfterOperand && i + 1 < tokens.Count && tokens[i + 1].Is("=");
            if (isNamed)
            {
                _open.Peek().Name = token.Text;
                i++;
            }
            else if (token.Is(".") && isAfterOperand && i + 1 < tokens.Count)
            {
                var owner = Pop();
                Push(new(ScriptStepKind.Attribute, tokens[++i].Text, [owner], [null], _steps[owner].Start, tokens[i].End));
            }
            else if (token.Kind != ScriptTokenKind.Sign)
            {
                isAfterOperand = ReadWord(token);
            }
            else
            {
                isAfterOperand = ReadSign(token, isAfterOperand);
            }
        }
        while (_open.Count > 1)
            Close(tokens[^1].End);
        Close(tokens.Count == 0 ? 0 : tokens[^1].End);
    }

    /// <summary>The steps; the last has the value of the expression. There is always one.</summary>
    public IReadOnlyList<ScriptStep> Steps => _steps;

    public static ScriptExpression Parse(IEnumerable<ScriptToken> tokens) => new(tokens.ToArray());

    private bool ReadWord(ScriptToken token)
    {
        if (token.Kind == ScriptTokenKind.Name && token.Text is "not" or "and" or "or" or "in" or "is" or "if" or "else")
            return false;
        var isLiteral = token.Kind != ScriptTokenKind.Name || token.Text is "True" or "False" or "None";
        var isNegative = _open.Peek().IsNegative && token.Kind == ScriptTokenKind.Number;
        Push(new(isLiteral ? ScriptStepKind.Literal : ScriptStepKind.Name, (isNegative ? "-" : "") + token.Text, [], [], token.Start, token.End));
        _open.Peek().IsNegative = false;
        return true;
    }

    private bool ReadSign(ScriptToken token, bool isAfterOperand)
    {
        switch (token.Text)
        {
            case "(":
                Open(isAfterOperand ? ScriptStepKind.Call : ScriptStepKind.Tuple, token);
                return false;
            case "[":
                Open(isAfterOperand ? ScriptStepKind.Index : ScriptStepKind.List, token);
                return false;
            case "{":
                Open(ScriptStepKind.Other, token);
                return false;
            case ")" or "]" or "}":
                if (_open.Count > 1)
                    Close(token.End);
                return true;
            case ",":
                _open.Peek().EndItem(_steps);
                _open.Peek().HasComma = true;
                return false;
            default:
                _open.Peek().IsNegative = token.Text == "-" && _open.Peek().Operands.Count == 0;
                _open.Peek().HasSign |= !_open.Peek().IsNegative;
                return false;
        }
    }

    private void Open(ScriptStepKind kind, ScriptToken token)
    {
        var target = kind is ScriptStepKind.Call or ScriptStepKind.Index ? Pop() : -1;
        _open.Push(new Bracket(kind, target, target < 0 ? token.Start : _steps[target].Start));
    }

    private void Close(int end)
    {
        var bracket = _open.Pop();
        bracket.EndItem(_steps);
        // Brackets around a single value are none.
        if (bracket.Kind == ScriptStepKind.Tuple && bracket.Items.Count == 1 && !bracket.HasComma)
        {
            if (_open.Count > 0)
                _open.Peek().Operands.Add(bracket.Items[0]);
            else if (bracket.Items[0] != _steps.Count - 1)
                _steps.Add(new(ScriptStepKind.Tuple, "", bracket.Items, [null], bracket.Start, end));
            return;
        }
        IEnumerable<int> target = bracket.Target >= 0 ? [bracket.Target] : [];
        IEnumerable<string?> nameOfTarget = bracket.Target >= 0 ? [null] : [];
        var step = new ScriptStep(bracket.Kind, "", [.. target, .. bracket.Items], [.. nameOfTarget, .. bracket.Names], bracket.Start, end);
        if (_open.Count > 0)
            Push(step);
        else
            _steps.Add(step);
    }

    private int Pop()
    {
        var operands = _open.Peek().Operands;
        var last = operands[^1];
        operands.RemoveAt(operands.Count - 1);
        return last;
    }

    private void Push(ScriptStep step)
    {
        _steps.Add(step);
        _open.Peek().Operands.Add(_steps.Count - 1);
    }

    private sealed class Bracket(ScriptStepKind kind, int target, int start)
    {
        public ScriptStepKind Kind => kind;

        public int Target => target;

        public int Start => start;

        public List<int> Items { get; } = [];

        public List<string?> Names { get; } = [];

        /// <summary>What stands so far between two commas.</summary>
        public List<int> Operands { get; } = [];

        public string? Name { get; set; }

        public bool HasComma { get; set; }

        public bool HasSign { get; set; }

        public bool IsNegative { get; set; }

        public void EndItem(List<ScriptStep> steps)
        {
            if (Operands.Count > 1 || (HasSign && Operands.Count == 1))
            {
                steps.Add(new(ScriptStepKind.Other, "", Operands.ToArray(), Operands.Select(_ => (string?)null).ToArray(),
                    steps[Operands[0]].Start, steps[Operands[^1]].End));
                Operands.Clear();
                Operands.Add(steps.Count - 1);
            }
            if (Operands.Count == 1)
            {
                Items.Add(Operands[0]);
                Names.Add(Name);
            }
            Operands.Clear();
            Name = null;
            HasSign = false;
        }
    }
}
