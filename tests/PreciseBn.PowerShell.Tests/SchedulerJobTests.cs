using System.Text.Json;
using System.Text.RegularExpressions;
using k8s;
using k8s.Models;
using PreciseBn.PowerShell.Tests.Support;

namespace PreciseBn.PowerShell.Tests;

/// <summary>The jobs that the help prints for schedulers which do not run here.</summary>
public sealed class SchedulerJobTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(HelpFolder.Source, "about_PreciseBn_Schedulers.md")).ReplaceLineEndings("\n");

    [Fact]
    public void That_for_Kubernetes_is_one_of_its_jobs_with_a_shard_for_each_index()
    {
        // What its API does not know is refused, as the server does with strict validation of fields.
        var job = KubernetesYaml.Deserialize<V1Job>(Printed("yaml"), strict: true);

        Assert.Equal(("batch/v1", "Job", "Indexed"), (job.ApiVersion, job.Kind, job.Spec.CompletionMode));
        Assert.Equal("Never", job.Spec.Template.Spec.RestartPolicy);
        Assert.EndsWith($"-Shard `expr $JOB_COMPLETION_INDEX + 1`/{job.Spec.Completions}", job.Spec.Template.Spec.Containers.Single().Command[^1]);
        Assert.Equal([1, 64, 65], job.Spec.PodFailurePolicy.Rules.Single(rule => rule.Action == "FailIndex").OnExitCodes.Values);
        Assert.Throws<YamlDotNet.Core.YamlException>(() => KubernetesYaml.Deserialize<V1Job>(Printed("yaml").Replace("completions:", "shards:"), strict: true));
    }

    [Fact]
    public void That_for_Azure_Batch_is_a_list_of_tasks_on_which_others_may_depend_however_they_end()
    {
        using var tasks = JsonDocument.Parse(Printed("json"));
        var task = tasks.RootElement.EnumerateArray().Single();

        Assert.Equal(["id", "commandLine", "constraints", "exitConditions"], task.EnumerateObject().Select(property => property.Name));
        Assert.Equal("satisfy", task.GetProperty("exitConditions").GetProperty("default").GetProperty("dependencyAction").GetString());
        Assert.EndsWith("-Shard 1/64", task.GetProperty("commandLine").GetString());
    }

    private static string Printed(string language) => Regex.Match(Page, $"```{language}\n(.*?)```", RegexOptions.Singleline).Groups[1].Value;
}
