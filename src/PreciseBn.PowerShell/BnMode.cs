namespace PreciseBn.PowerShell;

/// <summary>Which layers to list, by the mode they were saved in.</summary>
public enum BnMode
{
    /// <summary>All.</summary>
    Any,

    /// <summary>Those in training mode, which is what fvcore's precise_bn selects.</summary>
    Training,

    /// <summary>Those in evaluation mode.</summary>
    Evaluation,
}
