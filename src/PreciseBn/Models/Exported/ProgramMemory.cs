namespace PreciseBn.Models.Exported;

/// <summary>Which values of an exported program may lie in the same memory, and which operations write into it.</summary>
internal sealed class ProgramMemory
{
    // By its name it writes, and changes no value.
    private const string Detaching = "detach_";

    // Whose results lie in memory of their own. Of all others that is not known.
    private static readonly HashSet<string> Allocating =
    [
        "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "convolution", "_convolution", "linear", "addmm", "mm",
        "bmm", "baddbmm", "batch_norm", "native_batch_norm", "_native_batch_norm_legit", "_native_batch_norm_legit_no_training",
        "_native_batch_norm_legit_functional", "_batch_norm_with_update", "_batch_norm_with_update_functional", "_batch_norm_no_update", "instance_norm", "group_norm", "native_group_norm", "layer_norm", "native_layer_norm",
        "max_pool1d", "max_pool2d", "max_pool3d", "max_pool2d_with_indices", "max_pool3d_with_indices", "avg_pool2d", "avg_pool3d",
        "adaptive_avg_pool2d", "adaptive_avg_pool3d", "_adaptive_avg_pool2d", "_adaptive_avg_pool3d", "adaptive_max_pool2d", "mean", "sum", "amax", "cat",
        "stack", "upsample_nearest2d", "upsample_bilinear2d", "upsample_nearest3d", "upsample_trilinear3d", "clone", "add", "sub", "mul", "div", "neg", "abs",
        "pow", "exp", "sqrt", "rsqrt", "reciprocal", "maximum", "minimum", "clamp", "clamp_min", "clamp_max", "relu", "relu6", "leaky_relu", "prelu", "elu",
        "selu", "celu", "gelu", "silu", "mish", "softplus", "sigmoid", "tanh", "hardtanh", "hardsigmoid", "hardswish", "softmax", "_softmax", "log_softmax",
        "lift_fresh_copy", "zeros_like", "ones_like", "empty_like", "full_like", "zeros", "ones", "empty", "full", "sym_size", "sym_numel",
    ];

    // They write, and their names do not tell it as others do.
    private static readonly HashSet<string> Writing =
    [
        "rrelu_with_noise", "rrelu_with_noise_", "fused_moving_avg_obs_fake_quant", "_fused_moving_avg_obs_fq_helper", "_cummax_helper", "_cummin_helper",
    ];

    // What they compute depends on where values lie in memory, or they change that.
    private static readonly HashSet<string> ReadersOfPlaces =
        ["as_strided", "as_strided_", "as_strided_copy", "as_strided_scatter", "storage_offset", "sym_storage_offset", "set_", "resize_", "resize_as_"];

    private readonly Dictionary<string, string> _parents = [];
    private readonly List<(int Place, string Value)> _writes = [];

    /// <param name="program">The program.</param>
    private ProgramMemory(ExportedProgram program)
    {
        var numbers = program.Nodes.SelectMany(node => node.Outputs).Where(output => output.IsNumber).SelectMany(output => output.Names()).ToHashSet();
        foreach (var (place, node) in program.Nodes.Index())
        {
            var written = WrittenBy(node);
            _writes.AddRange((written ?? []).Select(value => (place, value)));
            Join(node, written ?? [], numbers);
        }
    }

    /// <summary>Names in the archive of the tensors that the operations of a program may write into, as far as their names tell it.</summary>
    public static IReadOnlySet<string> WrittenTensors(ExportedProgram program)
    {
        var memory = new ProgramMemory(program);
        var roots = memory._writes.Select(write => memory.RootOf(write.Value)).ToHashSet();
        return program.Tensors.Where(tensor => roots.Contains(memory.RootOf(tensor.Variable))).Select(tensor => tensor.Name).ToHashSet();
    }

    /// <summary>
    /// Whether each segment leaves as they are the values that it starts from. So it is where all that touches memory up to the last
    /// write into it is in one segment.
    /// </summary>
    public static bool IsKeptBy(ProgramSegments segments, ExportedProgram program)
    {
        if (program.Nodes.Any(node => WrittenBy(node) is null))
            return false;
        var memory = new ProgramMemory(program);
        var lastWrites = memory._writes.GroupBy(write => memory.RootOf(write.Value)).ToDictionary(write => write.Key, write => write.Max(item => item.Place));
        // Weights and buffers stay for the next batch, so that what reads them later counts as well.
        foreach (var root in program.Tensors.Select(tensor => memory.RootOf(tensor.Variable)).Where(lastWrites.ContainsKey))
            lastWrites[root] = program.Nodes.Count;

        var segmentOf = new Dictionary<string, int>();
        return program.Inputs.All(input => IsTouchedIn(0, input.Name, -1)) && program.Nodes.Index().All(item =>
            segments.Reads(item.Index).All(read => IsTouchedIn(read.Segment, read.Value, item.Index))
            && item.Item.Outputs.SelectMany(output => output.Names()).All(name => IsTouchedIn(segments.SegmentOf(item.Index), name, item.Index)));

        bool IsTouchedIn(int segment, string value, int place)
        {
            var root = memory.RootOf(value);
            return place > lastWrites.GetValueOrDefault(root, int.MinValue) || segmentOf.TryAdd(root, segment) || segmentOf[root] == segment;
        }
    }

    /// <returns>The values that an operation may write into, or <c>null</c> if that is not known.</returns>
    private static IReadOnlyList<string>? WrittenBy(ExportedNode node)
    {
        var name = NameOf(node);
        if (Writing.Contains(name) || ReadersOfPlaces.Contains(name) || node.Input("out") is not null)
            return null;
        if (name == Detaching)
            return [];
        if (name.EndsWith('_'))
            return node.Inputs.Count > 0 && node.Inputs[0].Value.TensorName is { } self ? [self] : null;
        return BatchNormCall.TryRead(node) is { Training: false } ? []
            : new[] { node.Input("running_mean"), node.Input("running_var") }.Select(statistics => statistics?.TensorName).OfType<string>().ToArray();
    }

    private static string NameOf(ExportedNode node) => node.Target.StartsWith(ProgramWriter.Aten, StringComparison.Ordinal)
        ? node.Target[ProgramWriter.Aten.Length..].Split('.')[0] : node.Target;

    private void Join(ExportedNode node, IReadOnlyList<string> written, HashSet<string> numbers)
    {
        var name = NameOf(node);
        if (Allocating.Contains(name))
            return;
        var inputs = name.EndsWith('_') && name != Detaching ? written : node.Inputs.SelectMany(input => input.Value.Names());
        var values = inputs.Concat(node.Outputs.SelectMany(output => output.Names())).Where(value => !numbers.Contains(value)).ToArray();
        foreach (var value in values)
            _parents[RootOf(value)] = RootOf(values[0]);
    }

    private string RootOf(string value)
    {
        while (_parents.TryGetValue(value, out var parent) && parent != value)
            value = parent;
        return value;
    }
}
