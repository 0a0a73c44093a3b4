using System.CommandLine;
using System.CommandLine.Parsing;
using DaxEmu.Bench.Cli.Fio;
using DaxEmu.Native;

namespace DaxEmu.Bench.Cli;

/// <summary>Runs a command line: one line for every mistake, the right exit code, never a stack trace unless asked for.</summary>
internal static class CommandFrame
{
    private const string DetailsVariable = "DAXEMU_DETAILS";

    // '@file' is an argument like any other: a file of arguments that names itself would have no end.
    private static readonly ParserConfiguration Parser = new() { ResponseFileTokenReplacer = null };

    /// <summary>Parses and runs.</summary>
    /// <param name="root">The command.</param>
    /// <param name="arguments">The command line.</param>
    /// <param name="runJobs">Runs a command line with several of fio's jobs.</param>
    /// <param name="stop">Ends what runs: it prints what it has.</param>
    /// <returns>The exit code.</returns>
    public static int Run(
        RootCommand root, IReadOnlyList<string> arguments, Func<IReadOnlyList<ParseResult>, CancellationToken, ExitCode> runJobs, CancellationToken stop) => (int)Guarded(() =>
    {
        IReadOnlyList<ParseResult> jobs = Parse(root, arguments);
        if (jobs.FirstOrDefault(j => j.Errors.Count > 0) is { } wrong)
        {
            Report(Explain(root, wrong));
            return ExitCode.Usage;
        }

        // StopSignals handles all signals, from the first moment on.
        var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        return jobs.Count == 1 ? (ExitCode)jobs[0].InvokeAsync(configuration, stop).GetAwaiter().GetResult() : runJobs(jobs, stop);
    });

    /// <summary>A command line as the command reads it, one for each of fio's jobs in it.</summary>
    /// <exception cref="FormatException">An option is unknown.</exception>
    public static IReadOnlyList<ParseResult> Parse(RootCommand root, IReadOnlyList<string> arguments) =>
        [.. JobLines.Split(OptionNames.Normalize(root, arguments)).Select(line => root.Parse(line, Parser))];

    /// <summary>Gives a verb its action; what it throws becomes a line and an exit code.</summary>
    public static void SetAction(Command command, Func<ParseResult, CancellationToken, ExitCode> action) =>
        command.SetAction((parsed, cancellation) => Task.FromResult((int)Guarded(() => action(parsed, cancellation))));

    /// <summary>What is wrong with a command line, in a line.</summary>
    public static string ErrorOf(ParseResult parsed) => Explain((RootCommand)parsed.RootCommandResult.Command, parsed);

    /// <summary>A line on standard error.</summary>
    public static void Report(string message) => Console.Error.WriteLine("daxemu: " + Printable.Of(message.ReplaceLineEndings(" ")));

    /// <summary>An error's message without the name of a parameter: that is the code's, and says nothing to a user.</summary>
    public static string MessageOf(Exception e) =>
        e is ArgumentException { ParamName: { } name } ? e.Message.Replace($" (Parameter '{name}')", string.Empty, StringComparison.Ordinal) : e.Message;

    private static string Explain(RootCommand root, ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        string help = $"(See 'daxemu {PathOf(root, parsed)}--help'.)";
        if (command != root && command.Subcommands.Count == 0)
        {
            Argument? missing = command.Arguments.FirstOrDefault(a => a.Arity.MinimumNumberOfValues > 0 && parsed.GetResult(a) is null or { Tokens.Count: 0 });
            return missing is not null && parsed.UnmatchedTokens.Count == 0
                ? $"'{command.Name}' needs a {missing.Name}. {help}"
                : $"{parsed.Errors[0].Message} {help}";
        }

        string verbs = string.Join(", ", command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name));
        return parsed.UnmatchedTokens.Count > 0
            ? $"there is no verb '{parsed.UnmatchedTokens[0]}'{(command == root ? string.Empty : $" of '{command.Name}'")}."
                + $"{Suggestion.Question(parsed.UnmatchedTokens[0], command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name))} Choose one of: {verbs}."
            : $"what shall be done? Choose one of: {verbs}. {help}";
    }

    // The words that lead to a command, each with a space behind it.
    private static string PathOf(RootCommand root, ParseResult parsed)
    {
        string path = string.Empty;
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult { Command: var command } && command != root; at = at.Parent)
        {
            path = $"{command.Name} {path}";
        }

        return path;
    }

    private static ExitCode Guarded(Func<ExitCode> action)
    {
        try
        {
            return action();
        }
        catch (DaxEnvironmentException e)
        {
            return Report(e, ExitCode.Inconclusive);
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            return Report(e, ExitCode.Usage);
        }
        catch (OperationCanceledException)
        {
            Report("stopped.");
            return ExitCode.TimeLimit;
        }
        catch (OutOfMemoryException e)
        {
            return Report(e, ExitCode.Inconclusive, " The memory does not hold what was asked for: use smaller sizes or fewer jobs, or raise the limit.");
        }
#pragma warning disable CA1031 // The last door: whatever it is, it becomes one line.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return Report(e, ExitCode.Inconclusive, $" (Set {DetailsVariable}=1 for details.)");
        }
    }

    private static ExitCode Report(Exception e, ExitCode code, string hint = "")
    {
        Report(MessageOf(e) + hint);
        if (Environment.GetEnvironmentVariable(DetailsVariable) is not null)
        {
            Console.Error.WriteLine(e);
        }

        return code;
    }
}
