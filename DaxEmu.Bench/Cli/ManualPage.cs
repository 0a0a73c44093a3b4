using System.CommandLine;
using System.CommandLine.Help;
using System.Text;

namespace DaxEmu.Bench.Cli;

/// <summary>A page for <c>man</c>, in the language of man(7), from a command's definition: what the help says is what the page says.</summary>
internal static class ManualPage
{
    private const string ExampleHeading = "Examples:";
    private const string OneExampleHeading = "Example:";

    private static readonly (ExitCode Code, string Meaning)[] Codes =
    [
        (ExitCode.Success, "Success."),
        (ExitCode.Found, "A bug, a hang or a mismatch was found."),
        (ExitCode.Usage, "The command line or an input is wrong: one line says what."),
        (ExitCode.Inconclusive, "This environment cannot do it, and one line says why; or the result is inconclusive."),
        (ExitCode.TimeLimit, "Stopped by a signal or a time limit; what there was until then is on standard output."),
    ];

    /// <summary>Writes the page of a command.</summary>
    /// <param name="root">The whole command, which the page of each verb refers to.</param>
    /// <param name="path">The verbs that lead to the command, from the root's own page, which is empty, downwards.</param>
    /// <param name="command">The command.</param>
    /// <param name="version">The version that the page is of.</param>
    public static string Of(RootCommand root, IReadOnlyList<string> path, Command command, string version)
    {
        string name = string.Join('-', path.Prepend("daxemu"));
        string[] parts = (command.Description ?? string.Empty).Split([ExampleHeading, OneExampleHeading], 2, StringSplitOptions.TrimEntries);
        var page = new StringBuilder();
        page.Append($".TH {Quoted(name.ToUpperInvariant())} 1 \"\" {Quoted($"daxemu {version}")} \"User Commands\"\n");
        Section(page, "NAME", $"{Text(name)} \\- {Text(HelpText.Summary(command))}");
        Section(page, "SYNOPSIS", Synopsis(path, command));
        Section(page, "DESCRIPTION", string.Join("\n.PP\n", parts[0].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Text)));
        Tagged(page, "COMMANDS", command.Subcommands.Where(c => !c.Hidden).Select(c => (Bold(c.Name), (string?)HelpText.Summary(c))));
        Tagged(page, "ARGUMENTS", command.Arguments.Where(a => !a.Hidden).Select(a => (Italic(a.Name), a.Description)));
        Tagged(page, "OPTIONS", command.Options.Where(o => !o.Hidden).Select(o => (NamesOf(o), (string?)HelpText.DescriptionOf(o))));
        Tagged(page, "EXIT STATUS", Codes.Select(c => (Bold(((int)c.Code).ToString(System.Globalization.CultureInfo.InvariantCulture)), (string?)c.Meaning)));
        if (parts.Length > 1)
        {
            Section(page, "EXAMPLES", ".nf\n" + string.Join('\n', parts[1].Split('\n').Select(l => Text(l.Trim()))) + "\n.fi");
        }

        Section(page, "SEE ALSO", string.Join(",\n", root.Subcommands.Where(c => !c.Hidden && c != command).Select(c => $"{Bold($"daxemu-{c.Name}")}(1)")));
        return page.ToString();
    }

    private static string Synopsis(IReadOnlyList<string> path, Command command)
    {
        var line = new StringBuilder($".B {Text(string.Join(' ', path.Prepend("daxemu")))}\n");
        if (command.Subcommands.Count > 0)
        {
            line.Append(".I COMMAND\n");
        }

        line.Append("[\\fIOPTION\\fR]...");
        foreach (Argument argument in command.Arguments.Where(a => !a.Hidden))
        {
            string many = argument.Arity.MaximumNumberOfValues > 1 ? "..." : string.Empty;
            line.Append(argument.Arity.MinimumNumberOfValues > 0 ? $"\n{Italic(argument.Name)}{many}" : $"\n[{Italic(argument.Name)}{many}]");
        }

        return line.ToString();
    }

    private static string NamesOf(Option option)
    {
        string value = option.ValueType == typeof(bool) || option is HelpOption or VersionOption ? string.Empty : $" {Italic(option.HelpName ?? "VALUE")}";
        return string.Join(", ", option.Aliases.Where(HelpText.IsShown).Prepend(option.Name).Select(Bold)) + value;
    }

    private static void Section(StringBuilder page, string title, string body) => page.Append($".SH {title}\n{body}\n");

    private static void Tagged(StringBuilder page, string title, IEnumerable<(string Tag, string? Text)> rows)
    {
        (string Tag, string? Text)[] all = [.. rows];
        if (all.Length > 0)
        {
            Section(page, title, string.Join('\n', all.Select(r => $".TP\n{r.Tag}\n{Text(r.Text ?? string.Empty)}")));
        }
    }

    private static string Bold(string text) => $"\\fB{Text(text)}\\fR";

    private static string Italic(string text) => $"\\fI{Text(text)}\\fR";

    private static string Quoted(string text) => $"\"{Text(text).Replace("\"", "\\(dq", StringComparison.Ordinal)}\"";

    // A backslash, a minus sign, and a full stop or quotation mark that begins a line mean something else to troff.
    private static string Text(string text)
    {
        string line = text.ReplaceLineEndings(" ").Replace("\\", "\\e", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal);
        return line.StartsWith('.') || line.StartsWith('\'') ? "\\&" + line : line;
    }
}
