namespace PreciseBn.Formats;

/// <summary>What torch.save has pickled in the place of a tensor, and whose numbers cannot be had as those of a tensor can.</summary>
/// <param name="Kind">What it is, as the end of a sentence.</param>
/// <param name="Remedy">What its owner does about it.</param>
internal sealed record ForeignTensor(string Kind, string Remedy)
{
    private const string Meta = "meta";

    private static readonly ForeignTensor OfMeta = new(
        "a tensor on the device 'meta', which has a shape and no numbers",
        "Save the model after its weights have been loaded.");

    private static readonly ForeignTensor Distributed = new(
        "a tensor that is distributed over several processes (DTensor)",
        "Save its whole in Python: torch.save({name: tensor.full_tensor() for name, tensor in state_dict.items()}, path).");

    private static readonly ForeignTensor Shard = new(
        "a piece of a tensor that is distributed over several processes (ShardedTensor)",
        "Save the state_dict in Python with StateDictType.FULL_STATE_DICT.");

    private static readonly ForeignTensor Array = new(
        "an array of NumPy, not a tensor",
        "Save tensors in Python: torch.save({name: torch.from_numpy(array) for name, array in arrays.items()}, path).");

    private static readonly ForeignTensor Quantized = new(
        "a quantized tensor", "Save the model before it is quantized.");

    private static readonly ForeignTensor Sparse = new(
        "a sparse tensor", "Save tensor.to_dense() of it.");

    /// <summary>A tensor with other signs than its storage.</summary>
    public static ForeignTensor Negated { get; } = new(
        "a tensor that is stored with other signs than it has, as the imaginary part of a conjugate", "Save tensor.resolve_neg() of it.");

    /// <returns>What it is; <c>null</c> for a tensor, and for what is no kind of tensor at all.</returns>
    public static ForeignTensor? TryRead(object? value) => value is not PickleInstance { Type: { } type, Arguments: { } arguments } ? null : type switch
    {
        { Module: "torch._utils", Name: "_rebuild_meta_tensor_no_storage" } => OfMeta,
        { Module: "torch._utils", Name: "_rebuild_tensor_v2" } when IsOnMeta(arguments) => OfMeta,
        { Module: "torch._utils", Name: "_rebuild_tensor_v2" } when TensorPickle.IsNegated(arguments) => Negated,
        { Module: "torch._utils", Name: "_rebuild_qtensor" } => Quantized,
        { Module: "torch._utils", Name: "_rebuild_sparse_tensor" or "_rebuild_sparse_csr_tensor" } => Sparse,
        { Module: "torch._utils", Name: "_rebuild_parameter" or "_rebuild_parameter_with_state" } => arguments is [PickleInstance inner, ..] ? TryRead(inner) : null,
        { Module: "torch._tensor", Name: "_rebuild_from_type_v2" } => arguments is [PickleGlobal function, PickleGlobal ofType, object?[] inner, ..]
            ? IsDistributed(ofType) ? Distributed : TryRead(new PickleInstance(function, inner)) : null,
        _ when IsNumpy(type) => Array,
        _ when type.Module.StartsWith("torch.distributed.", StringComparison.Ordinal) => type.Name.Contains("Shard", StringComparison.Ordinal) ? Shard : Distributed,
        _ => null,
    };

    /// <returns>What it is, for what is no tensor here and yet has a storage, such as complex numbers; <c>null</c> for all else.</returns>
    public static ForeignTensor? OfOtherNumbers(object? value) => value switch
    {
        PicklePersistentId { Id: object?[] and ["storage", PickleGlobal type, ..] } => OfKind(type),
        PickleInstance { Arguments: [PicklePersistentId storage, ..] arguments } =>
            arguments.OfType<PickleGlobal>().FirstOrDefault() is { } type ? OfKind(type) : OfOtherNumbers(storage),
        PickleInstance { Type.Module: "torch._utils" or "torch._tensor", Arguments: { } arguments } =>
            arguments.Select(argument => OfOtherNumbers(argument is object?[] inner ? inner.FirstOrDefault() : argument)).FirstOrDefault(inner => inner is not null),
        _ => null,
    };

    private static ForeignTensor OfKind(PickleGlobal type) => new($"a tensor of the kind {type}", "Save it as float32.");

    private static bool IsOnMeta(IReadOnlyList<object?> arguments) => arguments is [PicklePersistentId { Id: object?[] { Length: >= 4 } storage }, ..] && storage[3] is Meta;

    private static bool IsDistributed(PickleGlobal type) => type.Name == "DTensor" || type.Module.StartsWith("torch.distributed", StringComparison.Ordinal);

    // numpy._core is numpy.core since NumPy 2; arrays in protocol 5 come from a buffer.
    private static bool IsNumpy(PickleGlobal type) =>
        type.Module is "numpy.core.multiarray" or "numpy._core.multiarray" or "numpy.core.numeric" or "numpy._core.numeric"
        && type.Name is "_reconstruct" or "_frombuffer";
}
