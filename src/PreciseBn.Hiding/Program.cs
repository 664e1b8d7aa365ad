using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

// Records have a public method <Clone>$, which C# gives no way to hide. Where it has a special name, as the accessors of properties have,
// Get-Member leaves it out; to the compiler it is the same.
const string Clone = "<Clone>$";
// Of a row of the table of methods: the address of the code, four bytes, and how it is implemented, two.
const int OffsetOfAttributes = 6;

if (args is not [var source, var destination])
{
    Console.Error.WriteLine("Usage: PreciseBn.Hiding <assembly> <assembly to write>");
    return 64;
}
var bytes = File.ReadAllBytes(source);
using (var image = new PEReader(new MemoryStream(bytes, writable: false)))
{
    var metadata = image.GetMetadataReader();
    var rows = image.PEHeaders.MetadataStartOffset + metadata.GetTableMetadataOffset(TableIndex.MethodDef);
    foreach (var handle in metadata.MethodDefinitions)
    {
        var method = metadata.GetMethodDefinition(handle);
        if (!metadata.StringComparer.Equals(method.Name, Clone))
            continue;
        var row = rows + ((MetadataTokens.GetRowNumber(handle) - 1) * metadata.GetTableRowSize(TableIndex.MethodDef));
        BitConverter.TryWriteBytes(bytes.AsSpan(row + OffsetOfAttributes), (ushort)(method.Attributes | MethodAttributes.SpecialName));
    }
}
// What is there may be a link to what the compiler wrote.
File.Delete(destination);
File.WriteAllBytes(destination, bytes);
return 0;
