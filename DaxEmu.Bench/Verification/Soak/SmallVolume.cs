using DaxEmu.Core;
using DaxEmu.Core.Dax.Waiting;

namespace DaxEmu.Bench.Verification.Soak;

/// <summary>A volume that one thread at a time has for itself, to fill it: on the large one every other thread would meet the full device.</summary>
internal sealed class SmallVolume : IDisposable
{
    /// <summary>The largest file on it.</summary>
    public const long MaximumSizeBytes = DeviceBytes;

    private const long DeviceBytes = 2L * DaxConstants.PmdSize;

    private readonly WaitProfile profile;
    private readonly WaitTable waits;
    private int isTaken;

    public SmallVolume(WaitProfile profile, WaitTable waits)
    {
        this.profile = profile;
        this.waits = waits;
        Device = PmemDevice.CreateTemporary(DeviceBytes, PmemDeviceOptions.Default with { TracksDurable = true });
        Volume = DaxVolume.ScratchOf(Device);
    }

    public PmemDevice Device { get; }

    public DaxVolume Volume { get; }

    /// <summary>Takes the volume for one thread, if no other has it.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref isTaken, 1, 0) == 0;

    /// <summary>Gives it back.</summary>
    public void Give() => Volatile.Write(ref isTaken, 0);

    /// <summary>A file without a name.</summary>
    public DaxFile Create(long sizeBytes, FileSystemModel model, long maximumSizeBytes = MaximumSizeBytes) => Volume.CreateTemporary(
        sizeBytes, DaxFileOptions.Default with { Profile = profile, Waits = waits, FileSystem = model, MaximumSizeBytes = maximumSizeBytes });

    public void Dispose()
    {
        Volume.Dispose();
        Device.Dispose();
    }
}
