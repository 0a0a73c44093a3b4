using Spectre.Console;

namespace DaxEmu.Bench.Cli;

/// <summary>Where tables go.</summary>
internal static class ConsoleWidth
{
    private const int FileColumns = 240;

    /// <summary>Standard output; as wide as a table needs where it is no terminal.</summary>
    public static IAnsiConsole Terminal()
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = FileColumns;
        }

        return console;
    }
}
