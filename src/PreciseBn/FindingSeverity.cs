namespace PreciseBn;

/// <summary>How bad a finding is.</summary>
public enum FindingSeverity
{
    /// <summary>Worth knowing.</summary>
    Information,

    /// <summary>Probably not meant so.</summary>
    Warning,

    /// <summary>The model cannot work well with this.</summary>
    Error,
}
