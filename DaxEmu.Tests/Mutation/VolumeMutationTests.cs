using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Mutation;

/// <summary>Would the power cuts notice? Each flush and each fence of the volume is taken out, one at a time, and a cut must show it.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class VolumeMutationTests
{
    private const string Log = "Fs/Volume/MetadataLog.cs";

    private static readonly VolumeMutant[] Mutants =
    [
        new("no fence between records and tail", Log, "memory.Drain(); // J1", "", "volume.creat"),
        new("no fence after the tail", Log, "memory.Drain(); // J2", "", "volume.creat"),
        new("no fence between a new log and its root", Log, "memory.Drain(); // J3", "", "full-log.creat"),
        new("no fence between the copies of the root", Log, "memory.Drain(); // J4", "", "full-log.creat"),
        new("no fence between the copies of an empty root", Log, "memory.Drain(); // J7: a slot that is cut in both pages is taken for damage", "", "repair"),
        new("the tail is not flushed", Log, "memory.Flush(at, sizeof(ulong));", "", "volume.creat"),
        new("the root is not flushed", "Fs/Volume/RootSlot.cs", "memory.Flush(offset, bytes.Length);", "", "full-log.creat"),
        new("records are stored and not flushed", "Fs/Volume/LogSpace.cs", "memory.CopyNonTemporal(offset, bytes[..length]);", "memory.Store(offset, bytes[..length]);", "volume.creat"),
        new("the superblock's mark is not flushed", "Fs/Volume/Superblock.cs", "memory.Flush(offset, sizeof(ulong));", "", "format"),
        new("no fence at the end of a format", "Fs/Volume/VolumeWriter.cs", "memory.Drain(); // J5", "", "format"),
        new("no fence at the end of a repair", "Fs/Volume/VolumeRepair.cs", "memory.Drain(); // J6", "", "repair"),
        new("no fence after new blocks are zeroed", "Fs/DaxVolume.cs", "device.DrainUnchecked();", "", "volume.unlink-store.thread.sync"),
        new("no fence after a write", "Dax/ReadWrite/BlockStore.cs", "mapping.Device.DrainUnchecked();", "", "volume.write.thread.sync"),
        new("a writeback does not flush", "Dax/Writeback/EntryCleaner.cs", "mapping.Device.FlushUnchecked(pages.First.OffsetBytes, pages.PageCount << DaxConstants.PageShift);", "", "volume.store.sync"),
        new("zeroes are durable before the size", "Fs/DaxFile.Layout.cs", "Mapping.CommitBlocks();", "", "volume.truncate"),
        new("shared blocks are committed for the second file first", "Iomap/InMemoryExtentMap.Layout.cs",
            "source.CommitFirst?.Invoke(); // or a crash would find blocks of two files of which one says that they are its own", "", "volume.clone"),
    ];

    private CoreSources sources = null!;

    private static IEnumerable<VolumeMutant> Tried => Effort.Part(Mutants, every: 20);

    [OneTimeSetUp]
    public void ReadSources() => sources = CoreSources.WithCrashWorkloads();

    [Test]
    public void EachFaultHasItsLine() => Assert.Multiple(() =>
    {
        foreach (VolumeMutant mutant in Mutants)
        {
            Assert.That(() => sources.PlaceOf(mutant.Name, mutant.File, mutant.Line), Throws.Nothing);
        }
    });

    [Test]
    public void ACutShowsTheFault([ValueSource(nameof(Tried))] VolumeMutant mutant)
    {
        using CrashedCore faulty = CrashedCore.Of(sources, mutant);
        string? found = faulty.Search(mutant.Cases);
        Assert.That(found, Is.Not.Null, "no cut shows it");
        TestContext.Out.WriteLine(found);
    }

    [Test]
    public void TheSourcesCompiledTheSameWayWithoutAFaultSurvive()
    {
        using CrashedCore sound = CrashedCore.Of(sources, mutant: null);
        Assert.That(sound.Search([.. Tried.SelectMany(m => m.Cases).Distinct()]), Is.Null);
    }

    /// <summary>A fault of one line.</summary>
    /// <param name="Name">What it is.</param>
    /// <param name="File">The file, from the core's folder.</param>
    /// <param name="Line">The line, which must be there exactly once.</param>
    /// <param name="Fault">What stands there instead.</param>
    /// <param name="Cases">The cases of which one shows it.</param>
    public sealed record VolumeMutant(string Name, string File, string Line, string Fault, params string[] Cases)
    {
        public override string ToString() => Name;
    }
}
