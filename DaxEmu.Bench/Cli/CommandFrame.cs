using System.CommandLine;
using DaxEmu.Native;

namespace DaxEmu.Bench.Cli;

/// <summary>Runs a command line: one line for every mistake, the right exit code, never a stack trace unless asked for.</summary>
internal static class CommandFrame
{
    private const string DetailsVariable = "DAXEMU_DETAILS";

    // From Ctrl-C to the end: a pass must end, what there is be printed, what was made be removed.
    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(20);

    // Set once signals are watched for. A verb begins no earlier: it could not be told to remove what it makes.
    private static readonly ManualResetEventSlim SignalsAreWatched = new();

    /// <summary>Parses and runs.</summary>
    public static async Task<int> RunAsync(RootCommand root, string[] arguments)
    {
        ParseResult parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            await Console.Error.WriteLineAsync($"daxemu: {Explain(root, parsed)}").ConfigureAwait(false);
            return (int)ExitCode.Usage;
        }

        var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeToEnd };
        Task<int> verb = parsed.InvokeAsync(configuration);
        SignalsAreWatched.Set();
        return await verb.ConfigureAwait(false);
    }

    /// <summary>Gives a verb its action; what it throws becomes a line and an exit code.</summary>
    /// <remarks>The action runs on a thread of its own: signals are watched for only once the call that starts it has returned.</remarks>
    public static void SetAction(Command command, Func<ParseResult, CancellationToken, ExitCode> action) =>
        command.SetAction((parsed, cancellation) => Task.Factory.StartNew(
            () =>
            {
                SignalsAreWatched.Wait(CancellationToken.None);
                return (int)Guarded(() => action(parsed, cancellation));
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default));

    private static string Explain(RootCommand root, ParseResult parsed)
    {
        if (parsed.CommandResult.Command != root)
        {
            return $"{parsed.Errors[0].Message} (See 'daxemu {parsed.CommandResult.Command.Name} --help'.)";
        }

        string verbs = string.Join(", ", root.Subcommands.Where(c => !c.Hidden).Select(c => c.Name));
        return parsed.UnmatchedTokens.Count > 0
            ? $"there is no verb '{parsed.UnmatchedTokens[0]}'. Choose one of: {verbs}."
            : $"what shall be done? Choose one of: {verbs}. (See 'daxemu --help'.)";
    }

    private static ExitCode Guarded(Func<ExitCode> action)
    {
        try
        {
            return action();
        }
        catch (DaxEnvironmentException e)
        {
            return Tell(e, ExitCode.CannotTell);
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            return Tell(e, ExitCode.Usage);
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("daxemu: stopped.");
            return ExitCode.TimeLimit;
        }
#pragma warning disable CA1031 // The last door: whatever it is, it is told in a line.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return Tell(e, ExitCode.CannotTell, $" (Set {DetailsVariable}=1 for details.)");
        }
    }

    private static ExitCode Tell(Exception e, ExitCode code, string hint = "")
    {
        string message = e is ArgumentException { ParamName: { } name } ? e.Message.Replace($" (Parameter '{name}')", string.Empty, StringComparison.Ordinal) : e.Message;
        Console.Error.WriteLine($"daxemu: {message.ReplaceLineEndings(" ")}{hint}");
        if (Environment.GetEnvironmentVariable(DetailsVariable) is not null)
        {
            Console.Error.WriteLine(e);
        }

        return code;
    }
}
