using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Reflection;
using System.Runtime.CompilerServices;
using PreciseBn.Batches;
using PreciseBn.Primitives;

namespace PreciseBn.PowerShell;

/// <summary>
/// Makes what it was of an object that came from a job, a remote session or a file of Export-Clixml: there it is a bag of
/// properties, in which arrays have become lists, and enumerations numbers.
/// </summary>
internal static class ReceivedObjects
{
    private static readonly Type[] Types =
        [typeof(BnModule), typeof(BnStat), typeof(PartialBnStat), typeof(BnComparison), typeof(BnVerdict), typeof(BnFinding), typeof(BnAccuracy), typeof(BnAgreement), typeof(ConvergencePoint), typeof(InputScale)];

    /// <summary>What PowerShell has wrapped, or what it was before it was sent.</summary>
    /// <exception cref="PreciseBnException">It was sent, and something of it has not arrived.</exception>
    public static object Restore(object item)
    {
        var bag = PSObject.AsPSObject(item);
        return Types.FirstOrDefault(type => bag.TypeNames.FirstOrDefault() == $"Deserialized.{type.FullName}") is { } type
            ? Restore(bag, type)
            : bag.BaseObject;
    }

    private static object Restore(PSObject bag, Type type)
    {
        var restored = RuntimeHelpers.GetUninitializedObject(type);
        var nullability = new NullabilityInfoContext();
        foreach (var property in WritableProperties(type))
        {
            var sent = bag.Properties[property.Name]?.Value;
            if (sent is null && nullability.Create(property).WriteState != NullabilityState.Nullable)
                throw Incomplete(type, property.Name);
            try
            {
                property.SetValue(restored, Convert(sent, property.PropertyType));
            }
            catch (Exception e) when (e is InvalidCastException or PSInvalidCastException or ArgumentException)
            {
                throw Incomplete(type, property.Name, e);
            }
        }
        return restored;
    }

    private static IEnumerable<PropertyInfo> WritableProperties(Type type) =>
        type.GetProperties().Select(property => property.DeclaringType!.GetProperty(property.Name)!).Where(property => property.CanWrite);

    private static object? Convert(object? value, Type type) => value switch
    {
        null => null,
        _ when ElementOf(type) is { } element => ToArray((IEnumerable)PSObject.AsPSObject(value).BaseObject, element),
        _ when Types.Contains(type) || type == typeof(ILayerStatistics) => Restore(value),
        _ => LanguagePrimitives.ConvertTo(value, type, CultureInfo.InvariantCulture),
    };

    private static Type? ElementOf(Type type) =>
        type.IsArray ? type.GetElementType() : type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? type.GenericTypeArguments[0] : null;

    private static Array ToArray(IEnumerable values, Type element)
    {
        var items = values.Cast<object>().Select(item => Convert(item, element)).ToArray();
        var array = Array.CreateInstance(element, items.Length);
        items.CopyTo(array, 0);
        return array;
    }

    private static PreciseBnException Incomplete(Type type, string property, Exception? cause = null) => new(
        "IncompleteObject", ErrorKind.InvalidData, $"Of an object of type {type.Name} that was received, {property} is not what it was.",
        "Have both sides use one version of PreciseBn, and Export-Clixml its own depth.", type.Name, cause);
}
