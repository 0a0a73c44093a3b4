using System.CommandLine;
using DaxEmu.Bench.Cli.Fio;

namespace DaxEmu.Bench.Cli;

/// <summary>The options of a command line as the commands know them.</summary>
internal static class OptionNames
{
    private const string End = "--";
    private const int MostWord = 80;

    // Behind their own options these take those of another program.
    private static readonly string[] Open = ["run", "suites"];

    /// <summary>
    /// Writes options as the commands know them: underscores become hyphens, and what fio calls otherwise gets its name here.
    /// </summary>
    /// <param name="root">The command.</param>
    /// <param name="arguments">The command line.</param>
    /// <exception cref="FormatException">An option is unknown, or is one of fio's that cannot be; the message has the nearest that exists.</exception>
    public static IReadOnlyList<string> Normalize(RootCommand root, IReadOnlyList<string> arguments)
    {
        Command command = root;
        var line = new List<string>(arguments.Count);
        for (int i = 0; i < arguments.Count; i++)
        {
            string argument = arguments[i];
            if (argument == End)
            {
                return [.. line, .. arguments.Skip(i)];
            }

            if (command.Subcommands.FirstOrDefault(c => c.Name == argument || c.Aliases.Contains(argument)) is { } verb)
            {
                command = verb;
                line.Add(argument);
            }
            else if (!argument.StartsWith(End, StringComparison.Ordinal))
            {
                line.Add(argument);
            }
            else
            {
                string? next = i + 1 < arguments.Count ? arguments[i + 1] : null;
                line.AddRange(Normalize(root, command, argument, next, out bool takesNext));
                i += takesNext ? 1 : 0;
            }
        }

        return line;
    }

    /// <summary>Whether an option of a command takes a value.</summary>
    public static bool TakesValue(Option option) => option.ValueType != typeof(bool) && option.Arity.MaximumNumberOfValues > 0;

    /// <summary>A command's option by its name; null if it has none.</summary>
    public static Option? Find(Command command, string name) => command.Options.FirstOrDefault(o => IsNamed(o, name));

    /// <summary>The words for an option of a job file: none if it changes nothing.</summary>
    /// <param name="command">The command that runs the job.</param>
    /// <param name="key">The option, without dashes.</param>
    /// <param name="value">Its value; null if there is none.</param>
    /// <exception cref="FormatException">It is unknown, or cannot be; the message has the nearest that exists.</exception>
    public static IReadOnlyList<string> OfJob(Command command, string key, string? value)
    {
        string name = key.Replace('_', '-');
        if (Find(command, End + name) is { } option)
        {
            return TakesValue(option) ? [$"{option.Name}={value}"]
                : value is null or "1" or "true" ? [option.Name]
                : value is "0" or "false" ? []
                : throw new FormatException($"'{Printable.Excerpt(key)}={Printable.Excerpt(value)}': it is given or not. Write {Printable.Excerpt(key)}, or {Printable.Excerpt(key)}=0.");
        }

        IEnumerable<string> known = command.Options.Where(o => o.Name.StartsWith(End, StringComparison.Ordinal)).Select(o => o.Name[End.Length..]).Concat(FioOptions.All.Select(o => o.Name));
        return FioOptions.ByName(command.Name, name)?.Translate(value, key)
            ?? throw new FormatException($"'{Printable.Excerpt(key)}' is no option of a job.{Suggestion.Question(name, known)}");
    }

    private static IEnumerable<string> Normalize(RootCommand root, Command command, string argument, string? next, out bool takesNext)
    {
        takesNext = false;
        int sign = argument.IndexOfAny(['=', ':']);
        string written = sign < 0 ? argument : argument[..sign];
        string name = written.Replace('_', '-');
        string? value = sign < 0 ? null : argument[(sign + 1)..];
        if ((Find(command, name) ?? root.Options.FirstOrDefault(o => o.Recursive && IsNamed(o, name))) is { } option)
        {
            if (sign < 0 && TakesValue(option) && option.Arity.MinimumNumberOfValues == 0)
            {
                return [$"{name}=-"]; // its value is never the next word, which may be a file to read
            }

            // The value is the next word, whatever it is, so that what follows is read as it is meant.
            takesNext = sign < 0 && next is not null && TakesValue(option) && !next.StartsWith(End, StringComparison.Ordinal);
            return [name + (sign < 0 ? string.Empty : argument[sign..]), .. takesNext ? [next!] : Array.Empty<string>()];
        }

        if (FioOptions.ByName(command.Name, name[End.Length..]) is { } fio)
        {
            takesNext = value is null && fio.NeedsValue && next is not null;
            return fio.Translate(takesNext ? next : value, written).Select(w => w); // copied: 'out' is set by now
        }

        if (Open.Contains(command.Name))
        {
            return [argument];
        }

        IEnumerable<string> names = command.Options.Concat(root.Options.Where(o => o.Recursive)).Where(o => !o.Hidden).Select(o => o.Name);
        names = FioOptions.Serves(command.Name) ? names.Concat(FioOptions.All.Select(o => End + o.Name)) : names;
        string of = command == root ? "daxemu" : command.Name;
        throw new FormatException(
            $"'{Printable.Excerpt(written, MostWord)}' is no option of '{of}'.{Suggestion.Question(name, names)} (See 'daxemu {(command == root ? string.Empty : PathOf(command) + " ")}--help'.)");
    }

    private static string PathOf(Command command) => command.Parents.OfType<Command>().FirstOrDefault(p => p is not RootCommand) is { } parent ? $"{parent.Name} {command.Name}" : command.Name;

    private static bool IsNamed(Option option, string name) => option.Name == name || option.Aliases.Contains(name);
}
