using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Crash.Volume;

/// <summary>The volumes that the sequences begin with.</summary>
/// <param name="Content">What the device holds.</param>
/// <param name="Model">What that amounts to.</param>
internal sealed record VolumeStart(ReadOnlyMemory<byte> Content, TreeModel Model)
{
    /// <summary>Bytes of the device.</summary>
    public const long SizeBytes = DaxConstants.PmdSize;

    /// <summary>Always the same volume, at the same time.</summary>
    public static VolumeOptions Options { get; } = new()
    {
        Id = new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
        Clock = new StandingClock(),
    };

    /// <summary>Two files in two directories, and some empty directories.</summary>
    /// <param name="isLogFull">Whether the next change begins a new log.</param>
    public static VolumeStart Make(bool isLogFull)
    {
        using PmemDevice device = PmemDevice.CreateInMemory(SizeBytes);
        DaxVolume.Format(device, Options);
        var script = new VolumeScript(new TreeModel());
        script.MakeDirectory("A");
        script.MakeDirectory("B");
        script.MakeDirectory("A/empty");
        script.MakeDirectory("B/sub");
        script.Create("A/foo");
        script.Write("A/foo", 0, script.Pattern((2 * DaxConstants.PageSize) + 100));
        script.Create("B/bar");
        script.Write("B/bar", 0, script.Pattern(DaxConstants.PageSize));
        script.Unmount();
        using (var session = new VolumeSession(DaxVolume.Mount(device, Options)))
        {
            foreach (VolumeStep step in script.Steps.SkipLast(1))
            {
                step.Act(session);
            }

            session.Volume.Sync(); // so that the unmount changes nothing more
            while (isLogFull && session.Volume.Store.LookAtLog((_, log) => log.Usage.Capacity - log.Usage.Used) >= 72)
            {
                session.Volume.SetMode("A/empty", 0x1ED);
            }
        }

        return new VolumeStart(device.Read(0, (int)SizeBytes).ToArray(), script.States[^1]);
    }

    /// <summary>A clock that stands: a workload does the same whenever it runs.</summary>
    private sealed class StandingClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    }
}
