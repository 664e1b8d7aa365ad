using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PreciseBn.Models.Live;

/// <summary>
/// Parameters that ask for no gradients for a while, so that the code of a model and its hooks run in the mode that the caller is in, and build
/// no graph in it.
/// </summary>
internal sealed class PausedGradients : IDisposable
{
    private readonly Parameter[] _paused;

    /// <param name="modules">The modules that have the parameters.</param>
    public PausedGradients(IEnumerable<nn.Module> modules)
    {
        // One that was computed of others does so as long as they do.
        _paused = modules.SelectMany(module => module.parameters(recurse: false)).Where(parameter => parameter.requires_grad && parameter.is_leaf).ToArray();
        foreach (var parameter in _paused)
            parameter.requires_grad = false;
    }

    public void Dispose()
    {
        foreach (var parameter in _paused.Where(parameter => !parameter.IsInvalid))
            parameter.requires_grad = true;
    }
}
