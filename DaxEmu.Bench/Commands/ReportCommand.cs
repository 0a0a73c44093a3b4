using System.CommandLine;
using System.Text;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Devices;
using DaxEmu.Bench.Reporting;
using DaxEmu.Bench.Reporting.Pages;
using Spectre.Console;

namespace DaxEmu.Bench.Commands;

/// <summary><c>daxemu report FILE…</c>: a page of what verbs wrote as JSON.</summary>
internal static class ReportCommand
{
    private const int MostRepeats = 100;

    private static readonly Argument<string[]> Files = new("FILE")
    {
        Description = "JSON that a verb wrote with --output-format=json, or - for standard input; two or more of the same verb are compared, shards are put together",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<string?> Output = CommandOptions.File("--output", "where to: FILE.html or FILE.md (not given: standard output, as Markdown)", "-o");
    private static readonly Option<PageFormat?> Format = CommandOptions.Of<PageFormat?>("--format", "html (one file that needs nothing else) or markdown (not given: by the ending of -o)", text => ParseFormat(text), null).Offering("html", "markdown");
    private static readonly Option<int> Repeats = CommandOptions.Of("--repeats", "benchmark files come in groups of so many runs of the same build; the first group is what the others are compared with", text => CommandOptions.Count(text, 1, MostRepeats), 1);

    private enum PageFormat
    {
        Html,
        Markdown,
    }

    public static Command Create()
    {
        var command = new Command(
            "report",
            "Makes a page of what other verbs wrote with --output-format=json: throughput over jobs, latencies, fallbacks by reason, the course of a soak, coverage.\n"
            + "Benchmarks are compared with the first file, and the page says which differences are noise.\n\n"
            + "Examples:\n  daxemu report run.json -o run.html\n  daxemu report before.json after.json\n  daxemu report --repeats 3 b1.json b2.json b3.json a1.json a2.json a3.json -o compared.html\n  daxemu report shard-*.json")
        {
            Files, Output, Format, Repeats,
        };
        CommandFrame.SetAction(command, Run);
        return command;
    }

    private static ExitCode Run(ParseResult parsed, CancellationToken cancellation)
    {
        string? output = parsed.GetValue(Output);
        PageFormat format = parsed.GetValue(Format) ?? FormatOf(output);
        var files = new List<ReportFile>();
        foreach (string path in parsed.GetRequiredValue(Files))
        {
            cancellation.ThrowIfCancellationRequested();
            files.Add(ReportFile.Read(path));
        }

        IReadOnlyList<Block> page = ReportPage.Of(files, parsed.GetValue(Repeats));
        string text = format == PageFormat.Html ? HtmlText.Write(ReportPage.Title, page) : MarkdownText.Write(page);
        if (output is not null)
        {
            OutputFile.Check(output, devicePath: null);
            File.WriteAllText(output, text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        }
        else if (format == PageFormat.Markdown && !Console.IsOutputRedirected)
        {
            ConsoleWidth.Terminal().Write(new Text(text)); // breaks lines between words
        }
        else
        {
            Console.Write(text);
        }

        return ExitCode.Success;
    }

    private static PageFormat FormatOf(string? output) => Path.GetExtension(output)?.ToUpperInvariant() is ".HTML" or ".HTM" ? PageFormat.Html : PageFormat.Markdown;

    private static PageFormat ParseFormat(string text) =>
        Enum.Parse<PageFormat>(CommandOptions.Choice(text, "html", "markdown"), ignoreCase: true);
}
