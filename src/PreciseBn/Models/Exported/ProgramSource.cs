namespace PreciseBn.Models.Exported;

/// <summary>An exported program as TorchScript.</summary>
/// <param name="Text">The text.</param>
/// <param name="TensorNames">What the list of tensors has: names of parameters, buffers and constants.</param>
/// <param name="Nodes">The nodes that lines of the text are made from; lines are counted from 1.</param>
internal sealed record ProgramSource(string Text, IReadOnlyList<string> TensorNames, IReadOnlyDictionary<int, ExportedNode> Nodes)
{
    /// <summary>The layers of each segment that has a function of its own, by their indices; none where only the whole has one.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Segments { get; init; } = [];

    /// <summary>Name of the function in it, which takes a list of tensors and the user's inputs.</summary>
    public const string Function = "exported_program";

    /// <summary>Name of the function of a segment, which takes two lists: the tensors, and the values that it starts from. It returns those of the next.</summary>
    public static string FunctionOf(int segment) => $"{Function}_{segment}";
}
