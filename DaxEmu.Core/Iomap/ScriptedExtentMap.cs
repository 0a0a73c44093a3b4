namespace DaxEmu.Core.Iomap;

/// <summary>The file system as which a <see cref="ScriptedExtentMap"/> answers.</summary>
internal enum ScriptedFileSystem
{
    /// <summary>XFS: some answers to a write are joined with their neighbours.</summary>
    Xfs,

    /// <summary>ext4: an answer to a write ends where the run ended that it filled.</summary>
    Ext4,
}

/// <summary>
/// The extents of a file whose file system lived elsewhere: before and after each operation of a recorded trace. A fault core that asks
/// it takes the decisions that the recorded kernel took.
/// </summary>
/// <remarks>
/// <para>Reads are answered from the extents before the operation. A write to pages that are not mapped there changes to the extents after
/// it, at once and for all pages: what was allocated stays, also when the fault then falls back, and the 4 KiB fault
/// that follows finds its page mapped and is not a major one.</para>
/// <para>What is not obvious, as recorded for a 2 MiB write:</para>
/// <list type="bullet">
/// <item>The file system is asked from the start of the 2 MiB on, and serves the first run there. Only if the touched page lies in
/// that run (<see cref="TouchedPage"/>) does the change to the extents after the operation take place; otherwise the answer is the short run
/// as it was, and the page's own 4 KiB fault allocates and is a major one.</item>
/// <item>The answer is as long as the run that was filled, though it may now continue its neighbours. XFS alone answers with the joined run
/// in two cases: the run was unwritten, so that a conversion joined it; or the 2 MiB reach past the size of the file.</item>
/// <item>An answer is never longer than the run after the operation.</item>
/// </list>
/// <para>For one replaying thread, not for several.</para>
/// </remarks>
internal sealed class ScriptedExtentMap : IExtentMap
{
    private readonly ScriptedFileSystem fileSystem;
    private Extent[] before = [];
    private Extent[] after = [];

    /// <summary>A file without extents, of size 0.</summary>
    public ScriptedExtentMap(ScriptedFileSystem fileSystem) => this.fileSystem = fileSystem;

    /// <summary>Size of the file now, in bytes.</summary>
    public long SizeBytes { get; set; }

    /// <summary>Whether the next synchronous fault meets metadata that is not durable, though it allocates nothing. Cleared by <see cref="Commit"/>.</summary>
    public bool IsMetadataDirty { get; set; }

    /// <summary>The file's page that the operation touches; null if it touches none, or many: then every write may allocate.</summary>
    public PageIndex? TouchedPage { get; set; }

    /// <summary>The extents that a read is answered from now, holes left out.</summary>
    public IReadOnlyList<Extent> Current => before;

    /// <summary>Sets what lies behind the pages before the operation.</summary>
    /// <param name="extents">In ascending order, as the file system listed them; holes are left out.</param>
    public void SetBefore(IEnumerable<Extent> extents) => before = Checked(extents);

    /// <summary>Sets what lies behind the pages after the operation.</summary>
    /// <param name="extents">In ascending order, as the file system listed them; holes are left out.</param>
    public void SetAfter(IEnumerable<Extent> extents) => after = Checked(extents);

    /// <summary>Ends the operation: what lay behind the pages after it lies there now.</summary>
    public void Advance() => before = after;

    /// <inheritdoc/>
    public ExtentAnswer Find(PageIndex index, long pageCount, ExtentIntent intent)
    {
        Extent now = Run(before, index);
        if ((intent & ExtentIntent.Write) == 0)
        {
            return ExtentAnswer.Of(WithDirty(now));
        }

        bool isNew = now.Kind != ExtentKind.Mapped;
        if (isNew && TouchedPage is { } touched && pageCount > 1 && !now.Contains(touched))
        {
            return ExtentAnswer.Of(now);
        }

        Extent then = Run(after, index);
        long length = now.PageCount;
        if (isNew)
        {
            before = after;
            bool reachesPastSize = (index + DaxConstants.PagesPerPmd).OffsetBytes > SizeBytes;
            bool isJoined = fileSystem == ScriptedFileSystem.Xfs && (now.Kind == ExtentKind.Unwritten || reachesPastSize);
            length = isJoined ? then.PageCount : length;
        }

        then = then with { PageCount = Math.Min(length, then.PageCount) };
        return ExtentAnswer.Of(WithDirty(isNew && then.Kind == ExtentKind.Mapped
            ? then with { Flags = ExtentFlags.New | ExtentFlags.Dirty }
            : then));
    }

    /// <inheritdoc/>
    public void Commit() => IsMetadataDirty = false;

    /// <summary>The run of one kind from a page on, up to where the list's extent or hole ends.</summary>
    internal static Extent Run(ReadOnlySpan<Extent> extents, PageIndex index)
    {
        // The first extent that covers the page or lies behind it.
        int low = 0;
        for (int high = extents.Length; low < high;)
        {
            int middle = (low + high) / 2;
            (low, high) = extents[middle].End > index ? (low, middle) : (middle + 1, high);
        }

        if (low < extents.Length && extents[low].Contains(index))
        {
            return ExtentTree.Cut(extents[low], PageRange.Between(index, extents[low].End));
        }

        PageIndex next = low < extents.Length ? extents[low].First : PageRange.All.End;
        return new Extent(index, next - index, ExtentKind.Hole, default);
    }

    private Extent WithDirty(in Extent extent) => IsMetadataDirty && extent.Kind != ExtentKind.Hole
        ? extent with { Flags = extent.Flags | ExtentFlags.Dirty }
        : extent;

    private static Extent[] Checked(IEnumerable<Extent> extents)
    {
        Extent[] list = [.. extents];
        for (int i = 0; i < list.Length; i++)
        {
            if (list[i].PageCount <= 0 || (i > 0 && list[i].First < list[i - 1].End))
            {
                throw new ArgumentException($"The extent at page {list[i].First} is empty or out of order.", nameof(extents));
            }
        }

        return list;
    }
}
