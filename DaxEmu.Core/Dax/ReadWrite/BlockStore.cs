using System.Runtime.CompilerServices;
using DaxEmu.Core.Dax.Invalidation;
using DaxEmu.Core.Iomap;
using DaxEmu.Core.Mm;
using DaxEmu.Native;
using DaxEmu.Native.Failures;

namespace DaxEmu.Core.Dax.ReadWrite;

/// <summary>Whether the caller already keeps faults out of the file.</summary>
internal enum FaultsAre
{
    /// <summary>Faults may run.</summary>
    Allowed,

    /// <summary>The caller holds the invalidate lock for writing.</summary>
    KeptOut,
}

/// <summary>Stores bytes or zeroes into a file's blocks, a piece of one extent at a time (<c>dax_iomap_iter</c> of a write).</summary>
/// <remarks>
/// Stores go around the caches, so they need no entry and no writeback: when a piece is stored they are ordered, and durable when the
/// metadata that lead to them are. Who maps the same pages sees them at once.
/// </remarks>
internal static class BlockStore
{
    /// <summary>Stores one piece from <paramref name="offsetBytes"/> on.</summary>
    /// <param name="mapping">The file. The caller keeps other writers and changes of layout out.</param>
    /// <param name="offsetBytes">Where it begins.</param>
    /// <param name="lengthBytes">How many bytes are left; at least 1.</param>
    /// <param name="source">The bytes; empty for zeroes.</param>
    /// <param name="faults">Whether the caller keeps faults out.</param>
    /// <param name="storedBytes">How many bytes of the file are dealt with.</param>
    /// <param name="isSkipped">Whether they read as zeroes anyway and were left alone.</param>
    public static IoError Store(
        AddressSpace mapping, long offsetBytes, long lengthBytes, ReadOnlySpan<byte> source, FaultsAre faults, out long storedBytes, out bool isSkipped)
    {
        storedBytes = 0;
        isSkipped = false;
        PageRange pages = PageRange.Touching(offsetBytes, lengthBytes);
        ExtentAnswer answer = mapping.Extents.Find(pages.First, pages.PageCount, IntentFor(source));
        if (answer.Error != IoError.None)
        {
            return answer.Error;
        }

        if (answer.Target.ReadsAsZeroes)
        {
            isSkipped = source.IsEmpty;
            storedBytes = isSkipped ? Math.Min(lengthBytes, answer.Target.End.OffsetBytes - offsetBytes) : 0;
            return isSkipped ? IoError.None : IoError.Io;
        }

        return answer.IsCopy
            ? StoreCopied(mapping, offsetBytes, lengthBytes, source, faults, out storedBytes)
            : StoreInPlace(mapping, answer.Target, offsetBytes, lengthBytes, source, out storedBytes);
    }

    /// <summary>Stores bytes over ones that are there: in blocks of the file's own, before its end. Changes nothing but the bytes.</summary>
    /// <param name="mapping">The file. The caller keeps changes of layout and size out; other writers may run.</param>
    /// <param name="offsetBytes">Where they begin.</param>
    /// <param name="source">The bytes.</param>
    /// <param name="error">Why the storage failed.</param>
    /// <returns>False if something must be done first, or the bytes lie in several pieces: nothing was stored.</returns>
    public static bool TryOverwrite(AddressSpace mapping, long offsetBytes, ReadOnlySpan<byte> source, out IoError error)
    {
        error = IoError.None;
        if (source.Length > mapping.SizeBytes - offsetBytes || !mapping.Device.Poison.IsEmpty)
        {
            return false;
        }

        PageRange pages = PageRange.Touching(offsetBytes, source.Length);
        if (Fallible.Fails(FallibleStep.ExtentMap) || !TryFindOwn(mapping, pages, out Pfn pfn))
        {
            return false;
        }

        if (!TryPut(mapping.Device, pfn.OffsetBytes + (offsetBytes - pages.First.OffsetBytes), source, source.Length))
        {
            error = IoError.Io;
        }

        mapping.Device.DrainUnchecked(); // durable like every write
        return true;
    }

    // Blocks that are the file's alone, and behind all of the pages.
    private static bool TryFindOwn(AddressSpace mapping, PageRange pages, out Pfn first) =>
        mapping.FileExtents is { } extents ? extents.TryFindOwn(pages, out first) : TryAskOwn(mapping, pages, out first);

    // Apart, so that its frame costs the way above nothing.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool TryAskOwn(AddressSpace mapping, PageRange pages, out Pfn first)
    {
        ExtentAnswer answer = mapping.Extents.Find(pages.First, pages.PageCount, ExtentIntent.Read);
        Extent extent = answer.Target;
        first = extent.PfnAt(pages.First);
        return answer.Error == IoError.None && !extent.ReadsAsZeroes && !extent.IsShared && !answer.IsCopy && extent.End >= pages.End;
    }

    private static ExtentIntent IntentFor(ReadOnlySpan<byte> source) =>
        source.IsEmpty ? ExtentIntent.Write | ExtentIntent.Zero : ExtentIntent.Write;

    private static IoError StoreInPlace(
        AddressSpace mapping, in Extent target, long offset, long length, ReadOnlySpan<byte> source, out long stored)
    {
        stored = 0;
        length = Math.Min(length, target.End.OffsetBytes - offset);
        PageRange pages = PageRange.Touching(offset, length);
        if ((target.Flags & ExtentFlags.New) != 0)
        {
            // A VMA that maps the hole must see the block, whatever becomes of the store: the next one will not find it new. Entries first:
            // a fault that found the hole holds its entry until the zero page is mapped, so the translation is there to be cleared when the
            // entry has been waited for.
            Invalidator.InvalidateRangeIfClean(mapping, pages);
            mapping.Unmap(pages);
        }

        Pfn first = target.PfnAt(pages.First);
        PoisonList poison = mapping.Device.Poison;
        bool clearsPoison = false;
        if (poison.FindFirst(first, pages.PageCount) is { } poisoned)
        {
            if (poisoned != first)
            {
                length = (pages.First + (poisoned.Value - first.Value)).OffsetBytes - offset;
            }
            else if (offset == pages.First.OffsetBytes && length >= DaxConstants.PageSize)
            {
                clearsPoison = true;
                length = DaxConstants.PageSize;
            }
            else
            {
                return IoError.Poison;
            }
        }

        if (!TryPut(mapping.Device, first.OffsetBytes + (offset - pages.First.OffsetBytes), source, length))
        {
            return IoError.Io;
        }

        mapping.Device.DrainUnchecked();
        if (clearsPoison)
        {
            poison.Clear(first);
        }

        stored = length;
        return IoError.None;
    }

    // Shared blocks. A fault that copies the same page at the same time would overwrite the bytes stored here: so faults are kept out, from
    // the answer to the end of the copy.
    private static IoError StoreCopied(
        AddressSpace mapping, long offset, long length, ReadOnlySpan<byte> source, FaultsAre faults, out long stored)
    {
        if (faults == FaultsAre.KeptOut)
        {
            return StoreCopiedHeld(mapping, offset, length, source, out stored);
        }

        using AsymmetricLock.WriteHold hold = mapping.InvalidateLock.Write();
        return StoreCopiedHeld(mapping, offset, length, source, out stored);
    }

    private static IoError StoreCopiedHeld(AddressSpace mapping, long offset, long length, ReadOnlySpan<byte> source, out long stored)
    {
        stored = 0;
        PageRange asked = PageRange.Touching(offset, length);
        ExtentAnswer answer = mapping.Extents.Find(asked.First, asked.PageCount, IntentFor(source));
        if (answer.Error != IoError.None)
        {
            return answer.Error;
        }

        if (!answer.IsCopy)
        {
            return IoError.None; // a fault has copied the block meanwhile: the caller comes again
        }

        length = Math.Min(length, answer.Target.End.OffsetBytes - offset);
        PageRange pages = PageRange.Touching(offset, length);
        CopyAround around = CopyAround.Write(answer, offset, length);
        bool isLost = IsPoisoned(mapping, around.Head) || IsPoisoned(mapping, around.Tail);

        // All that can fail is done on fresh blocks, which are shown to no reader before the last step.
        PmemDevice device = mapping.Device;
        bool isStored = !isLost
            && TryPut(device, around.Head)
            && TryPut(device, around.Tail)
            && TryPut(device, answer.Target.PfnAt(pages.First).OffsetBytes + (offset - pages.First.OffsetBytes), source, length);
        device.DrainUnchecked();
        if (!isStored || !TryReplaceEntries(mapping, pages))
        {
            mapping.ReleaseBlocks(mapping.Extents.End(answer, default));
            return isLost ? IoError.Poison : IoError.Io;
        }

        device.Poison.Clear(answer.Target.PfnAt(pages.First), pages.PageCount);
        mapping.ReleaseBlocks(mapping.Extents.End(answer, pages));
        stored = length;
        return IoError.None;
    }

    /// <summary>Takes out the entries of blocks that are about to be replaced by copies; the caller keeps faults out.</summary>
    /// <remarks>
    /// Whatever their marks: an entry that stayed, because a writeback pass has chosen it for a moment, would go on showing the block that
    /// the file gave up (B29). Pages of the same entries that keep their blocks are made durable first.
    /// </remarks>
    /// <returns>False if the storage failed; the entries are still there then.</returns>
    internal static bool TryReplaceEntries(AddressSpace mapping, PageRange pages)
    {
        PageRange whole = LayoutBreak.WholeEntries(mapping.Entries, pages);
        mapping.Unmap(whole);
        try
        {
            LayoutBreak.FlushKept(mapping, pages, discards: pages);
        }
        catch (DaxEnvironmentException)
        {
            return false;
        }

        LayoutBreak.TakeOut(mapping, pages);
        return true;
    }

    private static bool IsPoisoned(AddressSpace mapping, CopyPart part) =>
        !part.IsEmpty && !part.IsZero && mapping.Device.Poison.Contains(new Pfn(part.SourceOffsetBytes >> DaxConstants.PageShift));

    private static bool TryPut(PmemDevice device, CopyPart part)
    {
        if (part.IsEmpty)
        {
            return true;
        }

        ReadOnlySpan<byte> source = default;
        if (!part.IsZero)
        {
            source = device.SpanUnchecked(part.SourceOffsetBytes, (int)part.LengthBytes);
            device.Media?.Read(part.SourceOffsetBytes, part.LengthBytes);
        }

        return TryPut(device, part.TargetOffsetBytes, source, part.LengthBytes);
    }

    // False if the storage failed: what was stored may show, and is not durable.
    private static bool TryPut(PmemDevice device, long deviceOffset, ReadOnlySpan<byte> source, long length)
    {
        try
        {
            if (source.IsEmpty)
            {
                device.ZeroUnchecked(deviceOffset, length);
            }
            else
            {
                device.CopyUnchecked(deviceOffset, source[..(int)length]);
            }

            return true;
        }
        catch (DaxEnvironmentException)
        {
            return false;
        }
    }
}
