using PreciseBn.Primitives;

namespace PreciseBn.PowerShell;

/// <summary>
/// What to do about failures and findings, in the words of the cmdlets: which parameter or cmdlet helps. Where nothing stands here,
/// the core's own advice is the same in every shell.
/// </summary>
internal static class Remedies
{
    private static readonly Dictionary<string, string> OfFailures = new()
    {
        ["AmbiguousMap"] = "Make the patterns of -Map such that one is for each layer, with the same * and ? on both sides, in the same order.",
        ["AmbiguousPrefix"] = "Choose one with -Prefix.",
        ["CallsDiffer"] = "Measure all shards with the same -Method and -Argument.",
        ["CheckpointOfOtherRun"] = "Give the same arguments to go on, or another -Checkpoint to start anew.",
        ["ColumnNotFound"] = "Choose among these with -Column and -ExcludeColumn.",
        ["DataNameNeeded"] = "Give the data a name with -DataName, another one for other data.",
        ["DataScaledOtherwise"] = "Normalise them as in training, with -Mean and -StandardDeviation of New-BnDataLoader; or, if they are right, write to another file with -Destination, or use -Force.",
        ["DependsOnState"] = "Measure all of the data in one run, without -Shard and -Checkpoint; Update-BnStat does so.",
        ["DestinationExists"] = "Use -Force to overwrite it, or choose another name.",
        ["DestinationIsSource"] = "Choose another -Destination.",
        ["DestinationTwice"] = "Give each model a command of its own, with another -Destination.",
        ["EstimatorsDiffer"] = "Measure all shards with the same -Estimator.",
        ["ImageSizesDiffer"] = "Use -Size and -CropSize to make all images alike.",
        ["ImageTooSmall"] = "Use -Size to enlarge it first.",
        ["IncompleteBatch"] = "Each batch needs an array for each -Key.",
        ["FileTwice"] = "Give each file once; one that is to count more gets a larger -Weight.",
        ["InputKeyNeeded"] = "Say with -InputKey which of them the model takes.",
        ["InputKeyNotFound"] = "Choose among these with -InputKey.",
        ["KeyNeeded"] = "Choose with -Key of New-BnDataLoader (with -InputKey where data are given by their path), or use -AsBatches if each is a batch.",
        ["KeyNotFound"] = "Choose among these with -Key, or with -InputKey where data are given by their path; columns of a table with -Column.",
        ["InvalidNormalization"] = "Give -Mean and -StandardDeviation those of each channel, on the scale of the data divided by 255 if they are uint8.",
        ["LabelsNeeded"] = "Say with -LabelKey which part of the data has them.",
        ["LayerNotFound"] = "List the layers with Get-BnModule.",
        ["LayerReused"] = "Leave the layer out with -Name of Get-BnModule, or pool its uses with -AllowReuse.",
        ["LayersNotGiven"] = "Give those of all layers, say with -Prefix which part of the file is meant, or use -AllowPartial to leave these as they are.",
        ["LayersNotInFile"] = "Say how names differ with -Prefix or -Map, or use -AllowPartial to leave these out.",
        ["LimitsDiffer"] = "Measure all shards with the same -Iterations and -Tolerance.",
        ["ModelAsData"] = "Give the data that the model is to be run on; a model goes to Get-BnModule.",
        ["NoCodeToRun"] = "Recompute the statistics with the TorchScript model, and pass them on: Update-BnStat … | Set-BnStat.",
        ["NoData"] = "Check what -Data is given.",
        ["NotATable"] = "Leave out -Column, -ExcludeColumn and -Delimiter, and choose arrays with -Key.",
        ["NotClassScores"] = "Choose another output with -OutputKey, or measure something else with -Metric.",
        ["NotEnoughData"] = "Give more data, smaller batches or fewer -Iterations; without -Iterations all the data are used.",
        ["NotAPartial"] = "Give what Measure-BnStat returned, or a file that Measure-BnStat or Export-BnStat wrote.",
        ["NotExported"] = "Give a file that Export-BnStat wrote; read the layers of a model with Get-BnModule.",
        ["NotFinite"] = "Check that batch, its normalisation, and the weights before that layer, or leave such batches out with -SkipNonFinite.",
        ["NotTransformed"] = "Return a tensor for each input of the model from -Transform, or a dictionary of them by -Key.",
        ["NothingGiven"] = "Give objects of Get-BnModule, Update-BnStat, Measure-BnStat or Import-BnStat, or a file.",
        ["NothingToJudge"] = "Check what -Reference and -Difference are given.",
        ["OnOtherDevice"] = "Move it there with to(), or leave out -Device: it runs where it is.",
        ["OutOfMemory"] = "Give smaller batches with -BatchSize of New-BnDataLoader, or end what else uses the memory.",
        ["OutputKeyNeeded"] = "Say with -OutputKey which of them has the scores of the classes.",
        ["OutputKeyNotFound"] = "Choose with -OutputKey one that it returns.",
        ["OutputsNotComparable"] = "Choose another output with -OutputKey.",
        ["OwnerNotKept"] = "Run the command as the owner of the file, or write to another file with -Destination.",
        ["OperatorNotAllowed"] = "Do not run a model that you do not trust; if it is to do that, name the operator with -AllowOperator.",
        ["PrecisionsDiffer"] = "Measure all shards with -AllowTf32, or all without.",
        ["PriorsDiffer"] = "Leave out -PriorWeight, or measure all shards on one file.",
        ["ProgramNotFound"] = "Choose one that it has with -Program, or leave that out for a file with a single one; of several files, layers from Get-BnModule say themselves of which program they are.",
        ["ReadOnlyFile"] = "Make it writable, or write to another file with -Destination.",
        ["SingleValue"] = "Give larger batches, leave out a small last one with -DropLast of New-BnDataLoader; Update-BnStat can do with it by -Exact.",
        ["RowsApart"] = "Select all of them, and leave out -Exact.",
        ["ScriptModuleInMemory"] = "Give the path of its file to Get-BnModule instead.",
        ["SeveralPrograms"] = "Choose one of them with -Program, or give layers from Get-BnModule -Program.",
        ["ShardTwice"] = "Leave one of them out; if these are different data, tell them apart with -DataName of Measure-BnStat.",
        ["ShardsMissing"] = "Measure what is missing, or use -AllowMissing to do without.",
        ["ShardsNotCopied"] = "Copy the folder first, and leave out -Destination.",
        ["TransformFailed"] = "Correct the script of -Transform; it gets the batch as $_ and as its first argument.",
        ["UnfinishedPartial"] = "Run Measure-BnStat again with the same arguments to let it go on.",
        ["UnknownReportFormat"] = "End it with .html, .svg or .png; with -Format a name will do that says nothing.",
        ["UnreadableImage"] = "Repair or remove it, or use -SkipUnreadable.",
        ["ValuesNotKept"] = "Allow more memory with -ActivationMemory or use fewer batches with -Iterations; or make room in the folder of temporary files, or name another by the environment variable TMPDIR (TMP in Windows).",
        ["WrongChannelCount"] = "Give -Mean and -StandardDeviation one number each, or one a channel.",
        ["WrongLabelShape"] = "Give the number of the class of each item, or measure something else with -Metric.",
        ["WrongInputCount"] = "Choose the inputs with -Key of New-BnDataLoader or with -InputKey.",
        ["WrongModel"] = "Give that model, or use Set-BnStat for another file with the same layers.",
        ["WrongShape"] = "Prepare the data in that shape (New-BnDataLoader -Size, -CropSize, -BatchSize), or export the program with dynamic shapes.",
        ["WrongWeightCount"] = "Give -Weight a number for each file, in the order that -Verbose tells.",
    };

    /// <summary>The failure with advice that names what helps here.</summary>
    public static PreciseBnException InWordsOfCmdlets(this PreciseBnException failure) => OfFailures.TryGetValue(failure.ErrorId, out var advice)
        ? new PreciseBnException(failure.ErrorId, failure.Kind, failure.Problem, advice, failure.Target, failure)
        : failure;

    /// <summary>The finding with advice that names what helps here.</summary>
    public static BnFinding InWordsOfCmdlets(this BnFinding finding) => finding with
    {
        Advice = finding.Finding switch
        {
            FindingKind.Reused => "Give each place a layer of its own; until then Update-BnStat needs -AllowReuse.",
            FindingKind.NonFiniteData => "Look at these data and their normalisation; Update-BnStat names the first layer and batch.",
            FindingKind.NonFinite => "Recompute the statistics with Update-BnStat; if that fails too, look for NaN in the weights before the layer.",
            FindingKind.NegativeVariance => "Recompute the statistics with Update-BnStat.",
            FindingKind.NeverTrained => "Recompute them with Update-BnStat.",
            FindingKind.FarMean => "Recompute the statistics with Update-BnStat, which keeps them; consider normalising the inputs of the model.",
            FindingKind.Stale => "If these are data the model is for, recompute the statistics with Update-BnStat.",
            FindingKind.OrderedData => "Shuffle the data with New-BnDataLoader -Order Shuffled, or use all of them.",
            _ => finding.Advice,
        },
    };
}
