using DaxEmu.Core.Fs;

namespace DaxEmu.Core;

/// <summary>
/// What a file system does to a file's entries and translations around its own operations. XFS and ext4 differ: which ranges they write
/// back first, which translations they drop, how they round.
/// </summary>
/// <remarks>
/// The rules were read off running kernels (6.1, and XFS on 6.12). Each recorded request for writeback is one that the plan names. The plan
/// may name more: a kernel asks only if the file has a dirty page, which <see cref="LayoutChange"/> looks at too; XFS writes the new last
/// page of a shrinking file back on 6.1 but not on 6.12; and an extending operation does so only if it zeroed something.
/// </remarks>
public sealed class FileSystemModel
{
    private readonly bool isXfs;

    private FileSystemModel(string name, bool isXfs)
    {
        Name = name;
        this.isXfs = isXfs;
    }

    /// <summary>XFS: the default. Every change of layout drops all of the file's translations; ranges are rounded outwards to pages.</summary>
    public static FileSystemModel Xfs { get; } = new("xfs", isXfs: true);

    /// <summary>ext4. fallocate drops nothing; truncate and zero range write nothing back; ranges are rounded inwards.</summary>
    public static FileSystemModel Ext4 { get; } = new("ext4", isXfs: false);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<FileSystemModel> All { get; } = [Xfs, Ext4];

    /// <summary>The name by which they are chosen.</summary>
    public string Name { get; }

    /// <summary>
    /// Whether bytes past EOF, stored there through a mapping of the last page, are zeroed when the file grows. XFS
    /// does; ext4 was seen to leave them.
    /// </summary>
    internal bool ZeroesBehindEnd => isXfs;

    /// <summary>The model of that name.</summary>
    /// <exception cref="ArgumentException">There are none; the message lists them.</exception>
    public static FileSystemModel ByName(string name) =>
        All.FirstOrDefault(h => h.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException(
            $"there is no file-system model '{name}'. Choose one of: {string.Join(", ", All.Select(h => h.Name))}.", nameof(name));

    /// <summary>What goes before an operation.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="offsetBytes">Where it begins; of a truncate the new size.</param>
    /// <param name="lengthBytes">How many bytes it is about; of a truncate without meaning.</param>
    /// <param name="oldSizeBytes">The file's size before it.</param>
    internal LayoutPlan PlanFor(FileOperation operation, long offsetBytes, long lengthBytes, long oldSizeBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBytes, long.MaxValue - offsetBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(oldSizeBytes);
        return operation switch
        {
            FileOperation.Sync => new LayoutPlan { Writeback = PageRange.All },
            FileOperation.Truncate => Truncate(offsetBytes, oldSizeBytes),
            FileOperation.Allocate => Allocate(offsetBytes + lengthBytes, oldSizeBytes),
            FileOperation.AllocateKeepingSize => Allocate(0, oldSizeBytes),
            FileOperation.PunchHole => Punch(offsetBytes, lengthBytes, oldSizeBytes),
            FileOperation.ZeroRange => Zero(offsetBytes, lengthBytes, oldSizeBytes),
            FileOperation.CollapseRange => Collapse(offsetBytes, lengthBytes, oldSizeBytes),
            FileOperation.InsertRange => Insert(offsetBytes, lengthBytes, oldSizeBytes),
            _ => default,
        };
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    private LayoutPlan Truncate(long newSize, long oldSize)
    {
        PageRange pastEof = From(PageRange.Inside(newSize, 0).First);
        return new LayoutPlan
        {
            Writeback = isXfs && newSize <= oldSize ? PageRange.Touching(newSize, 1) : default,
            WritebackIfZeroed = Extension(newSize, oldSize),
            DropsTranslations = true,
            DropsCopies = pastEof,
            TakesOut = pastEof,
        };
    }

    private LayoutPlan Allocate(long newSize, long oldSize) =>
        new() { WritebackIfZeroed = Extension(newSize, oldSize), DropsTranslations = isXfs };

    private LayoutPlan Punch(long offset, long length, long oldSize) => new()
    {
        Writeback = PageRange.Touching(offset, length),
        SecondWriteback = LastPage(offset, length, oldSize),
        DropsTranslations = isXfs || offset < oldSize,
        TakesOut = Rounded(offset, length),
    };

    private LayoutPlan Zero(long offset, long length, long oldSize) => new()
    {
        Writeback = isXfs ? PageRange.Touching(offset, length) : default,
        SecondWriteback = LastPage(offset, length, oldSize),
        WritebackIfZeroed = Extension(offset + length, oldSize),
        DropsTranslations = isXfs || !PageRange.Inside(offset, length).IsEmpty,
        TakesOut = Rounded(offset, length),
    };

    private LayoutPlan Collapse(long offset, long length, long oldSize) => new()
    {
        Writeback = isXfs ? PageRange.Touching(offset, length) : PageRange.Touching(offset, 1),
        SecondWriteback = isXfs ? Moved(offset, oldSize) : From(PageIndex.FromBytes(offset + length)),
        DropsTranslations = true,
        TakesOut = From(FirstMoved(offset)),
    };

    private LayoutPlan Insert(long offset, long length, long oldSize) => new()
    {
        Writeback = isXfs ? default : From(PageIndex.FromBytes(offset)),
        WritebackIfZeroed = Extension(oldSize + length, oldSize),
        SecondWriteback = isXfs ? Moved(offset, oldSize + length) : default,
        DropsTranslations = true,
        TakesOut = From(FirstMoved(offset)),
    };

    // XFS also takes the page before those that move: it may be joined with them.
    private PageIndex FirstMoved(long offset) => new(Math.Max(0, PageIndex.FromBytes(offset).Value - (isXfs ? 1 : 0)));

    // The size is given where a length is meant: so the range reaches past EOF by as much as it begins after the start.
    private PageRange Moved(long offset, long size)
    {
        long first = FirstMoved(offset).OffsetBytes;
        return PageRange.Touching(first, Math.Min(size, long.MaxValue - first));
    }

    // The page that holds the end, if the operation reaches over it and the end lies inside a page.
    private PageRange LastPage(long offset, long length, long oldSize) =>
        isXfs && offset < oldSize && offset + length >= oldSize && oldSize % DaxConstants.PageSize != 0
            ? From(PageIndex.FromBytes(oldSize))
            : default;

    private PageRange Extension(long newSize, long oldSize) =>
        isXfs && newSize > oldSize ? PageRange.Touching(oldSize, newSize - oldSize) : default;

    private PageRange Rounded(long offset, long length) => isXfs ? PageRange.Touching(offset, length) : PageRange.Inside(offset, length);

    private static PageRange From(PageIndex first) => PageRange.Between(first, PageRange.All.End);
}
