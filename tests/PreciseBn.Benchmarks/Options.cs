namespace PreciseBn.Benchmarks;

/// <summary>What stands behind the verb, as <c>--name value</c>.</summary>
internal sealed class Options
{
    private readonly Dictionary<string, string> _values = [];

    /// <exception cref="ArgumentException">An argument is no option, or lacks its value.</exception>
    public Options(IReadOnlyList<string> arguments)
    {
        if (arguments.Count % 2 != 0)
            throw new ArgumentException($"'{arguments[^1]}' lacks a value.");
        for (var i = 0; i < arguments.Count; i += 2)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal))
                throw new ArgumentException($"'{arguments[i]}' is no option.");
            _values[arguments[i][2..]] = arguments[i + 1];
        }
    }

    /// <summary>The folder that models.py, or architectures.py, has filled.</summary>
    public string Models => Path.GetFullPath(_values.GetValueOrDefault("models")
        ?? throw new ArgumentException("--models is to name the folder that models.py, or architectures.py, has filled."));

    /// <summary>Whether a model is to be timed: all are, unless <c>--only</c> names some, with commas between them.</summary>
    public bool Times(string model) => _values.GetValueOrDefault("only") is not { } only || only.Split(',').Contains(model);

    /// <summary>The file precise_bn.py of fvcore; <c>null</c> if Python has the package.</summary>
    public string? FvCore => _values.GetValueOrDefault("fvcore") is { } path ? Path.GetFullPath(path) : null;

    /// <summary>What the process is to run for <c>speed</c>.</summary>
    public string Contestant => _values["contestant"];

    public int Threads => Number("threads", 2);

    /// <summary>Batches of one run; each table has its own number otherwise.</summary>
    public int Iterations(int otherwise) => Number("iterations", otherwise);

    /// <summary>Runs whose median counts.</summary>
    public int Repetitions => Number("repetitions", 7);

    /// <summary>Image files to read.</summary>
    public int Images => Number("images", 1000);

    private int Number(string name, int otherwise) => int.Parse(_values.GetValueOrDefault(name, $"{otherwise}"));
}
