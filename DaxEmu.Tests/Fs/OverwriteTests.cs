using DaxEmu.Core;
using DaxEmu.Core.Atomics;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

/// <summary>Which writes go beside a reader: those that change bytes and nothing else.</summary>
public sealed class OverwriteTests
{
    private const int Page = FileFixture.Page;

    [Test]
    public void WholeBlocksAreWrittenBesideAReader()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(8 * Page);
        byte[] bytes = FileFixture.Pattern(2 * Page, 7);
        using (LockOf(file).Read())
        {
            FileFixture.Finish(Task.Run(() => file.Write(bytes, 3 * Page)));
        }

        Assert.That(FileFixture.Bytes(file)[(3 * Page)..(5 * Page)], Is.EqualTo(bytes));
    }

    [TestCase(Page - 1, 0, "a part of a block")]
    [TestCase(Page, 1, "an offset inside a block")]
    [TestCase(Page, 8 * Page, "past the end")]
    [TestCase(2 * Page, 7 * Page, "over the end")]
    [TestCase(Page, 6 * Page, "a hole")]
    public void AnyOtherWriteTakesTurns(int length, int offset, string what)
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(8 * Page);
        file.PunchHole(6 * Page, Page);
        AssertTakesTurns(file, length, offset, what);
    }

    [Test]
    public void AWriteToSharedOrLostBlocksTakesTurns()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(8 * Page);
        file.CloneTo(fixture.Create());
        AssertTakesTurns(file, Page, 0, "shared");
        DaxFile other = fixture.CreateFilled(2 * Page);
        other.InjectPoison(Page);
        AssertTakesTurns(other, Page, Page, "lost");
    }

    private static void AssertTakesTurns(DaxFile file, int length, int offset, string what)
    {
        byte[] bytes = FileFixture.Pattern(length, 9);
        Task write;
        using (LockOf(file).Read())
        {
            write = Task.Run(() => file.Write(bytes, offset));
            Assert.That(FileFixture.IsStuck(write), what);
        }

        FileFixture.Finish(write);
        Assert.That(FileFixture.Bytes(file)[offset..(offset + length)], Is.EqualTo(bytes));
    }

    private static RwSemaphore LockOf(DaxFile file) => file.WaitTargets.OfType<RwSemaphore>().Single();
}
