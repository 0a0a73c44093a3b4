using DaxEmu.Core;
using DaxEmu.Core.Checking;
using DaxEmu.Core.Fs.Volume;

namespace DaxEmu.Bench.Verification.Crash.Volume;

/// <summary>A format, and a repair, that are cut: what they leave is refused or right, and right once they have returned.</summary>
internal static class FormatCase
{
    /// <summary>A volume is made over another one.</summary>
    public static PowerCutTest Format(VolumeStart start, VolumeFlaws flaws) => new PowerCutTest<VolumeReading>
    {
        Name = "format",
        SizeBytes = VolumeStart.SizeBytes,
        Content = start.Content,
        Workload = (device, progress) => progress.Step("format", () => DaxVolume.Format(device, VolumeStart.Options with { Id = new Guid(9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1), Flaws = flaws })),
        Recover = image => VolumeReader.Read(image, flaws),
        Verify = (reading, cut) => cut.AcknowledgedSteps == 0 ? null
            : reading.Problems.Count > 0 ? $"the new volume is refused: {reading.Problems[0]}"
            : reading.State!.InodeCount != 1 ? $"the new volume has {reading.State.InodeCount} inodes"
            : null,
    };

    /// <summary>A volume with a damaged copy of its superblock and of its log is repaired.</summary>
    public static PowerCutTest Repair(VolumeStart start, VolumeFlaws flaws)
    {
        byte[] damaged = start.Content.ToArray();
        damaged[(int)VolumeFormat.SuperblockPage(1).OffsetBytes + 100] ^= 1;
        RootSlot root = RootSlot.Read(new ContentMemory(damaged), VolumeStart.Options.Id!.Value, copy: 0, slot: 1)!;
        damaged[(int)root.Segments[1][0].First.OffsetBytes + VolumeFormat.FirstRecord + 40] ^= 1;
        int names = start.Model.Names.Count;
        return new PowerCutTest<VolumeReading>
        {
            Name = "repair",
            SizeBytes = VolumeStart.SizeBytes,
            Content = damaged,
            Workload = (device, progress) => progress.Step("repair", () => DaxVolume.Repair(device)),
            Recover = image => VolumeReader.Read(image, flaws),
            Verify = (reading, cut) =>
                reading.Problems.Find(problem => problem.Kind != VolumeProblemKind.DamagedCopy) is { } lost ? $"something is lost: {lost}"
                : reading.State!.NameCount != names ? $"{reading.State.NameCount} names, not {names}"
                : cut.AcknowledgedSteps > 0 && reading.Problems.Count > 0 ? $"it is damaged still: {reading.Problems[0]}"
                : null,
        };
    }

    /// <summary>Bytes to be read as a medium.</summary>
    private sealed class ContentMemory(byte[] content) : IPersistentMemory
    {
        public long SizeBytes => content.Length;

        public PersistenceDomain PersistenceDomain => PersistenceDomain.None;

        public ReadOnlySpan<byte> Read(long offsetBytes, int lengthBytes) => content.AsSpan((int)offsetBytes, lengthBytes);

        public void Store(long offsetBytes, ReadOnlySpan<byte> source) => source.CopyTo(content.AsSpan((int)offsetBytes));

        public void CopyNonTemporal(long offsetBytes, ReadOnlySpan<byte> source) => Store(offsetBytes, source);

        public void Flush(long offsetBytes, long lengthBytes)
        {
        }

        public void Drain()
        {
        }
    }
}
