namespace DaxEmu.Core;

/// <summary>Says what lies behind the pages of one file, and allocates (the kernel's <c>iomap_ops</c>).</summary>
/// <remarks>
/// Called with the entry locked and the file's invalidate lock held for reading, from many threads at once. An implementation
/// makes its own answer atomic: of two writers that ask for the same hole, one gets <see cref="ExtentFlags.New"/>, and the block
/// is zeroed before either is answered (else the loser would zero what the winner already stored).
/// It must not fault on a file, nor wait for an entry.
/// </remarks>
public interface IExtentMap
{
    /// <summary>
    /// Whether an answer of blocks that are <see cref="ExtentKind.Mapped"/> and not <see cref="ExtentFlags.Shared"/> stays true until the file's
    /// invalidate lock is held for writing. Then faults need not ask again for every page of the extent. False unless said otherwise.
    /// </summary>
    bool KeepsAnswers => false;

    /// <summary>The extent that covers <paramref name="index"/>, cut off where its kind ends.</summary>
    /// <param name="index">The page that the answer must cover.</param>
    /// <param name="pageCount">How many pages from there the caller has use for; a write allocates no more than these.</param>
    /// <param name="intent">What the caller is about to do.</param>
    /// <returns>The extent from <paramref name="index"/> or before it; it may be longer than asked, never empty.</returns>
    ExtentAnswer Find(PageIndex index, long pageCount, ExtentIntent intent);

    /// <summary>Ends a copy that <see cref="Find"/> began (the kernel's <c>iomap_end</c>): from here on the file shows the fresh blocks.</summary>
    /// <remarks>
    /// Until then the map shows the old blocks to everybody, so that neither a reader nor a crash meets a block that is half copied.
    /// To be called once for each answer with <see cref="ExtentAnswer.IsCopy"/>, after the data are copied (and, for a fault, after the
    /// entry was replaced), also when the copy failed. Does nothing for other answers.
    /// </remarks>
    /// <param name="answer">What <see cref="Find"/> answered.</param>
    /// <param name="completed">The pages that are copied; may be empty. Those outside the answer's extent are passed over.</param>
    /// <returns>The old blocks that the file gave up. The caller releases them when nothing of this file maps or pins them any more.</returns>
    FreedBlocks End(in ExtentAnswer answer, PageRange completed) => FreedBlocks.None;

    /// <summary>Makes the metadata durable that a synchronous fault waits for: what was <see cref="ExtentFlags.Dirty"/> is so no longer.</summary>
    void Commit();
}
