using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>A recorded scenario: what a kernel did, op by op.</summary>
/// <param name="Name">What it shows.</param>
/// <param name="Kernel">The kernel's release.</param>
/// <param name="FileSystem">The file system and its mount options.</param>
/// <param name="Ops">The ops in order.</param>
internal sealed record GoldenScenario(string Name, string Kernel, string FileSystem, IReadOnlyList<GoldenOp> Ops)
{
    /// <summary>How errors call the file that it was read from.</summary>
    public string Source { get; init; } = Name;
}

/// <summary>One op and what the kernel showed after it. State that did not change by the op is null.</summary>
internal sealed record GoldenOp(string Text, long Return, int Errno)
{
    /// <summary>The line of the file, from 1.</summary>
    public int Line { get; init; }

    /// <summary>Its first word.</summary>
    public string Verb { get; init; } = string.Empty;

    /// <summary>Its other words.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The signal of an access that was killed, 0 if none.</summary>
    public int Signal { get; init; }

    /// <summary>The byte that a read saw.</summary>
    public byte? Byte { get; init; }

    /// <summary>FNV-1a of the bytes that a pread returned.</summary>
    public uint? Checksum { get; init; }

    /// <summary>The file's extents after the op.</summary>
    public List<Extent>? Extents { get; init; }

    /// <summary>The entry table after the op.</summary>
    public List<EntryRow>? Entries { get; init; }

    /// <summary>The page tables of both mappings after the op.</summary>
    public List<TableRow>?[] Tables { get; init; } = new List<TableRow>?[2];

    /// <summary>The kernel's events that count, as short lines, in order.</summary>
    public List<string> Events { get; init; } = [];

    /// <summary>The ranges for which the file system asked writeback: first and last page.</summary>
    public IReadOnlyList<(long First, long Last)> WritebackRanges { get; init; } = [];

    /// <summary>An argument as a number.</summary>
    public long Number(int argument) => long.Parse(Arguments[argument], System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>A row of the entry table.</summary>
/// <param name="First">First page.</param>
/// <param name="PageCount">1 or 512.</param>
/// <param name="Kind"><c>m</c>apped, <c>z</c>ero or <c>e</c>mpty.</param>
/// <param name="Pfn">First device page of a mapped entry, else -1.</param>
/// <param name="IsDirty">Whether it needs writeback.</param>
internal readonly record struct EntryRow(long First, long PageCount, char Kind, long Pfn, bool IsDirty)
{
    public override string ToString() =>
        $"{First}{(PageCount > 1 ? "+512" : string.Empty)}{Kind}{(Pfn < 0 ? string.Empty : "@" + Pfn)}{(IsDirty ? "*" : string.Empty)}";
}

/// <summary>A row of a page table.</summary>
/// <param name="Kind"><c>H</c>uge, <c>P</c>age or <c>T</c>able.</param>
/// <param name="Page">From the start of the mapping.</param>
/// <param name="Where">A device page; -1 the zero page, -2 a private copy, 0 for a table.</param>
/// <param name="IsWritable">Whether it may be written through.</param>
/// <param name="IsDirty">Whether it was.</param>
internal readonly record struct TableRow(char Kind, long Page, long Where, bool IsWritable, bool IsDirty)
{
    public const long ZeroPage = -1;
    public const long Copy = -2;

    public override string ToString() => Kind == 'T'
        ? $"T{Page}"
        : $"{Kind}{Page}:{Where switch { ZeroPage => "z", Copy => "a", _ => Where }}{(IsWritable ? "w" : "r")}{(IsDirty ? "*" : string.Empty)}";
}
