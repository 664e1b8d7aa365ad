using System.Management.Automation;
using PreciseBn.Primitives;

namespace PreciseBn.PowerShell;

/// <summary>Where the result for each model goes: to the model itself, to a file, or into a folder.</summary>
internal sealed class UpdateDestination
{
    private readonly string? _path;

    /// <exception cref="PreciseBnException">There are several models, and only one file to write.</exception>
    public UpdateDestination(PSCmdlet cmdlet, string? destination, bool hasSeveralModels)
    {
        _path = destination is null ? null : PathResolver.ResolveOutput(cmdlet, destination);
        if (hasSeveralModels && _path is not null && !Directory.Exists(_path))
            throw NotAFolder(_path);
    }

    /// <summary>Makes sure, before any of the models is run, that none is written over another, nor over a file that is to stay.</summary>
    /// <exception cref="PreciseBnException">One would be.</exception>
    public UpdateDestination RequireFree(IEnumerable<BnModel> models, bool force)
    {
        var paths = models.Select(model => model.Path).OfType<string>();
        // Programs of one file are written where they are one after the other, but each to a copy of its own.
        var pairs = (_path is null ? paths.Distinct() : paths).Select(path => (path, For(path))).ToArray();
        BnDestination.RequireApart(pairs);
        if (!force)
            BnDestination.RequireFree(pairs);
        return this;
    }

    public string For(string model) =>
        _path is null ? model : Directory.Exists(_path) ? Path.Combine(_path, Path.GetFileName(model)) : _path;

    private static PreciseBnException NotAFolder(string path) => new(
        "DestinationNotAFolder", ErrorKind.InvalidArgument,
        $"Several models cannot all be written to '{path}'.", "Create a folder and give that as -Destination.", path);
}
