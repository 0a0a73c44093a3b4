using DaxEmu.Bench.Verification.Soak;
using DaxEmu.Core;
using NUnit.Framework;

namespace DaxEmu.Tests.Verification.Soak;

/// <summary>What a page shows is classified by what must be there.</summary>
public sealed class PageStampTests
{
    private readonly byte[] page = new byte[DaxConstants.PageSize];

    [Test]
    public void TheWrittenStampIsRight()
    {
        PageStamp.Of(7, 3).Fill(page);
        Assert.That(PageStamp.Of(7, 3).Judge(page, out _), Is.Null);
    }

    [TestCase(7, 2, ExpectedResult = "Lost", Description = "an older version")]
    [TestCase(0, 0, ExpectedResult = "Lost", Description = "zeroes")]
    [TestCase(8, 1, ExpectedResult = "Stale", Description = "another page's bytes")]
    [TestCase(7, 4, ExpectedResult = "Stale", Description = "a version that must not be seen here")]
    public string AWholeWrongPageIsLostOrStale(long other, int version)
    {
        PageStamp stamp = version == 0 ? default : PageStamp.Of(other, (uint)version);
        stamp.Fill(page);
        return PageStamp.Of(7, 3).Judge(page, out _).ToString()!;
    }

    [Test]
    public void BytesThatComeBackAreStale()
    {
        PageStamp.Of(7, 3).Fill(page);
        Assert.That(default(PageStamp).Judge(page, out _), Is.EqualTo(FindingKind.Stale));
    }

    [Test]
    public void ASingleOldCacheLineIsATear([Values(0, 31, 63)] int line)
    {
        PageStamp.Of(7, 3).Fill(page);
        PageStamp.Of(7, 2).Fill(page.AsSpan(line * 64, 64));
        Assert.That(PageStamp.Of(7, 3).Judge(page, out string seen), Is.EqualTo(FindingKind.Torn));
        Assert.That(seen, Does.Contain("version 2 of page 7").And.Contain("version 3 of page 7"));
    }
}
