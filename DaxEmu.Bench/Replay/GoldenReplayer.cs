using DaxEmu.Core.Device;
using DaxEmu.Core.Extents;
using DaxEmu.Core.Faults;
using DaxEmu.Core.Mapping;
using DaxEmu.Core.Units;
using DaxEmu.Core.Writeback;

namespace DaxEmu.Bench.Replay;

/// <summary>
/// Carries out a recorded scenario on the fault core and compares, op by op: result, signal, bytes, events, entry table, page tables.
/// The file system's choices are taken from the recording: where its blocks are, which ranges it wanted written back, and whether a
/// synchronous write met dirty metadata. What its own ops take out and unmap is <see cref="RecordedFileSystem"/>'s to say.
/// </summary>
internal sealed class GoldenReplayer : IDisposable
{
    private const string Result = "result";
    private const string Events = "events";
    private const int TouchOffsetBytes = 17;
    private const int KilledErrno = 135;
    private const int OutsideErrno = 14;
    private const int SegvSignal = 11;
    private const int BusSignal = 7;

    private readonly GoldenScenario scenario;
    private readonly PmemDevice device;
    private readonly ScriptedExtentMap extents;
    private readonly AddressSpace mapping;
    private readonly FaultLoop faults;
    private readonly EventRecorder events = new();
    private readonly RecordedFileSystem fileSystem;
    private readonly VmArea?[] areas = new VmArea?[2];
    private IReadOnlyList<EntryRow> recordedEntries = [];
    private readonly IReadOnlyList<TableRow>[] recordedTables = [[], []];
    private Extent[] currentExtents = [];

    private GoldenReplayer(GoldenScenario scenario)
    {
        this.scenario = scenario;
        bool isXfs = scenario.FileSystem.StartsWith("xfs", StringComparison.Ordinal);
        long devicePages = scenario.Ops.SelectMany(o => o.Extents ?? []).Select(e => e.PfnAt(e.End).Value).DefaultIfEmpty(1).Max();
        device = PmemDevice.CreateInMemory((devicePages + DaxConstants.PagesPerPmd) / DaxConstants.PagesPerPmd * DaxConstants.PmdSize);
        extents = new ScriptedExtentMap(isXfs ? ScriptedFileSystem.Xfs : ScriptedFileSystem.Ext4);
        mapping = new AddressSpace(device, extents, 0, new AddressSpaceOptions
        {
            Behaviour = scenario.Kernel.StartsWith("6.1.", StringComparison.Ordinal) ? KernelBehaviour.Linux61 : KernelBehaviour.Linux612,
            MaximumSizeBytes = 1L << 32,
            Sink = events,
        });
        faults = new FaultLoop(new FaultHandler(mapping));
        fileSystem = new RecordedFileSystem(mapping, extents, isXfs);
    }

    /// <summary>Replays a scenario.</summary>
    public static ReplayReport Run(GoldenScenario scenario)
    {
        using var replayer = new GoldenReplayer(scenario);
        return replayer.Run();
    }

    public void Dispose()
    {
        mapping.Dispose();
        device.Dispose();
    }

    // What a call answers and asks for is compared even where the state that it leaves is taken over.
    private static bool IsOfTheCall(string line) =>
        line.StartsWith(Result, StringComparison.Ordinal) || line.StartsWith(Events, StringComparison.Ordinal);

    private static bool IsFileSystemOp(string verb) => verb is not
        ("r" or "w" or "msync" or "fsync" or "dontneed" or "mmap" or "munmap" or "pread");

    private ReplayReport Run()
    {
        var mismatches = new List<ReplayMismatch>();
        int own = 0;
        for (int i = 0; i < scenario.Ops.Count; i++)
        {
            GoldenOp op = scenario.Ops[i];
            Prepare(op);
            Observed observed = Carry(op);
            extents.Advance();
            extents.SizeBytes = mapping.SizeBytes;
            bool isOwn = IsFileSystemOp(op.Verb);
            own += isOwn ? 1 : 0;
            List<string> lines = Compare(op, observed);
            if (lines.Count > 0)
            {
                bool isAdopted = isOwn && !lines.Any(IsOfTheCall);
                mismatches.Add(new ReplayMismatch(scenario.Name, i + 1, op.Text, lines, isAdopted));
                Adopt();
            }
        }

        return new ReplayReport(scenario.Ops.Count, own, mismatches);
    }

    private void Prepare(GoldenOp op)
    {
        Extent[] after = op.Extents is null ? currentExtents : [.. op.Extents];
        ZeroFreshBlocks(currentExtents, after);
        extents.SetBefore(currentExtents);
        extents.SetAfter(after);
        extents.SizeBytes = mapping.SizeBytes;
        extents.IsMetadataDirty = op.Events.Any(e => e.EndsWith("NEEDDSYNC", StringComparison.Ordinal));
        extents.TouchedPage = null;
        currentExtents = after;
        recordedEntries = op.Entries ?? recordedEntries;
        for (int v = 0; v < 2; v++)
        {
            recordedTables[v] = op.Tables[v] ?? recordedTables[v];
        }
    }

    // A block that was not written before the op and is after it comes zeroed: the file system sees to that.
    private void ZeroFreshBlocks(Extent[] before, Extent[] after)
    {
        var written = new HashSet<long>();
        foreach (Extent extent in before.Where(e => e.Kind == ExtentKind.Mapped))
        {
            for (long i = 0; i < extent.PageCount; i++)
            {
                written.Add(extent.Pfn.Value + i);
            }
        }

        foreach (Extent extent in after.Where(e => e.Kind == ExtentKind.Mapped))
        {
            for (long i = 0; i < extent.PageCount; i++)
            {
                if (!written.Contains(extent.Pfn.Value + i))
                {
                    device.GetSpan(extent.Pfn + i, 1).Clear();
                }
            }
        }
    }

    private Observed Carry(GoldenOp op)
    {
        Observed observed = op.Verb switch
        {
            "r" or "w" => Touch(op),
            "mmap" => Map(op),
            "munmap" => Unmap((int)op.Number(0)),
            "msync" => Msync(op),
            "fsync" => Fsync(),
            "dontneed" => DontNeed(op),
            "protect" => Protect(op),
            "pread" => Pread(op),
            _ => fileSystem.Carry(op),
        };
        return observed with { Events = events.Take() };
    }

    private unsafe Observed Touch(GoldenOp op)
    {
        VmArea? area = areas[op.Number(0)];
        long page = op.Number(1);
        bool isWrite = op.Verb == "w";
        if (area is null || page >= area.PageCount)
        {
            return Observed.Failed(OutsideErrno);
        }

        extents.TouchedPage = area.IndexOf(page);
        TouchResult result = faults.Touch(area, page, isWrite);
        if (result != TouchResult.Mapped)
        {
            return Observed.Failed(KilledErrno) with { Signal = result == TouchResult.Segv ? SegvSignal : BusSignal };
        }

        // SAFETY: the touch left a translation that allows the access, and nobody else works on the file.
        byte* memory = area.MemoryOf(page, area.Table.Find(page)) + TouchOffsetBytes;
        if (!isWrite)
        {
            return new Observed { Byte = *memory };
        }

        *memory = (byte)op.Number(2);
        return new Observed();
    }

    private Observed Map(GoldenOp op)
    {
        int v = (int)op.Number(0);
        areas[v]?.Dispose();
        VmAreaKind kind = op.Arguments[1] switch
        {
            "shared" => VmAreaKind.Shared,
            "private" => VmAreaKind.Private,
            "sync" => VmAreaKind.Shared | VmAreaKind.Sync,
            "ro" => VmAreaKind.Shared | VmAreaKind.ReadOnly,
            "nohuge" => VmAreaKind.Shared | VmAreaKind.NoHugePage,
            var other => throw new FormatException($"unknown kind of mapping '{other}' in '{op.Text}'"),
        };
        long pages = (op.Number(2) + DaxConstants.PageSize - 1) >> DaxConstants.PageShift;
        long first = op.Arguments.Count > 4 ? op.Number(4) : 0;
        areas[v] = mapping.Map(new PageIndex(first), pages, kind, (int)op.Number(3));
        return new Observed();
    }

    private Observed Unmap(int v)
    {
        areas[v]?.Dispose();
        areas[v] = null;
        return new Observed();
    }

    private Observed Msync(GoldenOp op)
    {
        VmArea? area = areas[op.Number(0)];
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
            WritebackPass.Run(mapping, range);
        }
    }

    private Observed DontNeed(GoldenOp op)
    {
        if (areas[op.Number(0)] is { } area)
        {
            PageRange pages = PageRange.Touching(op.Number(1), op.Number(2));
            area.Table.Unmap(pages.First.Value, pages.PageCount, keepCopies: false);
        }

        return new Observed();
    }

    private Observed Protect(GoldenOp op)
    {
        if (areas[op.Number(0)] is { } area)
        {
            PageRange pages = PageRange.Touching(op.Number(1), op.Number(2));
            area.Protect(pages.First.Value, pages.PageCount, op.Arguments[3] == "r");
        }

        return new Observed();
    }

    private Observed Pread(GoldenOp op)
    {
        byte[] bytes = fileSystem.Read(op.Number(0), op.Number(1));
        return new Observed { Return = bytes.Length, Checksum = Fnv1a.Hash(bytes) };
    }

    private List<string> Compare(GoldenOp op, Observed observed)
    {
        var lines = new List<string>();
        Differ(lines, Result, $"{op.Return} errno {op.Errno} signal {op.Signal}", $"{observed.Return} errno {observed.Errno} signal {observed.Signal}");
        Differ(lines, "byte", op.Byte, observed.Byte);
        if (op.Checksum is not null)
        {
            Differ(lines, "checksum", op.Checksum, observed.Checksum);
        }

        Differ(lines, Events, string.Join(", ", op.Events), string.Join(", ", observed.Events));
        Differ(lines, Events + " (requests of the file system)", string.Empty, observed.UnfoundedRanges);
        Differ(lines, "entries", string.Join(' ', recordedEntries), string.Join(' ', ReplayState.Entries(mapping)));
        for (int v = 0; v < 2; v++)
        {
            Differ(lines, "pt" + v, string.Join(' ', recordedTables[v]), string.Join(' ', ReplayState.Table(areas[v])));
        }

        return lines;
    }

    private static void Differ<T>(List<string> lines, string what, T kernel, T emulator)
    {
        if (!EqualityComparer<T>.Default.Equals(kernel, emulator))
        {
            lines.Add($"{what}: kernel   {kernel}");
            lines.Add($"{what}: emulator {emulator}");
        }
    }

    private void Adopt()
    {
        ReplayState.SetEntries(mapping, recordedEntries);
        for (int v = 0; v < 2; v++)
        {
            ReplayState.SetTable(areas[v], recordedTables[v]);
        }
    }
}
