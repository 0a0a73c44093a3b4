using System.CommandLine;

namespace DaxEmu.Bench.Cli;

/// <summary>The options by which long work shows itself.</summary>
internal static class ProgressOptions
{
    /// <summary><c>--status-interval TIME</c>.</summary>
    public static ValueOption<TimeSpan?> Interval { get; } = CommandOptions.Of<TimeSpan?>(
        "--status-interval", "says how far it is on standard error, every so often", text => DurationText.Parse(text), null);

    /// <summary><c>--eta auto|always|never</c>.</summary>
    public static ValueOption<EtaKind> Eta { get; } = CommandOptions.Words(
        "--eta", "progress on standard error: auto (on a terminal), always or never",
        EtaKind.Auto, ("auto", EtaKind.Auto), ("always", EtaKind.Always), ("never", EtaKind.Never));

    /// <summary>Adds them to a verb.</summary>
    public static void AddTo(Command command)
    {
        command.Add(Interval);
        command.Add(Eta);
    }
}
