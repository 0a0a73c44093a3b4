using DaxEmu.Core.Atomics;
using DaxEmu.Native;

namespace DaxEmu.Core.Fs.Volume;

/// <summary>A volume's state and the log that makes it durable, if it has one: what is changed here is durable when the change returns.</summary>
/// <remarks>
/// Safe for many threads: a plain lock guards all, and is held for a look or a change, never over a wait. Files' own locks, the volume's
/// and those of mappings may be held by the caller; under this one only the allocator's is taken.
/// </remarks>
internal sealed class VolumeStore(VolumeState state, MetadataLog? log)
{
    private readonly PlainLock gate = new("lock of the metadata");
    private readonly Transaction transaction = new();
    private string? refusal;

    /// <summary>Whether it survives the process.</summary>
    public bool IsDurable => log is not null;

    /// <summary>Why it may only be read; null if it may be changed.</summary>
    public string? Refusal
    {
        get
        {
            using (gate.Enter())
            {
                return refusal;
            }
        }
    }

    /// <summary>Names its lock.</summary>
    public void NameLines(LineNames names) => names.Add(gate, log is null ? "the volume" : "the volume and its log");

    /// <summary>Looks at the state; what the look returns must not change any more.</summary>
    public T Look<T>(Func<VolumeState, T> look)
    {
        using (gate.Enter())
        {
            return look(state);
        }
    }

    /// <summary>Looks at the log, which must be there.</summary>
    public T LookAtLog<T>(Func<VolumeState, MetadataLog, T> look)
    {
        using (gate.Enter())
        {
            return look(state, log!);
        }
    }

    /// <summary>Changes the state, durably and as a whole.</summary>
    /// <param name="build">Adds the records; may throw, and then nothing has changed.</param>
    /// <param name="splitsLast">Whether the last record gets a transaction of its own: a flaw, to be found.</param>
    /// <exception cref="VolumeException">The volume may only be read.</exception>
    /// <exception cref="DaxException">There is no space for it; nothing has changed.</exception>
    /// <exception cref="DaxEnvironmentException">The storage failed; the volume may only be read from here on.</exception>
    public void Change(Action<VolumeState, Transaction> build, bool splitsLast = false)
    {
        using (gate.Enter())
        {
            ThrowIfReadOnly();
            transaction.Clear();
            build(state, transaction);
            Transaction? last = splitsLast && transaction.Starts.Length > 1 ? transaction.SplitLast() : null;
            if (!transaction.IsEmpty)
            {
                Commit(transaction);
            }

            if (last is not null)
            {
                Commit(last);
            }
        }
    }

    /// <summary>Begins a new log, for a larger volume.</summary>
    /// <param name="sizePages">Its pages from now on.</param>
    /// <param name="addPages">Gives the allocator the pages that come along: a full volume finds space for the new log there.</param>
    public void Resize(long sizePages, Action addPages)
    {
        using (gate.Enter())
        {
            ThrowIfReadOnly();
            Guarded(() =>
            {
                state.PageCount = sizePages;
                addPages();
                log!.EnlargeSpare(state.SnapshotBytes + VolumeFormat.FirstRecord);
                log.Renew(state, sizePages);
            });
        }
    }

    /// <summary>A page of the device was lost.</summary>
    /// <param name="page">Which.</param>
    public void PageLost(Pfn page)
    {
        using (gate.Enter())
        {
            if (log is null || refusal is not null)
            {
                return;
            }

            if (VolumeFormat.ReservedPages.Any(reserved => reserved.Contains(page)))
            {
                refusal = $"page {page}, which holds a copy of the superblock, is lost. Unmount the volume and repair it";
                return;
            }

            try
            {
                Guarded(() => log.Leave(page, state));
            }
            catch (DaxException problem)
            {
                refusal = problem.Message;
            }
        }
    }

    /// <summary>From here on the volume may only be read.</summary>
    public void Refuse(string why)
    {
        using (gate.Enter())
        {
            refusal ??= why;
        }
    }

    private void ThrowIfReadOnly()
    {
        if (refusal is not null)
        {
            throw new VolumeException(VolumeRefusal.ReadOnly, $"The volume may only be read: {refusal}.");
        }
    }

    private void Commit(Transaction records)
    {
        if (log is not null)
        {
            Guarded(() => log.EnsureSpace(state, records)); // may begin a new log
        }

        ReadOnlySpan<byte> bytes = records.Bytes;
        while (!bytes.IsEmpty)
        {
            int length = RecordReader.LengthOf(bytes);
            if (RecordReader.Apply(bytes[..length], state) is { } problem)
            {
                refusal = $"its state is inconsistent ({problem}). Unmount the volume and check it";
                throw new InvalidOperationException($"The volume refuses its own record: {problem}.");
            }

            bytes = bytes[length..];
        }

        if (log is not null)
        {
            Guarded(() => log.Commit(records, state));
        }
    }

    // What the state says and the medium may not: nothing more is promised after that.
    private void Guarded(Action work)
    {
        try
        {
            work();
        }
        catch (DaxEnvironmentException failure)
        {
            refusal = $"its storage failed ({failure.Message})";
            throw;
        }
    }
}
