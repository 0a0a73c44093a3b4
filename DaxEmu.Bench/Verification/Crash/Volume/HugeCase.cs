using DaxEmu.Core;
using DaxEmu.Core.Checking;
using DaxEmu.Core.Fs.Volume;

namespace DaxEmu.Bench.Verification.Crash.Volume;

/// <summary>A file that one view maps with 2 MiB, and another one a page inside it with 4 KiB.</summary>
internal static class HugeCase
{
    private const string Name = "huge";
    private const long Place = 5 * DaxConstants.PageSize;
    private static readonly byte[] First = [.. Enumerable.Repeat((byte)0x11, 64)];
    private static readonly byte[] Second = [.. Enumerable.Repeat((byte)0x22, 64)];

    /// <summary>The second view stores, the file is synced, the second view stores again, the file is synced.</summary>
    public static PowerCutTest TwoViews(VolumeFlaws flaws) => new PowerCutTest<(VolumeReading Reading, CrashImage Image)>
    {
        Name = "huge.two.views",
        SizeBytes = 2L * DaxConstants.PmdSize,
        SetUp = SetUp,
        Workload = (device, progress) => Work(device, progress, flaws),
        Recover = image => (VolumeReader.Read(image, flaws), image),
        Verify = (found, cut) => Verify(found.Reading, found.Image, cut),
    };

    private static void SetUp(PmemDevice device)
    {
        DaxVolume.Format(device, VolumeStart.Options);
        using DaxVolume volume = DaxVolume.Mount(device, VolumeStart.Options);
        using DaxFile file = volume.Create(Name);
        file.Allocate(0, DaxConstants.PmdSize);
        using DaxView view = file.Map();
        view.CopyFrom([1], 0);
        file.Sync();
    }

    private static string? Verify(VolumeReading reading, CrashImage image, PowerCut cut)
    {
        if (reading.Problems.Count > 0)
        {
            return $"the mount refuses it: {reading.Problems[0]}";
        }

        Inode file = reading.State!.Find(reading.State.Find(VolumeFormat.RootInode)!.Names![Name])!;
        Pfn block = file.Blocks.Covering(PageIndex.FromBytes(Place)).PfnAt(PageIndex.FromBytes(Place));
        bool isRight = image.EveryVersion(block.OffsetBytes, First.Length, (_, bytes) =>
            (cut.AcknowledgedSteps == 0 && bytes.IndexOfAnyExcept((byte)0) < 0)
            || (cut.AcknowledgedSteps <= 1 && cut.BegunSteps >= 1 && bytes.IndexOfAnyExcept(First[0]) < 0)
            || (cut.BegunSteps == 2 && bytes.IndexOfAnyExcept(Second[0]) < 0));
        return isRight ? null : $"the page of the second view has lost what was synced after {cut.AcknowledgedSteps} steps";
    }

    private static void Work(PmemDevice device, CutProgress progress, VolumeFlaws flaws)
    {
        using DaxVolume volume = DaxVolume.Mount(device, VolumeStart.Options with { Flaws = flaws });
        using DaxFile file = volume.Open(Name);
        using DaxView whole = file.Map();
        using DaxView page = file.Map(Place, DaxConstants.PageSize);
        whole.CopyFrom([2], 0);
        progress.Step("store through the second view and sync", () =>
        {
            page.CopyFrom(First, 0);
            file.Sync();
        });
        progress.Step("store through the second view again and sync", () =>
        {
            page.CopyFrom(Second, 0);
            file.Sync();
        });
    }
}
