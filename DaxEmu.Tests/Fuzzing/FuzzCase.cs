using System.Globalization;
using DaxEmu.Tests.Fuzzing.Inputs;

namespace DaxEmu.Tests.Fuzzing;

/// <summary>A case: what it feeds to the command depends on these three alone.</summary>
internal readonly record struct FuzzCase(FuzzKind Kind, ulong Seed, int Number)
{
    // Of twenty cases in a row: what is read from files has most of them, and a command line that runs takes long.
    private const string Shares = "RTRCRSRTRCKRTRCSRTRT";

    /// <summary>A case of a run over all kinds.</summary>
    public static FuzzCase Of(ulong seed, int number) => new(
        Shares[number % Shares.Length] switch
        {
            'R' => FuzzKind.Recording,
            'T' => FuzzKind.Trace,
            'C' => FuzzKind.Container,
            'S' => FuzzKind.Schedule,
            _ => FuzzKind.Command,
        },
        seed,
        number);

    /// <summary>Makes what the command gets.</summary>
    public FuzzInput Make()
    {
        var random = new FuzzRandom((Seed * 0x9E3779B97F4A7C15) ^ ((ulong)Number << 8) ^ (ulong)Kind);
        return Kind switch
        {
            FuzzKind.Recording or FuzzKind.Trace or FuzzKind.Container => ReplayInput.Make(Kind, random),
            FuzzKind.Schedule => ScheduleInput.Make(random),
            FuzzKind.Command => CommandInput.Make(random),
            _ => new FuzzInput([Number.ToString(CultureInfo.InvariantCulture)], []) { StopAfter = TimeSpan.FromMilliseconds(50) },
        };
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Kind.ToString().ToLowerInvariant()}, seed {Seed}, case {Number}");
}
