using Spectre.Console;

namespace DaxEmu.Bench.Cli;

/// <summary>Where tables go.</summary>
internal static class ConsoleWidth
{
    private const int FileColumns = 240;

    /// <summary>Columns of the terminal.</summary>
    public static int Columns => AnsiConsole.Profile.Width;

    /// <summary>Standard output; as wide as a table needs where it is no terminal, or goes to a file.</summary>
    public static IAnsiConsole Terminal()
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(Console.Out),
            Ansi = StandardStreams.IsOutputInFile ? AnsiSupport.No : AnsiSupport.Detect,
        });
        if (Console.IsOutputRedirected || StandardStreams.IsOutputInFile)
        {
            console.Profile.Width = FileColumns;
        }

        return console;
    }
}
