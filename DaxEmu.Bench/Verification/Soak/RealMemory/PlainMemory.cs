using System.Runtime.InteropServices;
using DaxEmu.Core;
using DaxEmu.Native.Libc;

namespace DaxEmu.Bench.Verification.Soak.RealMemory;

/// <summary>The loads and stores of a thread: plain ones of managed code, or libc's.</summary>
internal sealed unsafe class PlainMemory(bool isNative)
{
    private const int LineBytes = 64;

    private readonly byte[] buffer = GC.AllocateArray<byte>(DaxConstants.PageSize, pinned: true);

    /// <summary>Whether libc accesses the memory.</summary>
    public bool IsNative => isNative;

    /// <summary>Fills a page with a stamp.</summary>
    /// <param name="view">The view.</param>
    /// <param name="page">The page of the view.</param>
    /// <param name="stamp">The stamp.</param>
    /// <param name="wordByWord">Whether each word is a store of its own, in managed code.</param>
    public void Store(HostView view, long page, PageStamp stamp, bool wordByWord)
    {
        Span<byte> bytes = view.GetSpan(page * DaxConstants.PageSize, DaxConstants.PageSize);
        if (isNative)
        {
            stamp.Fill(buffer);
            fixed (byte* to = bytes, from = buffer)
            {
                _ = stamp.IsZero ? MemoryCalls.Fill(to, 0, DaxConstants.PageSize) : MemoryCalls.Copy(to, from, DaxConstants.PageSize);
            }
        }
        else if (wordByWord)
        {
            Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
            for (int i = 0; i < words.Length; i++)
            {
                words[i] = stamp.Word;
            }
        }
        else
        {
            stamp.Fill(bytes);
        }
    }

    /// <summary>Loads a page and compares it with the stamp that it must have.</summary>
    /// <returns>What is wrong; null if nothing is.</returns>
    public FindingKind? Judge(HostView view, long page, PageStamp expected, out string seen)
    {
        Span<byte> bytes = view.GetSpan(page * DaxConstants.PageSize, DaxConstants.PageSize);
        if (!isNative)
        {
            seen = string.Empty;
            if (MemoryMarshal.Cast<byte, ulong>(bytes).IndexOfAnyExcept(expected.Word) < 0)
            {
                return null;
            }

            bytes.CopyTo(buffer); // judged as it is now, and shown as it is judged
        }
        else
        {
            fixed (byte* from = bytes, to = buffer)
            {
                _ = MemoryCalls.Copy(to, from, DaxConstants.PageSize);
            }
        }

        return expected.Judge(buffer, out seen) ?? (isNative ? null : Changed(expected, out seen));
    }

    /// <summary>Counts a line up that this thread alone stores to.</summary>
    /// <returns>What it held.</returns>
    public ulong CountUp(HostView view, int line)
    {
        Span<byte> bytes = view.GetSpan((HostSoakFile.LinePage * (long)DaxConstants.PageSize) + (line * LineBytes), sizeof(ulong));
        ulong value;
        if (isNative)
        {
            fixed (byte* at = bytes)
            {
                _ = MemoryCalls.Copy(&value, at, sizeof(ulong));
                ulong next = value + 1;
                _ = MemoryCalls.Copy(at, &next, sizeof(ulong));
            }

            return value;
        }

        ref ulong word = ref MemoryMarshal.AsRef<ulong>(bytes);
        value = word;
        word = value + 1;
        return value;
    }

    /// <summary>Whether a load of a page is refused.</summary>
    public bool IsRefused(HostView view, long page, bool isStore)
    {
        long offset = page * DaxConstants.PageSize;
        try
        {
            if (isNative)
            {
                // By the copy that reports: a signal would end the process.
                _ = isStore ? view.Write([1], offset) : view.Read(buffer.AsSpan(0, 1), offset);
            }
            else if (isStore)
            {
                view.GetSpan(offset, 1)[0] = 1;
            }
            else
            {
                buffer[0] = view.GetSpan(offset, 1)[0];
            }

            return false;
        }
        catch (Exception refused) when (refused is NullReferenceException or DaxException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    // The page showed something else a moment before.
    private static FindingKind Changed(PageStamp expected, out string seen)
    {
        seen = $"something else for a moment instead of {expected}";
        return FindingKind.Stale;
    }
}
