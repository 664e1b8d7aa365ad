using System.Management.Automation;

namespace PreciseBn.PowerShell;

/// <summary>A cmdlet that wants the statistics that data give, rather than what may be wrong with them: what it does with layers and batches that give none.</summary>
public abstract class MeasuringCmdlet : DataCmdlet
{
    /// <summary>Pools the uses of a layer that runs more than once in a forward pass, rather than refuse it.</summary>
    [Parameter]
    public SwitchParameter AllowReuse { get; set; }

    /// <summary>Leaves out batches with NaN or infinity and counts them, rather than end with an error.</summary>
    [Parameter]
    public SwitchParameter SkipNonFinite { get; set; }

    private protected override IEnumerable<string> ParametersOfMeasuring => [.. base.ParametersOfMeasuring, nameof(AllowReuse), nameof(SkipNonFinite)];

    private protected override T Fill<T>(T options) => base.Fill(options) with { AllowReuse = AllowReuse, SkipNonFinite = SkipNonFinite };
}
