using System.Globalization;
using DaxEmu.Core.Tracing;

namespace DaxEmu.Core.CApi.Interpose.Dispatch;

/// <summary>What <c>daxemu run</c> has set for this process.</summary>
/// <param name="VolumePath">The file or block device of the volume.</param>
/// <param name="IsNew">Whether an empty volume is made on it if there is none.</param>
/// <param name="Prefix">Where the program sees it.</param>
/// <param name="Profile">The profile of the entry locks.</param>
/// <param name="Hold">How much longer an entry is locked in a fault.</param>
/// <param name="TracePath">The file for trace text; null for none.</param>
/// <param name="Watchdog">How long a wait may last; zero for ever.</param>
/// <param name="ReportPath">The file for this process's counts; null for none.</param>
/// <param name="FaultAroundBytes">Bytes that are mapped with a fault; 0 for none.</param>
internal sealed record DispatchSettings(
    string VolumePath, bool IsNew, string Prefix, WaitProfile Profile, TimeSpan Hold, string? TracePath, TimeSpan Watchdog, string? ReportPath, long FaultAroundBytes)
{
    /// <summary>Reads the environment.</summary>
    /// <param name="valueOf">The value of a variable; null or empty if it is not set.</param>
    /// <returns>Null if no volume is named: the program is left alone.</returns>
    /// <exception cref="FormatException">A value is not what it should be.</exception>
    /// <exception cref="ArgumentException">There is no such profile.</exception>
    public static DispatchSettings? Read(Func<string, string?> valueOf)
    {
        if (Text(valueOf, DispatchVariables.Volume) is not { } volume)
        {
            return null;
        }

        return new DispatchSettings(
            volume,
            Number(valueOf, DispatchVariables.IsNew) != 0,
            Text(valueOf, DispatchVariables.At) ?? "/dax",
            Text(valueOf, DispatchVariables.Profile) is { } profile ? WaitProfiles.ByName(profile) : WaitProfiles.Fixed,
            TimeSpan.FromTicks(Number(valueOf, DispatchVariables.Hold)),
            Text(valueOf, DispatchVariables.Trace),
            TimeSpan.FromTicks(Number(valueOf, DispatchVariables.Watchdog)),
            Text(valueOf, DispatchVariables.Report),
            Number(valueOf, DispatchVariables.FaultAround));
    }

    /// <summary>The options of the volume's files.</summary>
    public DaxFileOptions FileOptions(IDaxEventSink? sink) => new() { Profile = Profile, FaultHold = Hold, Sink = sink };

    private static string? Text(Func<string, string?> valueOf, string name) => valueOf(name) is { Length: > 0 } value ? value : null;

    private static long Number(Func<string, string?> valueOf, string name)
    {
        string text = Text(valueOf, name) ?? "0";
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value)
            ? value
            : throw new FormatException($"{name} is '{text}', which is no whole number.");
    }
}
