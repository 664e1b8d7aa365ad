using System.Management.Automation.Host;

namespace PreciseBn.Host;

/// <summary>Tells the engine how wide its output may be; all else of a console is not offered.</summary>
internal sealed class ConsoleRawUserInterface : PSHostRawUserInterface
{
    private const int WidthOfNoTerminal = 120;

    public override Size BufferSize
    {
        get => new(Width, int.MaxValue);
        set => throw NotOffered();
    }

    public override Size WindowSize
    {
        get => new(Width, 50);
        set => throw NotOffered();
    }

    public override Size MaxWindowSize => WindowSize;

    public override Size MaxPhysicalWindowSize => WindowSize;

    public override ConsoleColor ForegroundColor { get; set; } = ConsoleColor.Gray;

    public override ConsoleColor BackgroundColor { get; set; } = ConsoleColor.Black;

    public override int CursorSize { get; set; } = 25;

    public override Coordinates CursorPosition { get; set; }

    public override Coordinates WindowPosition { get; set; }

    public override string WindowTitle { get; set; } = "PreciseBn";

    public override bool KeyAvailable => false;

    public override KeyInfo ReadKey(ReadKeyOptions options) => throw NotOffered();

    public override void FlushInputBuffer()
    {
    }

    public override BufferCell[,] GetBufferContents(Rectangle rectangle) => throw NotOffered();

    public override void ScrollBufferContents(Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill) =>
        throw NotOffered();

    public override void SetBufferContents(Rectangle rectangle, BufferCell fill) => throw NotOffered();

    public override void SetBufferContents(Coordinates origin, BufferCell[,] contents) => throw NotOffered();

    private static int Width => Console.IsOutputRedirected ? WidthOfNoTerminal : Math.Max(40, Console.WindowWidth);

    private static NotSupportedException NotOffered() => new("This host has no screen buffer.");
}
