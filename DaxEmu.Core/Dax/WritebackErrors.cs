using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Dax;

/// <summary>The errors of a mapping's writeback, reported once to each opener of the file (<c>errseq_t</c>).</summary>
/// <remarks>
/// <code>
///  63        13  12   11      0
/// +------------+------+--------+
/// | count      | SEEN | errno  |
/// +------------+------+--------+
/// </code>
/// An opener keeps the word that it has seen. A new error replaces the last one, and counts up if an opener has seen that: so a word differs
/// from what an opener keeps exactly if there is an error that was not reported to it.
/// </remarks>
internal sealed unsafe class WritebackErrors
{
    private const ulong ErrnoMask = 0xfff;
    private const ulong SeenBit = 1 << 12;
    private const ulong Once = 1 << 13;

    private readonly ulong* word;

    /// <param name="word">A word that does not move and outlives this, 0 at first.</param>
    public WritebackErrors(ulong* word) => this.word = word;

    /// <summary>The last error's number if it was reported to no opener; 0 if there is none.</summary>
    public int Unreported
    {
        get
        {
            ulong seen = Atomic.Load(ref *word, Site.Other);
            return (seen & SeenBit) == 0 ? (int)(seen & ErrnoMask) : 0;
        }
    }

    /// <summary>Notes an error (<c>errseq_set</c>).</summary>
    public void Set(int errno) => Atomic.Update(
        ref *word,
        (ulong)errno,
        static (seen, errno) => (seen & ~(ErrnoMask | SeenBit)) + ((seen & SeenBit) != 0 ? Once : 0) + errno,
        Site.Other,
        Site.Other);

    /// <summary>A new opener: an error that was reported to no other is reported to it, too (<c>errseq_sample</c>).</summary>
    public Opener Open() => new(this);

    /// <summary>An opener of the file (<c>f_wb_err</c>). Safe for many threads: each error is reported to one of them.</summary>
    internal sealed class Opener
    {
        private readonly WritebackErrors errors;
        private readonly PinnedLines kept = new(1);

        internal Opener(WritebackErrors errors)
        {
            this.errors = errors;
            ulong seen = Atomic.Load(ref *errors.word, Site.Other);
            *kept[0] = (seen & SeenBit) == 0 ? 0 : seen;
        }

        /// <summary>Names its word.</summary>
        public void NameLines(LineNames names, string opener) => names.Add(kept[0], $"errors seen by {opener}");

        /// <summary>The number of an error that was not reported to this opener, once; else 0 (<c>errseq_check_and_advance</c>).</summary>
        public int Check()
        {
            while (true)
            {
                ulong mine = Atomic.Load(ref *kept[0], Site.Other);
                ulong seen = Atomic.Load(ref *errors.word, Site.Other);
                if (seen == mine)
                {
                    return 0;
                }

                ulong marked = seen | SeenBit;
                if ((marked == seen || Atomic.TryReplace(ref *errors.word, marked, seen, Site.Other))
                    && Atomic.TryReplace(ref *kept[0], marked, mine, Site.Other))
                {
                    return (int)(seen & ErrnoMask);
                }
            }
        }
    }
}
