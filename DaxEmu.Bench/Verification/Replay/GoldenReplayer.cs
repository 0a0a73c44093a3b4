using System.Runtime.InteropServices;
using DaxEmu.Bench.Cli;
using DaxEmu.Core;
using DaxEmu.Core.Dax.Writeback;
using DaxEmu.Core.Iomap;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>
/// Carries out a recorded scenario on the fault core and compares, op by op: result, signal, bytes, events, entry table, page tables.
/// The file system's choices are taken from the recording: where its blocks are, which ranges it wanted written back, and whether a
/// synchronous write met dirty metadata. What its own ops take out and unmap is <see cref="RecordedFileSystem"/>'s to say.
/// </summary>
internal sealed class GoldenReplayer : IDisposable
{
    private const string Result = "result";
    private const string Events = "events";
    private const string Excess = "real mappings beyond the page tables";
    private const int AccessOffsetBytes = 17;
    private const int KilledErrno = 135;
    private const int OutsideErrno = 14;
    private const int SegvSignal = 11;
    private const int BusSignal = 7;

    // A page that is stored to is to take 4 KiB, not 2 MiB, and a device of gigabytes only what is stored to.
    private static readonly PmemDeviceOptions MemoryOptions = new() { PreferHugePages = false, Sparse = true };

    private readonly GoldenScenario scenario;
    private readonly PmemDevice device;
    private readonly ScriptedExtentMap extents;
    private readonly AddressSpace mapping;
    private readonly IReplayMemory memory;
    private readonly EventRecorder events = new();
    private readonly ReplayWork work;
    private readonly DeviceContent content;
    private readonly RecordedFileSystem fileSystem;
    private readonly HashSet<long> regions = [];
    private List<EntryRow> recordedEntries = [];
    private readonly List<TableRow>[] recordedTables = [[], []];
    private Extent[] currentExtents = [];

    private GoldenReplayer(GoldenScenario scenario, MmuKind mmu, CancellationToken cancellation)
    {
        this.scenario = scenario;
        bool isXfs = scenario.FileSystem.StartsWith("xfs", StringComparison.Ordinal);
        long devicePages = DevicePagesOf(scenario.Ops);
        long deviceBytes = (devicePages + DaxConstants.PagesPerPmd) / DaxConstants.PagesPerPmd * DaxConstants.PmdSize;
        device = mmu == MmuKind.Host ? PmemDevice.CreateTemporary(deviceBytes, MemoryOptions) : PmemDevice.CreateInMemory(deviceBytes, MemoryOptions);
        work = new ReplayWork(cancellation);
        content = new DeviceContent(device, work);
        extents = new ScriptedExtentMap(isXfs ? ScriptedFileSystem.Xfs : ScriptedFileSystem.Ext4);
        mapping = new AddressSpace(device, extents, 0, new AddressSpaceOptions
        {
            Behaviour = scenario.Kernel.StartsWith("6.1.", StringComparison.Ordinal) ? KernelBehaviour.Linux61 : KernelBehaviour.Linux612,
            MaximumSizeBytes = ReplayLimits.FileBytes,
            Sink = events,
        });
        var faults = new FaultLoop(new FaultHandler(mapping));
        memory = mmu == MmuKind.Host ? new RealMemory(mapping, faults, work) : new TableMemory(mapping, faults);
        fileSystem = new RecordedFileSystem(mapping, extents, content, work, isXfs);
    }

    /// <summary>Replays a scenario.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="mmu">What the accesses go through.</param>
    /// <param name="cancellation">Ends the replay, inside an op too.</param>
    /// <exception cref="FormatException">The recording contradicts itself, or has too much work; the message names file, line and op.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static ReplayReport Run(GoldenScenario scenario, MmuKind mmu = MmuKind.Software, CancellationToken cancellation = default)
    {
        using var replayer = new GoldenReplayer(scenario, mmu, cancellation);
        return replayer.Run();
    }

    public void Dispose()
    {
        try
        {
            memory.Dispose();
            mapping.Dispose();
        }
        catch (InvalidOperationException)
        {
            // An op that failed half-way, of which the user hears, has left an entry with a page that is another's.
        }
        finally
        {
            device.Dispose();
        }
    }

    // The device reaches as far as anything that was recorded.
    private static long DevicePagesOf(IReadOnlyList<GoldenOp> ops)
    {
        long end = 1;
        foreach (GoldenOp op in ops)
        {
            op.Extents?.ForEach(e => end = Math.Max(end, e.PfnAt(e.End).Value));
            op.Entries?.ForEach(e => end = Math.Max(end, e.Pfn + e.PageCount));
            foreach (List<TableRow>? table in op.Tables)
            {
                table?.ForEach(r => end = Math.Max(end, r.Where + (r.Kind == 'H' ? DaxConstants.PagesPerPmd : 1)));
            }
        }

        return end;
    }

    // What a call returns and asks for is compared even where the state that it leaves is taken over.
    private static bool IsOfTheCall(string line) => line.StartsWith(Result, StringComparison.Ordinal)
        || line.StartsWith(Events, StringComparison.Ordinal) || line.StartsWith(Excess, StringComparison.Ordinal);

    private static bool IsFileSystemOp(string verb) => verb is not
        ("r" or "w" or "msync" or "fsync" or "dontneed" or "mmap" or "munmap" or "pread");

    private ReplayReport Run()
    {
        var mismatches = new List<ReplayMismatch>();
        int own = 0;
        int[] counts = new int[2]; // wrong, adopted
        for (int i = 0; i < scenario.Ops.Count; i++)
        {
            GoldenOp op = scenario.Ops[i];
            bool isOwn = IsFileSystemOp(op.Verb);
            own += isOwn ? 1 : 0;
            List<string> lines = Replay(op);
            if (lines.Count > 0)
            {
                bool isAdopted = isOwn && !lines.Any(IsOfTheCall);
                if (++counts[isAdopted ? 1 : 0] <= ReplayLimits.ShownMismatches / 2)
                {
                    mismatches.Add(new ReplayMismatch(scenario.Name, i + 1, op.Text, lines, isAdopted));
                }
            }
        }

        return new ReplayReport(scenario.Ops.Count, own, counts[0], counts[1], mismatches)
        {
            NotShown = memory.NotShown,
            RealAccessCount = memory.AccessCount,
        };
    }

    // What differs; the recorded state is taken over if anything does.
    private List<string> Replay(GoldenOp op)
    {
        try
        {
            Prepare(op);
            Observed observed = Carry(op);
            extents.Advance();
            extents.SizeBytes = mapping.SizeBytes;
            for (int v = 0; v < 2; v++)
            {
                ReplayState.CheckTable(memory.AreaOf(v), op.Tables[v] ?? [], mapping.Device.PageCount, "pt" + v);
            }

            List<string> lines = Compare(op, observed);
            if (lines.Count > 0)
            {
                Adopt();
            }

            return lines;
        }
        catch (FormatException e)
        {
            throw new FormatException($"{scenario.Source}, line {op.Line}: '{op.Text}': {e.Message}.", e);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or ArithmeticException)
        {
            // Two pages of the file on one of the device, a page that the state before does not have: no kernel did that.
            throw new FormatException(
                $"{scenario.Source}, line {op.Line}: '{op.Text}' cannot be carried out: the recording contradicts what it says of an earlier op.", e);
        }
    }

    private void Prepare(GoldenOp op)
    {
        if (op.Extents is not null)
        {
            Extent[] after = [.. op.Extents];
            content.ZeroFresh(currentExtents, after);
            extents.SetBefore(currentExtents);
            extents.SetAfter(after);
            currentExtents = after;
        }

        extents.SizeBytes = mapping.SizeBytes;
        extents.IsMetadataDirty = op.Events.Exists(e => e.EndsWith("NEEDDSYNC", StringComparison.Ordinal));
        extents.TouchedPage = null;
        recordedEntries = op.Entries ?? recordedEntries;
        for (int v = 0; v < 2; v++)
        {
            recordedTables[v] = op.Tables[v] ?? recordedTables[v];
        }
    }

    private Observed Carry(GoldenOp op)
    {
        long written = events.WrittenPageCount;
        Observed observed = op.Verb switch
        {
            "r" or "w" => Access(op),
            "mmap" => Map(op),
            "munmap" => Unmap((int)op.Number(0)),
            "msync" => Msync(op),
            "fsync" => Fsync(),
            "dontneed" => DontNeed(op),
            "protect" => Protect(op),
            "pread" => Pread(op),
            _ => fileSystem.Carry(op),
        };
        work.Charge(events.WrittenPageCount - written, ReplayWork.Step);
        return observed with { Events = events.Take() };
    }

    private Observed Access(GoldenOp op)
    {
        int number = (int)op.Number(0);
        long page = op.Number(1);
        if (memory.AreaOf(number) is not { } area || page >= area.PageCount)
        {
            return Observed.Failed(OutsideErrno); // the recorder's answer: it makes no access there
        }

        bool isWrite = op.Verb == "w";
        byte value = 0;
        extents.TouchedPage = area.IndexOf(page);
        IoError result = isWrite
            ? memory.Store(number, page, AccessOffsetBytes, (byte)op.Number(2))
            : memory.Load(number, page, AccessOffsetBytes, out value);
        if (result != IoError.None)
        {
            return Observed.Failed(KilledErrno) with { Signal = result == IoError.ReadOnly ? SegvSignal : BusSignal };
        }

        if (isWrite)
        {
            NoteStore(area, page);
            return new Observed();
        }

        return new Observed { Byte = value };
    }

    private void NoteStore(VmArea area, VmaPage page)
    {
        Translation translation = area.Table.Find(page);
        if (translation.IsCopy)
        {
            content.NoteCopy();
            return;
        }

        Pfn pfn = translation.Pfn;
        content.NoteStore(translation.IsHuge ? pfn + ((area.LeadPages + page.Value) & DaxConstants.ColourMask) : pfn);
    }

    private Observed Map(GoldenOp op)
    {
        MapMode kind = op.Arguments[1] switch
        {
            "shared" => MapMode.Shared,
            "private" => MapMode.Private,
            "sync" => MapMode.Shared | MapMode.Sync,
            "ro" => MapMode.Shared | MapMode.ReadOnly,
            "nohuge" => MapMode.Shared | MapMode.NoHugePage,
            var other => throw new FormatException($"unknown kind of mapping '{other}' in '{op.Text}'"),
        };
        long pages = (op.Number(2) + DaxConstants.PageSize - 1) >> DaxConstants.PageShift;
        long first = op.Arguments.Count > 4 ? op.Number(4) : 0;
        memory.Map((int)op.Number(0), new PageIndex(first), pages, kind, (int)op.Number(3));
        return new Observed();
    }

    private Observed Unmap(int number)
    {
        memory.Unmap(number);
        return new Observed();
    }

    private Observed Msync(GoldenOp op)
    {
        VmArea? area = memory.AreaOf((int)op.Number(0));
        if (area is null)
        {
            return Observed.Failed(OutsideErrno);
        }

        if (area.IsShared)
        {
            PageRange pages = PageRange.Touching(op.Number(1), op.Number(2));
            WriteBack(new PageRange(area.FirstIndex + pages.First.Value, pages.PageCount));
        }

        return new Observed();
    }

    private Observed Fsync()
    {
        WriteBack(PageRange.All);
        return new Observed();
    }

    // A file without a dirty page is not asked.
    private void WriteBack(PageRange range)
    {
        if (mapping.Entries.HasDirty())
        {
            WritebackPass.Run(mapping, range, work.Cancellation);
        }
    }

    private Observed DontNeed(GoldenOp op)
    {
        if (memory.AreaOf((int)op.Number(0)) is not null)
        {
            memory.Zap((int)op.Number(0), PageRange.Touching(op.Number(1), op.Number(2)));
        }

        return new Observed();
    }

    private Observed Protect(GoldenOp op)
    {
        if (memory.AreaOf((int)op.Number(0)) is { } area)
        {
            PageRange pages = PageRange.Touching(op.Number(1), op.Number(2));
            if (pages.IsEmpty || pages.End.Value > area.PageCount)
            {
                throw new FormatException($"the mapping has {area.PageCount} pages");
            }

            memory.Protect((int)op.Number(0), pages, op.Arguments[3] == "r");
        }

        return new Observed();
    }

    private Observed Pread(GoldenOp op)
    {
        (long count, uint checksum) = fileSystem.Read(op.Number(0), op.Number(1));
        return new Observed { Return = count, Checksum = checksum };
    }

    private List<string> Compare(GoldenOp op, Observed observed)
    {
        var lines = new List<string>();
        Differ(lines, Result, (op.Return, op.Errno, op.Signal), (observed.Return, observed.Errno, observed.Signal), r => $"{r.Item1} errno {r.Item2} signal {r.Item3}");
        Differ(lines, "byte", op.Byte, observed.Byte, b => $"{b}");
        if (op.Checksum is not null)
        {
            Differ(lines, "checksum", op.Checksum, observed.Checksum, c => $"{c}");
        }

        DifferInRows(lines, Events, op.Events, observed.Events, ", ");
        Differ(lines, Events + " (requests of the file system)", string.Empty, observed.UnfoundedRanges, text => text);
        Differ(lines, Excess, string.Empty, memory.Excess(), text => text);
        List<EntryRow> entries = ReplayState.Entries(mapping);
        Charge(entries);
        DifferInRows(lines, "entries", recordedEntries, entries, " ");
        for (int v = 0; v < 2; v++)
        {
            List<TableRow> table = ReplayState.Table(memory.AreaOf(v));
            Charge(memory.AreaOf(v), table);
            DifferInRows(lines, "pt" + v, recordedTables[v], table, " ");
        }

        return lines;
    }

    // The state is walked over by the op and by the comparison: the regions that have or had 4 KiB entries are looked at slot by slot.
    private void Charge(List<EntryRow> entries)
    {
        entries.ForEach(e => regions.Add(e.First >> DaxConstants.PmdOrder));
        work.Charge(mapping.Entries.UsedRegions + (regions.Count * DaxConstants.PagesPerPmd), ReplayWork.Slot);
        work.Charge(entries.Count + recordedEntries.Count, ReplayWork.Row);
    }

    private void Charge(VmArea? area, List<TableRow> table)
    {
        long tables = table.Count(r => r.Kind == 'T');
        work.Charge((area?.Table.SlotCount ?? 0) + (tables * DaxConstants.PagesPerPmd), ReplayWork.Slot);
        work.Charge(table.Count, ReplayWork.Row);
    }

    private static void Differ<T>(List<string> lines, string what, T kernel, T emulator, Func<T, string> text)
    {
        if (!EqualityComparer<T>.Default.Equals(kernel, emulator))
        {
            AddBoth(lines, what, text(kernel), text(emulator));
        }
    }

    private void DifferInRows<T>(List<string> lines, string what, List<T> kernel, List<T> emulator, string separator)
    {
        if (!CollectionsMarshal.AsSpan(kernel).SequenceEqual(CollectionsMarshal.AsSpan(emulator)))
        {
            work.Charge(kernel.Count + emulator.Count, ReplayWork.Step);
            AddBoth(lines, what, string.Join(separator, kernel), string.Join(separator, emulator));
        }
    }

    // Of long texts the part around the first difference.
    private static void AddBoth(List<string> lines, string what, string kernel, string emulator)
    {
        const int Before = 200;
        int same = kernel.AsSpan().CommonPrefixLength(emulator);
        int from = Math.Max(kernel.Length, emulator.Length) > ReplayLimits.MismatchLength ? Math.Max(0, same - Before) : 0;
        lines.Add($"{what}: kernel   {Part(kernel, from)}");
        lines.Add($"{what}: emulator {Part(emulator, from)}");
    }

    private static string Part(string text, int from)
    {
        string part = from > 0 ? "..." + text[Math.Min(from, text.Length)..] : text;
        return part.Length > ReplayLimits.MismatchLength ? part[..ReplayLimits.MismatchLength] + "..." : part;
    }

    private void Adopt()
    {
        work.Charge(recordedEntries.Count + recordedTables[0].Count + recordedTables[1].Count, ReplayWork.Step);
        ReplayState.SetEntries(mapping, recordedEntries);
        for (int v = 0; v < 2; v++)
        {
            ReplayState.SetTable(memory.AreaOf(v), recordedTables[v], mapping.Device.PageCount, "pt" + v);
        }
    }
}
