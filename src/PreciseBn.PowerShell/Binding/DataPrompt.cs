using System.Management.Automation;
using System.Management.Automation.Host;
using PreciseBn.Primitives;

namespace PreciseBn.PowerShell;

/// <summary>
/// Asks for data that were forgotten, as PowerShell asks for a mandatory parameter. It cannot do so itself where what comes through the
/// pipeline decides whether data are needed.
/// </summary>
internal static class DataPrompt
{
    private const string Name = "Data";

    /// <exception cref="PreciseBnException">There is nobody to ask, or no answer.</exception>
    public static object Ask(PSCmdlet cmdlet)
    {
        var field = new FieldDescription(Name);
        field.SetParameterType(typeof(object));
        try
        {
            var answers = cmdlet.Host.UI.Prompt(
                $"cmdlet {cmdlet.MyInvocation.MyCommand.Name} at command pipeline position {cmdlet.MyInvocation.PipelinePosition}",
                "Supply values for the following parameters:", [field]);
            return answers?.GetValueOrDefault(Name) is { } answer && $"{answer}".Length > 0 ? answer : throw DataNeeded();
        }
        catch (Exception nobodyToAsk) when (nobodyToAsk is PSInvalidOperationException or HostException or NotImplementedException)
        {
            throw DataNeeded();
        }
    }

    private static PreciseBnException DataNeeded() => new(
        "DataNeeded", ErrorKind.InvalidArgument, "There are no data to measure on.", "Give -Data: a loader of New-BnDataLoader, or a path.");
}
