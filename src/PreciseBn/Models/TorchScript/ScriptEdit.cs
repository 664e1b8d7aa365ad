using System.Text;

namespace PreciseBn.Models.TorchScript;

/// <summary>A change of the source of an archive.</summary>
/// <param name="File">The entry of the archive.</param>
/// <param name="Start">Where.</param>
/// <param name="Order">Which comes first of those at one place.</param>
/// <param name="Length">How much of the source it takes the place of.</param>
/// <param name="Text">What is written there.</param>
internal sealed record ScriptEdit(string File, int Start, int Order, int Length, string Text)
{
    public static string Apply(string text, IEnumerable<ScriptEdit> edits)
    {
        var result = new StringBuilder();
        var done = 0;
        foreach (var edit in edits.OrderBy(edit => edit.Start).ThenBy(edit => edit.Order))
        {
            result.Append(text, done, edit.Start - done).Append(edit.Text);
            done = edit.Start + edit.Length;
        }
        return result.Append(text, done, text.Length - done).ToString();
    }
}
