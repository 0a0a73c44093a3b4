using DaxEmu.Core;

namespace DaxEmu.Tests.Support;

/// <summary>An extent map that fails on demand, and otherwise answers as the one inside it.</summary>
internal sealed class FlakyExtents(IExtentMap inner) : IExtentMap
{
    private int failuresLeft;
    private IoError failure;
    private Func<PageIndex, ExtentIntent, bool> isMeant = (_, _) => true;

    /// <summary>Calls that were failed so far.</summary>
    public int FailureCount { get; private set; }

    /// <summary>Fails the next <paramref name="count"/> calls of <see cref="Find"/> that <paramref name="when"/> means.</summary>
    public void FailNext(IoError error, int count = 1, Func<PageIndex, ExtentIntent, bool>? when = null)
    {
        failure = error;
        failuresLeft = count;
        isMeant = when ?? ((_, _) => true);
    }

    public ExtentAnswer Find(PageIndex index, long pageCount, ExtentIntent intent)
    {
        if (failuresLeft > 0 && isMeant(index, intent))
        {
            failuresLeft--;
            FailureCount++;
            return ExtentAnswer.Failed(failure);
        }

        return inner.Find(index, pageCount, intent);
    }

    public FreedBlocks End(in ExtentAnswer answer, PageRange completed) => inner.End(answer, completed);

    public void Commit() => inner.Commit();
}
