using PreciseBn.Native;

namespace PreciseBn.PowerShell.Completion;

/// <summary>Completes the devices of this machine.</summary>
public sealed class DeviceCompleter : Completer
{
    private protected override IEnumerable<(string Name, string Tip)> Candidates(TypedCommand typed) =>
        Devices.List().Select(name => (name, name));
}
