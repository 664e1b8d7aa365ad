namespace PreciseBn.Models.Exported;

/// <summary>
/// An exported program in segments: each has the operations that depend on the statistics of layers of earlier segments, and of no others. The
/// program has no branches, so that what depends on what can be read. What an operation writes into stays within a segment.
/// </summary>
internal sealed class ProgramSegments
{
    private readonly ExportedProgram _program;
    private readonly Dictionary<ExportedNode, int> _layerOf = new(ReferenceEqualityComparer.Instance);
    private readonly string[][] _arguments;
    private readonly int[] _ofLayer;
    private readonly int[] _ofNode;
    private readonly Dictionary<string, int> _ofValue = [];
    private readonly Dictionary<string, string> _typeOf = [];
    private readonly Dictionary<string, int> _lastUse = [];

    private ProgramSegments(ExportedProgram program, IReadOnlyList<ExportedLayer> layers)
    {
        _program = program;
        foreach (var (index, layer) in layers.Index())
            foreach (var call in layer.Calls)
                _layerOf[call.Node] = index;
        _arguments = program.Nodes.Select(ArgumentsOf).ToArray();
        _ofNode = new int[program.Nodes.Count];
        _ofLayer = new int[layers.Count];
    }

    /// <summary>Indices of the layers that each segment ends with. Those that the program never runs are with the first.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Layers { get; private set; } = [];

    /// <summary>What each segment does, operation by operation.</summary>
    public IReadOnlyList<IReadOnlyList<SegmentStep>> Steps { get; private set; } = [];

    /// <returns>The segments, or <c>null</c> where the program is to run as a whole.</returns>
    public static ProgramSegments? TryDivide(ExportedProgram program, IReadOnlyList<ExportedLayer> layers)
    {
        var segments = new ProgramSegments(program, layers);
        if (segments._layerOf.Count == 0 || segments.HasOtherReaders(layers) || segments.RemembersBatches() || !segments.TryOrder() || !ProgramMemory.IsKeptBy(segments, program))
            return null;
        segments.Divide();
        return Enumerable.Range(1, segments.Layers.Count - 1).SelectMany(segments.ValuesBefore).All(segments._typeOf.ContainsKey) ? segments : null;
    }

    /// <summary>Names of the values that a segment starts from: the inputs of the program, or what has been computed and is used in it or later.</summary>
    public IReadOnlyList<string> ValuesBefore(int segment) => segment == 0
        ? _program.Inputs.Select(input => input.Name).ToArray()
        : _ofValue.Where(value => value.Value < segment && _lastUse.GetValueOrDefault(value.Key) >= segment).Select(value => value.Key).ToArray();

    /// <summary>Type of a value, in TorchScript.</summary>
    public string TypeOf(string value) => _typeOf[value];

    /// <summary>What an operation reads, and in which segments.</summary>
    public IEnumerable<(string Value, int Segment)> Reads(int node) => _layerOf.TryGetValue(_program.Nodes[node], out var layer)
        ? _arguments[node].SelectMany(value => new[] { (value, _ofLayer[layer]), (value, _ofLayer[layer] + 1) })
        : _arguments[node].Select(value => (value, _ofNode[node]));

    /// <summary>The segment in which an operation gives its results.</summary>
    public int SegmentOf(int node) => _ofNode[node];

    // A layer that is observed has its statistics from elsewhere.
    private string[] ArgumentsOf(ExportedNode node) => node.Inputs
        .Where(input => !_layerOf.ContainsKey(node) || input.Key is "input" or "weight" or "bias").SelectMany(input => input.Value.Names()).ToArray();

    // Whoever computes with the statistics of a layer is behind it, or even before it.
    private bool HasOtherReaders(IReadOnlyList<ExportedLayer> layers)
    {
        var names = layers.SelectMany(layer => layer.Mean.Buffer.Keys.Concat(layer.Variance.Buffer.Keys)).ToHashSet();
        var statistics = _program.Tensors.Where(tensor => names.Contains(tensor.Name)).Select(tensor => tensor.Variable).ToHashSet();
        return _arguments.Any(values => values.Any(statistics.Contains));
    }

    // The next batch finds what this one has left in a buffer. One that only counts batches changes nothing.
    private bool RemembersBatches() => _program.Changes.Any(change => _program.Nodes.Index().Any(item =>
        _arguments[item.Index].Contains(change.Result)
        || (_arguments[item.Index].Contains(change.Variable) && !item.Item.Outputs.SelectMany(output => output.Names()).Contains(change.Result))));

    // A layer that is called several times is in the segment of its last call, which may move what is behind an earlier one.
    private bool TryOrder()
    {
        bool hasMoved;
        do
        {
            hasMoved = false;
            _ofValue.Clear();
            foreach (var input in _program.Inputs)
                Define(input.Name, 0, "Tensor");
            foreach (var (index, node) in _program.Nodes.Index())
            {
                _ofNode[index] = _arguments[index].Select(name => _ofValue.GetValueOrDefault(name)).DefaultIfEmpty().Max();
                if (_layerOf.TryGetValue(node, out var layer))
                {
                    hasMoved |= _ofNode[index] > _ofLayer[layer];
                    _ofLayer[layer] = Math.Max(_ofLayer[layer], _ofNode[index]);
                    _ofNode[index] = _ofLayer[layer] + 1;
                    // It feeds itself.
                    if (_ofLayer[layer] >= _ofLayer.Length)
                        return false;
                }
                foreach (var output in node.Outputs)
                    foreach (var name in output.Names())
                        Define(name, _ofNode[index], TypeOf(output));
            }
        }
        while (hasMoved);
        return true;
    }

    private void Divide()
    {
        Layers = Enumerable.Range(0, _ofLayer.Length).GroupBy(layer => _ofLayer[layer]).OrderBy(segment => segment.Key)
            .Select(segment => (IReadOnlyList<int>)segment.ToArray()).ToArray();
        var steps = Layers.Select(_ => new List<SegmentStep>()).ToArray();
        foreach (var (index, node) in _program.Nodes.Index().Where(item => !ProgramWriter.IsAssertion(item.Item)))
        {
            if (_layerOf.TryGetValue(node, out var layer))
                steps[_ofLayer[layer]].Add(new SegmentStep(node, SegmentAction.Observe));
            if (_ofNode[index] < steps.Length)
                steps[_ofNode[index]].Add(new SegmentStep(node, _layerOf.ContainsKey(node) ? SegmentAction.Normalise : SegmentAction.Run));
            foreach (var (value, segment) in Reads(index).Where(read => read.Segment < steps.Length))
                _lastUse[value] = Math.Max(_lastUse.GetValueOrDefault(value), segment);
        }
        Steps = steps;
    }

    private void Define(string name, int segment, string? type)
    {
        _ofValue[name] = segment;
        if (type is not null)
            _typeOf[name] = type;
    }

    private static string? TypeOf(ExportedArgument output) => output.Kind switch
    {
        "as_tensor" or "as_tensors" => "Tensor",
        "as_sym_int" or "as_sym_float" or "as_sym_bool" => output.Kind["as_sym_".Length..],
        _ => null,
    };
}

/// <summary>What a segment does with an operation.</summary>
internal enum SegmentAction
{
    /// <summary>It runs it.</summary>
    Run,

    /// <summary>It observes what the layer is given, and makes nothing of it yet.</summary>
    Observe,

    /// <summary>It normalises by the statistics of the layer, which are final.</summary>
    Normalise,
}

/// <summary>An operation of a segment.</summary>
internal readonly record struct SegmentStep(ExportedNode Node, SegmentAction Action);
