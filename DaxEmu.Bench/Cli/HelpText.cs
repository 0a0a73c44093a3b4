using System.CommandLine;
using System.CommandLine.Invocation;
using Spectre.Console;

namespace DaxEmu.Bench.Cli;

/// <summary>The help of a command: what it does, its examples, and its options with defaults that can be typed.</summary>
internal sealed class HelpText : SynchronousCommandLineAction
{
    /// <summary>As wide as help is where there is no terminal.</summary>
    public const int DefaultColumns = 80;

    private const int MostColumns = 110;
    private const string Indent = "  ";
    private const string ExitCodes = "Exit codes: 0 success, 1 a bug was found, 2 wrong usage, 3 cannot, 124 stopped.";

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        Console.Write(Of(parseResult.CommandResult.Command, CurrentColumns));
        return (int)ExitCode.Success;
    }

    /// <summary>The help of a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="columns">Columns of the terminal.</param>
    public static string Of(Command command, int columns)
    {
        using var text = new StringWriter { NewLine = "\n" };
        IAnsiConsole console = ConsoleOver(text, columns);
        foreach (string line in (command.Description ?? string.Empty).Split('\n'))
        {
            if (line.StartsWith(Indent, StringComparison.Ordinal))
            {
                text.WriteLine(line); // an example: in one piece, to be copied
            }
            else
            {
                console.WriteLine(line);
            }
        }

        console.WriteLine();
        console.WriteLine($"Usage: {Usage(command)}");
        Section(console, command.Subcommands.Any() ? "Verbs:" : string.Empty, command.Subcommands.Where(c => !c.Hidden).Select(c => (c.Name, Cut(Summary(c), columns - LeftWidth(command)))));
        Section(console, "Arguments:", command.Arguments.Where(a => !a.Hidden).Select(a => (a.Name, a.Description ?? string.Empty)));
        Section(console, "Options:", command.Options.Where(o => !o.Hidden && command is not RootCommand).Select(o => (Label(o), DescriptionOf(o))));
        if (command is RootCommand)
        {
            console.WriteLine();
            console.WriteLine("'daxemu VERB --help' has the options and examples of a verb.");
            console.WriteLine(ExitCodes);
        }

        return Trimmed(text);
    }

    /// <summary>Names under a heading, each with what it stands for, as wide as the terminal.</summary>
    public static string List(string heading, IEnumerable<(string Name, string Description)> names)
    {
        using var text = new StringWriter { NewLine = "\n" };
        Section(ConsoleOver(text, CurrentColumns), heading, names);
        return Trimmed(text).TrimStart('\n');
    }

    /// <summary>The first sentence of what a command does.</summary>
    public static string Summary(Command command)
    {
        string first = (command.Description ?? string.Empty).Split('\n')[0];
        int end = first.IndexOfAny([':', ';']);
        return (end > 0 ? first[..end] : first).TrimEnd('.');
    }

    /// <summary>What an option does, and its default as it can be typed.</summary>
    public static string DescriptionOf(Option option) =>
        option is IDescribedOption { DefaultText: { } value } ? $"{option.Description} [default: {value}]" : option.Description ?? string.Empty;

    private static int CurrentColumns => Console.IsOutputRedirected || StandardStreams.IsOutputInFile ? DefaultColumns : Math.Min(ConsoleWidth.Columns, MostColumns);

    private static IAnsiConsole ConsoleOver(TextWriter text, int columns)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = columns;
        return console;
    }

    private static string Trimmed(StringWriter text) => string.Join('\n', text.ToString().Split('\n').Select(line => line.TrimEnd()));

    private static int LeftWidth(Command command) => command.Subcommands.Max(c => c.Name.Length) + (2 * Indent.Length);

    private static string Cut(string text, int columns) => text.Length <= columns ? text : text[..text.LastIndexOf(' ', columns - 3)] + "...";

    private static string Usage(Command command)
    {
        string path = command.Name;
        for (Symbol? parent = command.Parents.FirstOrDefault(); parent is not null; parent = parent.Parents.FirstOrDefault())
        {
            path = $"{(parent is RootCommand ? "daxemu" : parent.Name)} {path}";
        }

        string arguments = string.Concat(command.Arguments.Where(a => !a.Hidden).Select(a => a.Arity.MinimumNumberOfValues == 0 ? $" [{a.Name}]" : $" {a.Name}"));
        return command is RootCommand ? "daxemu VERB [options]" : command.Subcommands.Any() ? $"{path} VERB [options]" : $"{path}{arguments} [options]";
    }

    private static string Label(Option option)
    {
        string names = string.Join(", ", option.Aliases.Where(IsShown).Append(option.Name));
        return option.ValueType == typeof(bool) || option.HelpName is null ? names : $"{names} {option.HelpName}";
    }

    /// <summary>Whether help lists another name of an option: those of one letter, not those of earlier versions and other verbs.</summary>
    public static bool IsShown(string alias) => alias.StartsWith('-') && !alias.StartsWith("--", StringComparison.Ordinal) && alias != "-?";

    private static void Section(IAnsiConsole console, string title, IEnumerable<(string Left, string Right)> rows)
    {
        (string Left, string Right)[] all = [.. rows];
        if (all.Length == 0)
        {
            return;
        }

        console.WriteLine();
        console.WriteLine(title);
        Grid grid = new Grid()
            .AddColumn(new GridColumn().NoWrap().Padding(Indent.Length, 0, Indent.Length, 0))
            .AddColumn(new GridColumn().Padding(0, 0, 0, 0));
        foreach ((string left, string right) in all)
        {
            grid.AddRow(new Text(left), new Text(right));
        }

        console.Write(grid);
    }
}
