using DaxEmu.Core;
using DaxEmu.Core.Dax.Writeback;
using DaxEmu.Core.Fs;
using DaxEmu.Core.Iomap;
using DaxEmu.Core.Tracing;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>
/// The file system's own ops of a recorded scenario: bytes, size, and, by the models of XFS and ext4, what they unmap and take out. Which
/// ranges it wrote back first is part of the recording; those that its model demands must be among them.
/// </summary>
internal sealed class RecordedFileSystem(AddressSpace mapping, ScriptedExtentMap extents, DeviceContent content, ReplayWork work, bool isXfs)
{
    private const int Einval = 22;

    /// <summary>Carries out an op; the extents before and after it are set in the map.</summary>
    public Observed Carry(GoldenOp op)
    {
        string unfounded = WriteBack(op, mapping.SizeBytes);
        return Change(op, mapping.SizeBytes) with { UnfoundedRanges = unfounded };
    }

    // Runs the recorded passes in their order. A range that the model demands is asked for if the file is dirty when its turn comes.
    private string WriteBack(GoldenOp op, long size)
    {
        List<string> problems = [];
        Queue<(long First, long Last)> recorded = new(op.WritebackRanges);
        List<string> allowed = [.. Allowed(op, size, out List<string> demanded)];
        problems.AddRange(recorded.Select(r => EventText.Range(r.First, r.Last)).Except(allowed).Select(r => $"{r} is none that it asks for"));
        foreach (string wanted in demanded)
        {
            if (!recorded.Any(r => EventText.Range(r.First, r.Last) == wanted))
            {
                problems.AddRange(mapping.Entries.HasDirty() ? [$"{wanted} is missing"] : Array.Empty<string>());
                continue;
            }

            while (Run(recorded.Dequeue()) != wanted)
            {
            }
        }

        while (recorded.TryDequeue(out (long First, long Last) further))
        {
            Run(further);
        }

        return string.Join(", ", problems);
    }

    private string Run((long First, long Last) range)
    {
        if (range.Last < range.First)
        {
            // No page is meant, and the emulator has no such pass.
            mapping.Sink?.Receive(DaxEvent.WritebackRange(mapping.Id, new PageIndex(range.First), new PageIndex(range.Last)));
            mapping.Sink?.Receive(DaxEvent.WritebackRangeDone(mapping.Id, new PageIndex(range.First), new PageIndex(range.Last)));
        }

        WritebackPass.Run(mapping, PageRange.Between(new PageIndex(range.First), new PageIndex(range.Last) + 1), work.Cancellation);
        return EventText.Range(range.First, range.Last);
    }

    // Demanded is what a kernel asked for in every recording. The rest depends on what is not recorded: the size on the disk, the inode's
    // place in the list of dirty ones, how far an op came that was refused.
    private List<string> Allowed(GoldenOp op, long size, out List<string> demanded)
    {
        demanded = [];
        FileOperation? operation = op.Verb switch
        {
            "truncate" => FileOperation.Truncate,
            "fallocate" => FileOperation.Allocate,
            "fallocate_keep" => FileOperation.AllocateKeepingSize,
            "punch" => FileOperation.PunchHole,
            "zero" => FileOperation.ZeroRange,
            "collapse" => FileOperation.CollapseRange,
            "insert" => FileOperation.InsertRange,
            "syncfs" => FileOperation.Sync,
            _ => null,
        };
        if (operation is null)
        {
            return [];
        }

        FileSystemModel model = isXfs ? FileSystemModel.Xfs : FileSystemModel.Ext4;
        LayoutPlan plan = model.PlanFor(
            operation.Value, op.Arguments.Count > 0 ? op.Number(0) : 0, op.Arguments.Count > 1 ? op.Number(1) : 0, size);
        List<string> allowed = [.. Texts(plan.Writeback, plan.SecondWriteback, plan.WritebackIfZeroed)];
        if (operation is FileOperation.Truncate or FileOperation.CollapseRange)
        {
            // A collapse of XFS ends with a truncate. Where it has zeroed the new last page it asks from the old end to the new one.
            long newSize = operation == FileOperation.Truncate ? op.Number(0) : size - op.Number(1);
            allowed.AddRange(Texts(model.PlanFor(FileOperation.Truncate, newSize, 0, size).Writeback));
            allowed.Add(EventText.Range(size >> DaxConstants.PageShift, (newSize - 1) >> DaxConstants.PageShift));
        }

        if (op.Return >= 0 && operation != FileOperation.Sync)
        {
            bool isFlushed = operation != FileOperation.Truncate || mapping.Behaviour == KernelBehaviour.Linux61;
            bool isZeroed = operation != FileOperation.ZeroRange && size % DaxConstants.PageSize != 0
                && RecordedExtents.IsMapped(extents.Current, PageIndex.FromBytes(size));
            demanded = [.. Texts(isFlushed ? plan.Writeback : default, isZeroed ? plan.WritebackIfZeroed : default, plan.SecondWriteback)];
        }

        return allowed;
    }

    private static IEnumerable<string> Texts(params PageRange[] ranges) =>
        ranges.Where(r => !r.IsEmpty).Select(r => EventText.Range(r.First.Value, r.End.Value - 1));

    private Observed Change(GoldenOp op, long size)
    {
        if (op.Return < 0)
        {
            // XFS has unmapped the file before it refuses; the older kernel has emptied the range of a collapse, too.
            bool empties = op.Verb == "collapse" && mapping.Behaviour == KernelBehaviour.Linux61;
            ChangeLayout(empties && isXfs ? PageRange.Touching(op.Number(0), op.Number(1)) : default, dropsTranslations: isXfs);

            return Observed.Failed(Einval);
        }

        switch (op.Verb)
        {
            case "truncate":
                Truncate(op.Number(0), size);
                break;
            case "fallocate":
            case "fallocate_keep":
                ChangeLayout(default, dropsTranslations: isXfs);
                Extend(op.Verb == "fallocate" ? op.Number(0) + op.Number(1) : 0, size);
                break;
            case "punch":
                Punch(op.Number(0), op.Number(1), size);
                break;
            case "zero":
                Zero(op.Number(0), op.Number(1), size);
                break;
            case "collapse":
                Shift(op.Number(0));
                extents.Advance();
                SetSize(size - op.Number(1));
                break;
            case "insert":
                Shift(op.Number(0));
                extents.Advance();
                SetSize(size + op.Number(1));
                break;
            case "pwrite":
                return Pwrite(op, size);
            case "syncfs":
            case "fadvise":
            case "drop_caches":
                break;
            default:
                throw new FormatException($"unknown op '{op.Text}'.");
        }

        return new Observed();
    }

    /// <summary>How many bytes of the file there are, up to its end, and their checksum.</summary>
    public (long Count, uint Checksum) Read(long offset, long length)
    {
        long count = Math.Max(0, Math.Min(length, mapping.SizeBytes - offset));
        return (count, content.Checksum(extents.Current, offset, count));
    }

    // The recorded kernel has made the change: so the file had such a size, or the recording contradicts itself.
    private void SetSize(long sizeBytes)
    {
        if (sizeBytes < 0 || sizeBytes > mapping.MaximumSizeBytes)
        {
            throw new FormatException($"the file would get {sizeBytes} bytes; a file has from 0 to {mapping.MaximumSizeBytes}");
        }

        mapping.SetSize(sizeBytes);
    }

    private void Truncate(long newSize, long oldSize)
    {
        PageIndex end = new((newSize + DaxConstants.PageSize - 1) >> DaxConstants.PageShift);
        PageRange behind = PageRange.Between(end, PageRange.All.End);
        mapping.Unmap(behind, keepCopies: false);
        ChangeLayout(behind, dropsTranslations: true);
        if (newSize < oldSize)
        {
            ClearRestOfPage(newSize);
            SetSize(newSize);
        }

        Extend(newSize, oldSize);
    }

    private void Extend(long newSize, long oldSize)
    {
        if (newSize > oldSize)
        {
            if (isXfs)
            {
                // ext4 leaves what was stored past EOF through a mapping.
                ClearRestOfPage(oldSize);
            }

            SetSize(newSize);
        }

        extents.Advance();
    }

    private void Punch(long offset, long length, long size)
    {
        bool isBehindEnd = !isXfs && offset >= size;
        ChangeLayout(Takes(offset, length), dropsTranslations: !isBehindEnd);
        content.Clear(extents.Current, offset, length);
        extents.Advance();
    }

    private void Zero(long offset, long length, long size)
    {
        bool hasWholePage = !PageRange.Inside(offset, length).IsEmpty;
        ChangeLayout(Takes(offset, length), dropsTranslations: isXfs || hasWholePage);
        content.Clear(extents.Current, offset, length);
        Extend(offset + length, size);
    }

    // Blocks move from the offset on; XFS also takes the page before it.
    private void Shift(long offset)
    {
        PageIndex first = new(Math.Max(0, (offset >> DaxConstants.PageShift) - (isXfs ? 1 : 0)));
        ChangeLayout(PageRange.Between(first, PageRange.All.End), dropsTranslations: true);
    }

    private Observed Pwrite(GoldenOp op, long size)
    {
        long offset = op.Number(0);
        long length = op.Number(1);
        byte value = (byte)op.Number(2);
        IReadOnlyList<Extent> before = extents.Current;
        extents.Advance();
        UnmapFilled(before, PageRange.Touching(offset, length));
        Extend(offset + length, size);
        content.Fill(extents.Current, offset, length, value);
        return new Observed { Return = length };
    }

    // Pages that had no written block before the write and have one now.
    private void UnmapFilled(IReadOnlyList<Extent> before, PageRange pages)
    {
        IReadOnlyList<Extent> after = extents.Current;
        for (int i = RecordedExtents.FirstEndingAfter(after, pages.First); i < after.Count && after[i].First < pages.End; i++)
        {
            PageRange run = PageRange.Between(Max(pages.First, after[i].First), Min(pages.End, after[i].End));
            for (PageIndex page = run.First; after[i].Kind == ExtentKind.Mapped && page < run.End; page += 1)
            {
                work.Charge(1, ReplayWork.Row);
                if (!RecordedExtents.IsMapped(before, page))
                {
                    work.Charge(1, ReplayWork.Step);
                    Invalidator.InvalidateRangeIfClean(mapping, new PageRange(page, 1));
                    mapping.Unmap(new PageRange(page, 1));
                }
            }
        }
    }

    private static PageIndex Max(PageIndex a, PageIndex b) => a > b ? a : b;

    private static PageIndex Min(PageIndex a, PageIndex b) => a < b ? a : b;

    private PageRange Takes(long offset, long length) => isXfs ? PageRange.Touching(offset, length) : PageRange.Inside(offset, length);

    private void ChangeLayout(PageRange takesOut, bool dropsTranslations)
    {
        if (dropsTranslations)
        {
            mapping.Unmap(PageRange.All);
        }

        if (!takesOut.IsEmpty)
        {
            Invalidator.DeleteRange(mapping, takesOut);
        }
    }

    private void ClearRestOfPage(long from) => content.Clear(extents.Current, from, (-from) & (DaxConstants.PageSize - 1));
}
