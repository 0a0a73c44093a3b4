using System.CommandLine;
using System.Text;
using DaxEmu.Native.Files;
using IniParser.Exceptions;
using IniParser.Model;
using IniParser.Model.Configuration;
using IniParser.Parser;

namespace DaxEmu.Bench.Cli.Fio;

/// <summary>fio's job files: a section for each job, and one called <c>global</c> for all.</summary>
internal static class JobFile
{
    /// <summary>The name of standard input.</summary>
    public const string StandardInput = "-";

    private const string Global = "global";
    private const int MostBytes = 1 << 20;

    /// <summary>Reads the jobs of a file.</summary>
    /// <param name="path">The file, or <c>-</c>.</param>
    /// <param name="command">The command that each option must be one of.</param>
    /// <param name="cancellation">Ends the reading of a pipe.</param>
    /// <returns>The options of each job, those of <c>global</c> among them.</returns>
    /// <exception cref="FormatException">It is no job file, or has what cannot be; the message has file, line, value and the nearest that exists.</exception>
    public static IReadOnlyList<JobLine> Read(string path, Command command, CancellationToken cancellation)
    {
        string name = path == StandardInput ? "standard input" : path;
        return Parse(TextOf(path, name, cancellation), name, command);
    }

    /// <summary>As <see cref="Read"/>, of a text.</summary>
    public static IReadOnlyList<JobLine> Parse(string text, string name, Command command)
    {
        var parser = new Parser(command);
        try
        {
            parser.Parse(text);
        }
        catch (ParsingException e)
        {
            string why = (e.InnerException as FormatException)?.Message ?? $"'{Printable.Excerpt(e.LineValue.Trim())}' is neither a section in brackets nor an option of one, or stands twice.";
            throw new FormatException($"{name}, line {e.LineNumber}: {why}", e);
        }

        return parser.Jobs.Count > 0 ? parser.Jobs : throw new FormatException($"{name}: it has no job: no section beside [global]. Write one, as in [job].");
    }

    private static string TextOf(string path, string name, CancellationToken cancellation)
    {
        using InputFile file = path == StandardInput ? InputFile.StandardInput(name, cancellation) : InputFile.Open(path, cancellation);
        byte[] bytes = new byte[MostBytes + 1];
        int count = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return count <= MostBytes
            ? Encoding.UTF8.GetString(bytes, 0, count)
            : throw new FormatException($"{name}: it is longer than {MostBytes >> 20} MiB, and so no job file.");
    }

    /// <summary>The library reads lines and sections; what an option is, fio's table says.</summary>
    private sealed class Parser(Command command) : IniDataParser(new IniParserConfiguration { AllowKeysWithoutSection = false, OverrideDuplicateKeys = true })
    {
        private static readonly char[] Comments = ['#', ';'];

        private JobLine global = JobLine.Of([]);
        private bool isGlobal;

        public List<JobLine> Jobs { get; } = [];

        // Comments end a line anywhere, and an option may have no value: that is more than the library takes.
        protected override void ProcessLine(string currentLine, IniData currentIniData)
        {
            int comment = currentLine.IndexOfAny(Comments);
            string line = (comment < 0 ? currentLine : currentLine[..comment]).Trim();
            if (line.Length == 0)
            {
                return;
            }

            bool isBare = line[0] != '[' && !line.Contains('=', StringComparison.Ordinal);
            base.ProcessLine(isBare ? line + "=" : line, currentIniData);
        }

        protected override void ProcessSection(string line, IniData currentIniData)
        {
            base.ProcessSection(line, currentIniData);
            string section = line.Trim()[1..^1].Trim();
            isGlobal = section.Equals(Global, StringComparison.OrdinalIgnoreCase);
            if (!isGlobal)
            {
                Jobs.Add(global.With(JobLine.Of([$"{JobLines.Name}={section}"])));
            }
        }

        protected override void ProcessKeyValuePair(string line, IniData currentIniData)
        {
            base.ProcessKeyValuePair(line, currentIniData);
            JobLine option = OptionOf(ExtractKey(line).Trim(), ExtractValue(line).Trim());
            if (isGlobal)
            {
                global = global.With(option);
            }
            else
            {
                Jobs[^1] = Jobs[^1].With(option);
            }
        }

        private JobLine OptionOf(string key, string value)
        {
            if (value.Contains('$', StringComparison.Ordinal))
            {
                throw new FormatException($"'{Printable.Excerpt(value)}' has a variable, and none is filled in here. Write the value itself.");
            }

            IReadOnlyList<string> words = OptionNames.OfJob(command, key, value.Length == 0 ? null : value);
            if (words.Count > 0 && JobLines.OfTheRun.Contains(JobLine.NameOf(words[0])))
            {
                throw new FormatException($"'{Printable.Excerpt(key)}' holds for a whole run, not for a job. Give it on the command line: {JobLine.NameOf(words[0])}.");
            }

            ParseResult parsed = command.Parse(words);
            return parsed.Errors.Count == 0 ? JobLine.Of(words) : throw new FormatException(parsed.Errors[0].Message);
        }
    }
}
