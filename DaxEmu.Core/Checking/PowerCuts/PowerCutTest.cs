namespace DaxEmu.Core.Checking;

/// <summary>A workload on a device, to be cut at every point; see <see cref="PowerCutTest{T}"/>.</summary>
public abstract class PowerCutTest
{
    private protected PowerCutTest()
    {
    }

    /// <summary>Its name, as it stands in the replay string: lower-case letters, digits, dots and hyphens.</summary>
    public required string Name { get; init; }

    /// <summary>Bytes of the device, a multiple of 2 MiB and at most 1 GiB. Each worker has some copies.</summary>
    public long SizeBytes { get; init; } = DaxConstants.PmdSize;

    /// <summary>What the device holds at first, from its first byte; zeroes follow. A state that many tests begin with is made once so.</summary>
    public ReadOnlyMemory<byte> Content { get; init; }

    /// <summary>What happens before: all of it is durable when the workload begins. Null if nothing happens.</summary>
    public Action<PmemDevice>? SetUp { get; init; }

    /// <summary>What is cut. It does the same whenever it runs, and says how far it is.</summary>
    public required Action<PmemDevice, CutProgress> Workload { get; init; }

    /// <summary>Cuts before this step (from 1) has begun are left out, because another test has them: of a longer sequence only its last step.</summary>
    public int FirstStep { get; init; }

    /// <summary>Recovers from an image and says what is wrong; null if nothing is.</summary>
    internal abstract string? Check(CrashImage image, PowerCut cut);
}
