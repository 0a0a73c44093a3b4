using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Soak.RealMemory;

/// <summary>What the threads of a soak of real memory work on: a volume of the native library with several files.</summary>
internal sealed class HostFixture : IDisposable
{
    private const int FileCount = 4;

    /// <summary>Makes the volume, on a file that has no name any more.</summary>
    /// <param name="plan">Size, profile and path.</param>
    /// <param name="plantedFault">A fault that the soak must find; null for none.</param>
    public HostFixture(SoakPlan plan, string? plantedFault)
    {
        var options = new HostVolumeOptions { Profile = plan.Profile, PlantedFault = plantedFault };
        if (plan.FileName is { } path)
        {
            Volume = HostVolume.Create(path, plan.SizeBytes, options);
            File.Delete(path); // the device stays until it is closed, and a kill leaves nothing
        }
        else
        {
            Volume = HostVolume.CreateTemporary(plan.SizeBytes, options);
        }

        // Half of the device, so that there is always a block: a store that found none would end a thread in native code.
        long pages = plan.SizeBytes / 2 / FileCount / DaxConstants.PmdSize * DaxConstants.PagesPerPmd;
        Files = [.. Enumerable.Range(0, FileCount).Select(number => new HostSoakFile(Volume, number, pages))];
    }

    public HostVolume Volume { get; }

    public IReadOnlyList<HostSoakFile> Files { get; }

    /// <summary>The file in which memory is lost, and whose syncs may fail for it.</summary>
    public HostSoakFile Poisoned => Files[0];

    /// <summary>Closes everything.</summary>
    public void Dispose()
    {
        foreach (HostSoakFile file in Files)
        {
            file.Dispose();
        }

        Volume.Dispose();
    }
}
