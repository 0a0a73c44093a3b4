namespace DaxEmu.Bench.Verification.Soak;

/// <summary>
/// What every page must hold, on each side, and which thread has it: one that stamps, compares, moves or removes a page takes it first, so what
/// it must hold is known exactly at any time. Everything else (faults of 2 MiB, writeback, invalidation) goes on without asking.
/// </summary>
internal sealed class StampedPages
{
    private readonly int[] owners;
    private readonly uint[] versions;
    private readonly ulong[] file;
    private readonly ulong[] clone;
    private readonly ulong[] durableFile;
    private readonly ulong[] durableClone;
    private readonly ulong[] copies;
    private readonly int[] writers;

    /// <param name="pageCount">Pages of the file.</param>
    /// <param name="clonePageCount">Pages of the second file.</param>
    public StampedPages(long pageCount, long clonePageCount)
    {
        owners = new int[pageCount];
        versions = new uint[pageCount];
        writers = new int[pageCount];
        file = new ulong[pageCount];
        clone = new ulong[clonePageCount];
        durableFile = new ulong[pageCount];
        durableClone = new ulong[clonePageCount];
        copies = new ulong[pageCount];
    }

    /// <summary>Takes a page for one thread, if no other has it.</summary>
    public bool TryTake(long page) => Volatile.Read(ref owners[page]) == 0 && Interlocked.CompareExchange(ref owners[page], 1, 0) == 0;

    /// <summary>Gives a page back.</summary>
    public void Give(long page) => Volatile.Write(ref owners[page], 0);

    /// <summary>Takes all pages of a run, or none.</summary>
    public bool TryTake(long first, long count)
    {
        for (long taken = 0; taken < count; taken++)
        {
            if (!TryTake(first + taken))
            {
                Give(first, taken);
                return false;
            }
        }

        return true;
    }

    /// <summary>Gives the pages of a run back.</summary>
    public void Give(long first, long count)
    {
        for (long page = first; page < first + count; page++)
        {
            Give(page);
        }
    }

    /// <summary>Pages that a thread has: none at a quiescent point.</summary>
    public int TakenCount => owners.Length - owners.AsSpan().Count(0);

    /// <summary>A stamp that no page ever held, for a page that the caller has taken.</summary>
    /// <param name="page">The page.</param>
    /// <param name="job">The thread that will write it.</param>
    public PageStamp Next(long page, int job)
    {
        writers[page] = job;
        uint version = ++versions[page];
        return PageStamp.Of(page, version == 0 ? ++versions[page] : version);
    }

    /// <summary>The thread that wrote the page last.</summary>
    public int WriterOf(long page) => writers[page];

    /// <summary>What a page shows on a side.</summary>
    public PageStamp Shown(PageSide side, long page) => side switch
    {
        PageSide.Clone => new PageStamp(clone[page]),
        PageSide.Private when copies[page] != 0 => new PageStamp(copies[page]),
        _ => new PageStamp(file[page]),
    };

    /// <summary>What a page was last made durable as; all zeroes if nothing was promised of it.</summary>
    public PageStamp Durable(PageSide side, long page) => new(DurableOf(side) is { Length: > 0 } durable ? durable[page] : 0);

    /// <summary>What a page shows is durable from here on, until it is moved or becomes a hole.</summary>
    public void Promise(PageSide side, long page) => DurableOf(side)[page] = Of(side)[page];

    /// <summary>A page shows something else now; on the private side the default means that its copy is gone.</summary>
    public void Set(PageSide side, long page, PageStamp stamp) => Of(side)[page] = stamp.Word;

    /// <summary>Pages became holes.</summary>
    public void Forget(PageSide side, long first, long count)
    {
        Of(side).AsSpan((int)first, (int)count).Clear();
        if (side != PageSide.Private)
        {
            DurableOf(side).AsSpan((int)first, (int)count).Clear();
        }
    }

    /// <summary>Pages show what others showed; the ranges may overlap.</summary>
    public void Copy(PageSide source, long sourceFirst, PageSide target, long targetFirst, long count)
    {
        Of(source).AsSpan((int)sourceFirst, (int)count).CopyTo(Of(target).AsSpan((int)targetFirst));
        DurableOf(source).AsSpan((int)sourceFirst, (int)count).CopyTo(DurableOf(target).AsSpan((int)targetFirst));
        for (long page = targetFirst; page < targetFirst + count; page++)
        {
            // What was stored since the promise bears the number of another page: with it a loss of power may leave what looks foreign.
            if (DurableOf(target)[page] != Of(target)[page])
            {
                DurableOf(target)[page] = 0;
            }
        }
    }

    private ulong[] DurableOf(PageSide side) => side switch
    {
        PageSide.File => durableFile,
        PageSide.Clone => durableClone,
        _ => [],
    };

    private ulong[] Of(PageSide side) => side switch
    {
        PageSide.Clone => clone,
        PageSide.Private => copies,
        _ => file,
    };
}
