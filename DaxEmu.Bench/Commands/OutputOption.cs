using System.CommandLine;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Devices;

namespace DaxEmu.Bench.Commands;

/// <summary><c>--output FILE</c>: what a verb prints goes to a file instead of standard output.</summary>
internal static class OutputOption
{
    private const string StandardOutput = "-";

    /// <summary>The option.</summary>
    public static ValueOption<string?> Option { get; } = CommandOptions.File("--output", "writes the report to this file instead of standard output, which is -");

    /// <summary>An action that heeds it, and those of <see cref="TelemetryOptions"/>.</summary>
    public static Func<ParseResult, CancellationToken, ExitCode> Around(Func<ParseResult, CancellationToken, ExitCode> action) => (parsed, cancellation) =>
    {
        return TelemetryOptions.Around(parsed, Run);

        ExitCode Run()
        {
            using IDisposable? output = Open(parsed);
            return action(parsed, cancellation);
        }
    };

    /// <summary>Sends what is printed to the file of a command line, until what is returned is disposed; null if it names none.</summary>
    /// <exception cref="Native.DaxEnvironmentException">It cannot be written, or is the device of the run.</exception>
    public static IDisposable? Open(ParseResult parsed)
    {
        if (parsed.GetValue(Option) is not { } path || path == StandardOutput)
        {
            return null;
        }

        OutputFile.Check(path, parsed.CommandResult.Command.Options.OfType<Option<string?>>().FirstOrDefault(o => o.Name == "--filename") is { } device ? parsed.GetValue(device) : null);
        return StandardStreams.SendTo(path);
    }
}
