using System.Runtime.CompilerServices;
using DaxEmu.Core.Interleaving;

namespace DaxEmu.Core.Mapping;

/// <summary>
/// Keeps faults out while a file is truncated (the file's <c>invalidate_lock</c>): faults hold it for reading, at the price of one
/// plain store to a line that their thread owns; truncate, punch and unmap hold it for writing, and pay for all.
/// </summary>
/// <remarks>
/// <para>Reader: store the mapping's id into the thread's line [E], a plain store; load the writer's word [F], a plain load; if a writer
/// is there, withdraw and sleep. Writer: set the word; process-wide barrier; wait until no line shows the id. The barrier falls
/// somewhere in the reader's two steps: before his load, and he sees the writer; or after it, and then his store came before the
/// barrier too, and the writer sees him. So never both inside.</para>
/// <para>A thread that reads already and enters again (a fault inside a read on the same file) does not look at the writer's word: the
/// writer waits for its outer hold anyway, and waiting here would be a deadlock.</para>
/// <para>Hold it before any entry lock, never the other way round.</para>
/// </remarks>
internal sealed unsafe class InvalidateLock
{
    private const ulong NoWriter = 0;
    private const ulong Writer = 1;

    private readonly ulong id;
    private readonly ulong* writer;

    /// <param name="mappingId">What readers show in their line; not 0.</param>
    /// <param name="writerWord">A word of native memory that outlives the lock, 0 at first.</param>
    public InvalidateLock(long mappingId, ulong* writerWord)
    {
        ArgumentOutOfRangeException.ThrowIfZero(mappingId);
        id = (ulong)mappingId;
        writer = writerWord;
    }

    /// <summary>Enters for reading; sleeps while a writer is inside.</summary>
    /// <returns>The hold, to be given to <see cref="ExitRead"/> by the same thread.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong* EnterRead() => EnterRead(ReaderLine.Mine);

    /// <summary>As <see cref="EnterRead()"/>, for who has looked his thread's line up already.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong* EnterRead(ReaderLine* line)
    {
        if (Atomic.Load(ref line->Hold0, Site.EnterRead) == 0)
        {
            Atomic.Store(ref line->Hold0, id, Site.EnterRead); // [E] matches [G]
            if (Atomic.Load(ref *writer, Site.ReadWriter) == NoWriter) // [F] matches [G]
            {
                return &line->Hold0;
            }

            Atomic.Store(ref line->Hold0, 0, Site.ExitRead);
        }

        return EnterReadSlow(line);
    }

    /// <summary>Leaves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ExitRead(ulong* hold) => Atomic.Store(ref *hold, 0, Site.ExitRead);

    /// <summary>Forgets whatever this thread holds: for a checker that abandoned it in the middle.</summary>
    public static void Forget()
    {
        ReaderLine* line = ReaderLine.Mine;
        new Span<ulong>(&line->Hold0, ReaderLine.Holds).Clear();
    }

    /// <summary>Whether nobody is inside: for a check when all threads stand still, not for a decision.</summary>
    public bool IsFree
    {
        get
        {
            bool isFree = Atomic.Load(ref *writer, Site.Writer) == NoWriter;
            (int first, int end) = ThreadSlots.InUse;
            for (int i = first; i < end; i++)
            {
                isFree &= !new ReadOnlySpan<ulong>(&ReaderLine.At(i)->Hold0, ReaderLine.Holds).Contains(id);
            }

            return isFree;
        }
    }

    /// <summary>Enters for writing: returns when no reader is inside. Not to be entered twice by a thread, nor while it reads.</summary>
    public void EnterWrite()
    {
        while (!Atomic.TryReplace(ref *writer, Writer, NoWriter, Site.Writer))
        {
            Atomic.Wait(ref *writer, Writer, Site.Writer);
        }

        Atomic.ProcessWideBarrier(Site.WriterBarrier); // [G] matches [E] and [F]
        (int first, int end) = ThreadSlots.InUse;
        for (int i = first; i < end; i++)
        {
            ReaderLine* line = ReaderLine.At(i);
            for (int hold = 0; hold < ReaderLine.Holds; hold++)
            {
                Atomic.SpinWhile(ref (&line->Hold0)[hold], id, Site.AwaitReader);
            }
        }
    }

    /// <summary>Leaves and lets the readers in.</summary>
    public void ExitWrite()
    {
        Atomic.Store(ref *writer, NoWriter, Site.Writer);
        Atomic.Wake(ref *writer, Site.Writer);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private ulong* EnterReadSlow(ReaderLine* line)
    {
        ulong* holds = &line->Hold0;
        int free = -1;
        bool isNested = false;
        for (int i = ReaderLine.Holds - 1; i >= 0; i--)
        {
            ulong hold = Atomic.Load(ref holds[i], Site.EnterRead);
            isNested |= hold == id;
            free = hold == 0 ? i : free;
        }

        if (free < 0)
        {
            throw new InvalidOperationException($"a thread works on more than {ReaderLine.Holds} files at once, one inside the other.");
        }

        while (true)
        {
            Atomic.Store(ref holds[free], id, Site.EnterRead);
            if (isNested || Atomic.Load(ref *writer, Site.ReadWriter) == NoWriter)
            {
                return &holds[free];
            }

            Atomic.Store(ref holds[free], 0, Site.ExitRead);
            Atomic.Wait(ref *writer, Writer, Site.ReadWriter);
        }
    }
}
