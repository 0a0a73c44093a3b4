using System.CommandLine;
using DaxEmu.Bench.Cli;

namespace DaxEmu.Bench.Commands;

/// <summary><c>--metrics</c> and <c>--trace FILE</c>: counters and events of a whole run.</summary>
internal static class TelemetryOptions
{
    // Set by dotnet-counters and dotnet-trace for a program that they start.
    private const string DiagnosticPorts = "DOTNET_DiagnosticPorts";

    /// <summary>Counts, in OpenMetrics text.</summary>
    public static Option<string?> Metrics { get; } = MakeMetrics();

    /// <summary>Events, in the kernel's trace text.</summary>
    public static Option<string?> Trace { get; } = CommandOptions.File("--trace", "a file for the events of all mappings, in the kernel's trace text");

    /// <summary>Gives a verb the options; not the second, if it has one of that name.</summary>
    public static void AddTo(Command command)
    {
        command.Add(Metrics);
        if (OptionNames.Find(command, Trace.Name) is null)
        {
            command.Add(Trace);
        }
    }

    /// <summary>Does what a command line asks for around an action.</summary>
    /// <exception cref="Native.DaxEnvironmentException">A file cannot be written.</exception>
    public static ExitCode Around(ParseResult parsed, Func<ExitCode> action)
    {
        using TelemetrySession? session = Begin(parsed);
        ExitCode code = action();
        session?.HasRun = code != ExitCode.Usage;
        return code;
    }

    private static TelemetrySession? Begin(ParseResult parsed)
    {
        string? metrics = parsed.GetValue(Metrics);
        string? trace = parsed.GetValue(Trace);
        bool isWatched = Environment.GetEnvironmentVariable(DiagnosticPorts) is not null;
        return metrics is null && trace is null && !isWatched ? null : new TelemetrySession(metrics, trace);
    }

    private static ValueOption<string?> MakeMetrics()
    {
        ValueOption<string?> option = CommandOptions.File("--metrics", $"prints counts of faults, fallbacks, waits and wake-ups as OpenMetrics text at the end, on standard error; --metrics=FILE writes them to a file");
        option.Arity = ArgumentArity.ZeroOrOne;
        return option;
    }
}
