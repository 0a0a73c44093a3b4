using System.Runtime.InteropServices;
using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Soak.Operations;

/// <summary>Pages that threads share line by line: each counts its own lines up, and any of them syncs or clones all lines meanwhile.</summary>
internal sealed class LineOperations(SoakJob job)
{
    private const int Refaults = 4;

    private readonly SoakFixture fixture = job.Fixture;
    private readonly SharedLines lines = job.Fixture.Lines;

    public bool Store(ref StepRandom random)
    {
        long page = ChoosePage(ref random);
        int way = random.Next(lines.Views.Count + 2);
        bool isPersisted = random.OneIn(8);
        bool isDropped = random.OneIn(8);
        bool isSynced = random.OneIn(3);
        int line = SharedLines.LineOf(job.Number);
        job.Begin(SoakOperation.LineStore, page, way: way);
        long offset = OffsetOf(page, line);
        Span<byte> bytes = job.Buffer.AsSpan(0, SharedLines.LineBytes);
        MemoryMarshal.Cast<byte, long>(bytes).Fill(lines.Begin(page, line));
        if (way < lines.Views.Count)
        {
            if (isDropped)
            {
                lines.Views[way].DontNeed(page << DaxConstants.PageShift, DaxConstants.PageSize);
            }

            lines.Views[way].CopyFrom(bytes, offset);
            if (isPersisted)
            {
                lines.Views[way].Persist(offset, bytes.Length);
            }
        }
        else if (way == lines.Views.Count)
        {
            lines.File.Write(bytes, offset);
            isPersisted = true;
        }
        else
        {
            using PagePin pin = lines.Views[0].Pin(page << DaxConstants.PageShift, DaxConstants.PageSize);
            bytes.CopyTo(fixture.Device.GetSpan(pin.Pages[0].First, 1)[(line * SharedLines.LineBytes)..]);
            isPersisted = true;
        }

        lines.Complete(page, line);
        if (isSynced && !isPersisted)
        {
            lines.Views[way].Sync(page << DaxConstants.PageShift, DaxConstants.PageSize);
        }

        if (isPersisted || isSynced)
        {
            var floor = new long[line + 1];
            floor[line] = lines.Own(page, line);
            RequireDurable(page, floor, 1);
        }

        return true;
    }

    public bool Load(ref StepRandom random)
    {
        long page = ChoosePage(ref random);
        int way = random.Next(lines.Views.Count + 1);
        int line = SharedLines.LineOf(job.Number);
        job.Begin(SoakOperation.LineLoad, page, way: way);
        Span<byte> bytes = job.Buffer.AsSpan(0, SharedLines.LineBytes);
        if (way < lines.Views.Count)
        {
            lines.Views[way].CopyTo(bytes, OffsetOf(page, line));
        }
        else
        {
            lines.File.Read(bytes, OffsetOf(page, line));
        }

        long expected = lines.Own(page, line);
        Span<long> words = MemoryMarshal.Cast<byte, long>(bytes);
        if (words.ContainsAnyExcept(expected))
        {
            job.Report(
                FindingKind.Lost, $"line {line} of shared page {page} was stored as {expected} and shows {words[0]} to {words[^1]} by view {way}");
        }

        return true;
    }

    /// <summary>
    /// A write fault without a store leaves the page writable and dirty, and a sync undoes both. A thread that is stopped between the two
    /// halves of the fault must not let the others store to a page that no sync looks at.
    /// </summary>
    public bool Refault(ref StepRandom random)
    {
        long page = ChoosePage(ref random);
        int way = random.Next(lines.Views.Count - 1);
        job.Begin(SoakOperation.LineRefault, page, way: way);
        for (int i = 0; i < Refaults; i++)
        {
            lines.Views[way].Sync(page << DaxConstants.PageShift, DaxConstants.PageSize);
            lines.Faults.Fault(lines.Views[way].Area, page, FaultFlags.UserAccess | FaultFlags.Write, PageOrder.Pte);
        }

        return true;
    }

    /// <summary>Whatever was complete before is durable afterwards.</summary>
    public bool Sync(ref StepRandom random)
    {
        long page = ChoosePage(ref random);
        int way = random.Next(lines.Views.Count + 1);
        job.Begin(SoakOperation.LineSync, page, way: way);
        long[] floor = lines.Floor(page, 1);
        if (way < lines.Views.Count)
        {
            lines.Views[way].Sync(page << DaxConstants.PageShift, DaxConstants.PageSize);
        }
        else
        {
            lines.File.Sync();
        }

        RequireDurable(page, floor, SharedLines.LinesPerPage);
        return true;
    }

    public bool Clone()
    {
        job.Begin(SoakOperation.LineClone, 0, lines.PageCount);
        Require(lines.Clone(job.Buffer), FindingKind.Lost);
        return true;
    }

    public bool LoadClone()
    {
        job.Begin(SoakOperation.LineCloneLoad, 0, lines.PageCount);
        Require(lines.CheckClone(job.Buffer), FindingKind.Stale);
        return true;
    }

    private static long OffsetOf(long page, int line) => (page << DaxConstants.PageShift) + (line * SharedLines.LineBytes);

    private long ChoosePage(ref StepRandom random) => SharedLines.PageOf(job.Number, random.OneIn(2) ? 0 : random.Next(SharedLines.ChoiceCount));

    private void RequireDurable(long page, long[] floor, int count)
    {
        Require(lines.FindUndurable(fixture, page, floor), FindingKind.Undurable);
        job.CountKept(count);
    }

    private void Require(string? problem, FindingKind kind)
    {
        if (problem is not null)
        {
            job.Report(kind, problem);
        }
    }
}
