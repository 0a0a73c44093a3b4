using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Native.Failures;

namespace DaxEmu.Core;

/// <summary>
/// The device pages whose content is lost (the kernel's bad blocks, <c>dax_is_poisoned</c> and <c>memory_failure</c>): reading one is an
/// error until it was written as a whole. Safe for many threads; with no poisoned page a test is one plain load.
/// </summary>
/// <remarks>
/// Kept in memory with the device object only. A real device remembers its bad blocks; here a device opened anew on the same path has none, and the
/// pages hold what they held.
/// </remarks>
public sealed class PoisonList
{
    // The count on lines of its own, since every test reads it; the bits of the pages after it.
    private const int CountIndex = 16;
    private const int FirstBitWord = 32;
    private const int PagesPerWord = 64;

    // Pinned, so that atomic steps may take addresses. Managed, so that a test after the device's end meets no unmapped memory.
    private readonly ulong[] words;
    private readonly long pageCount;

    internal PoisonList(long pageCount)
    {
        this.pageCount = pageCount;
        words = GC.AllocateArray<ulong>(checked((int)(FirstBitWord + ((pageCount + PagesPerWord - 1) / PagesPerWord))), pinned: true);
    }

    /// <summary>How many pages are poisoned, as a word that does not move and lives as long as the list.</summary>
    internal unsafe ulong* CountWord => (ulong*)Marshal.UnsafeAddrOfPinnedArrayElement(words, CountIndex);

    /// <summary>Whether no page is poisoned.</summary>
    public bool IsEmpty => Atomic.Load(ref words[CountIndex], Site.Poison) == 0;

    /// <summary>Whether the page is poisoned.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The device has no such page.</exception>
    public bool Contains(Pfn page)
    {
        Check(page);
        if (Fallible.Fails(FallibleStep.Poison))
        {
            return true;
        }

        return !IsEmpty && (Atomic.Load(ref Word(page.Value), Site.Poison) & Bit(page.Value)) != 0;
    }

    /// <summary>Poisons a page.</summary>
    /// <returns>False if it was poisoned already.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The device has no such page.</exception>
    public bool Mark(Pfn page)
    {
        Check(page);

        // Counted before its bit is set, and a clear counts down after its bit is gone: the count is never below the number of bits, so
        // "0" cannot hide a page whose marking is complete.
        Atomic.Add(ref words[CountIndex], 1, Site.Poison);
        if ((Atomic.Or(ref Word(page.Value), Bit(page.Value), Site.Poison) & Bit(page.Value)) == 0)
        {
            return true;
        }

        Atomic.Add(ref words[CountIndex], -1, Site.Poison);
        return false;
    }

    /// <summary>Clears a page's poison: it was written as a whole.</summary>
    /// <returns>False if it was not poisoned.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The device has no such page.</exception>
    public bool Clear(Pfn page)
    {
        Check(page);
        if (IsEmpty || (Atomic.And(ref Word(page.Value), ~Bit(page.Value), Site.Poison) & Bit(page.Value)) == 0)
        {
            return false;
        }

        Atomic.Add(ref words[CountIndex], -1, Site.Poison);
        return true;
    }

    /// <summary>Clears the poison of every page of a range.</summary>
    /// <returns>How many were poisoned.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The device does not have all these pages.</exception>
    public long Clear(Pfn first, long pageCount)
    {
        long cleared = 0;
        Pfn next = first;
        while (Search(next, pageCount - (next.Value - first.Value)) is { } poisoned)
        {
            cleared += Clear(poisoned) ? 1 : 0;
            next = poisoned + 1;
        }

        return cleared;
    }

    /// <summary>The first poisoned page of a range, or null if it has none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The device does not have all these pages.</exception>
    public Pfn? FindFirst(Pfn first, long pageCount) =>
        pageCount > 0 && Fallible.Fails(FallibleStep.Poison) ? first : Search(first, pageCount);

    /// <summary>All poisoned pages, ascending, as they were seen one after another.</summary>
    public IReadOnlyList<Pfn> Snapshot()
    {
        List<Pfn> pages = [];
        for (Pfn next = new(0); Search(next, pageCount - next.Value) is { } found; next = found + 1)
        {
            pages.Add(found);
        }

        return pages;
    }

    /// <summary>Names its words.</summary>
    internal unsafe void NameLines(LineNames names)
    {
        // SAFETY: the array is pinned, and the names are used while the device is open.
        names.Add(Unsafe.AsPointer(ref words[CountIndex]), 1, sizeof(ulong), _ => "count of poisoned pages");
        names.Add(
            Unsafe.AsPointer(ref words[FirstBitWord]), words.Length - FirstBitWord, sizeof(ulong), word => $"poison of device pages from {word * PagesPerWord} on");
    }

    // As a clearing and a listing look, which cannot fail.
    private Pfn? Search(Pfn first, long pageCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first.Value, nameof(first));
        ArgumentOutOfRangeException.ThrowIfNegative(pageCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first.Value, this.pageCount, nameof(first));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pageCount, this.pageCount - first.Value);
        if (IsEmpty)
        {
            return null;
        }

        long end = first.Value + pageCount;
        long page = first.Value;
        while (page < end)
        {
            ulong rest = Atomic.Load(ref Word(page), Site.Poison) >> (int)(page % PagesPerWord);
            if (rest != 0)
            {
                page += BitOperations.TrailingZeroCount(rest);
                return page < end ? new Pfn(page) : null;
            }

            page += PagesPerWord - (page % PagesPerWord);
        }

        return null;
    }

    private static ulong Bit(long page) => 1UL << (int)(page % PagesPerWord);

    private ref ulong Word(long page) => ref words[FirstBitWord + (page / PagesPerWord)];

    private void Check(Pfn page)
    {
        if ((ulong)page.Value >= (ulong)pageCount)
        {
            throw new ArgumentOutOfRangeException(nameof(page), $"There is no page {page} on a device of {pageCount} pages.");
        }
    }
}
