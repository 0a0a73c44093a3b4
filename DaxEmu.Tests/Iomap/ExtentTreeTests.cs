using DaxEmu.Core;
using DaxEmu.Core.Iomap;
using NUnit.Framework;

namespace DaxEmu.Tests.Iomap;

public sealed class ExtentTreeTests
{
    private const int Pages = 6000;

    /// <summary>Page <c>i</c> lies on device page <c>i + 50</c>: whatever is there can be one extent with its neighbours.</summary>
    private static Extent At(long first, long count) => new(new PageIndex(first), count, ExtentKind.Mapped, new Pfn(first + 50));

    private static PageRange Range(long first, long count) => new(new PageIndex(first), count);

    [Test]
    public void PagesPutInOneByOneInAnyOrderBecomeOneExtent([Range(1, 5)] int seed)
    {
        int[] order = [.. Enumerable.Range(0, Pages)];
        new Random(seed).Shuffle(order);
        ExtentTree tree = ExtentTree.Empty;
        long most = 0;
        foreach (int page in order)
        {
            tree = tree.With(Range(page, 1), At(page, 1));
            most = Math.Max(most, tree.Count);
        }

        Assert.That(most, Is.GreaterThan(4 * ExtentTree.LeafCapacity), "neighbours must have met across leaves");
        Assert.That(tree.In(PageRange.All), Is.EqualTo(new[] { At(0, Pages) }));
    }

    [Test]
    public void RandomChangesOverManyLeavesAgreeWithAPlainArray([Range(1, 5)] int seed)
    {
        var random = new Random(seed);
        bool[] model = new bool[Pages];
        ExtentTree tree = ExtentTree.Empty;
        for (int step = 0; step < 6000; step++)
        {
            int first = random.Next(Pages);
            int count = random.Next(step % 1000 == 999 ? Pages : 3) + 1;
            count = Math.Min(count, Pages - first);
            bool isPut = random.Next(2) == 0;
            tree = isPut ? tree.With(Range(first, count), At(first, count)) : tree.With(Range(first, count));
            model.AsSpan(first, count).Fill(isPut);
            if (step % 100 == 99)
            {
                Compare(tree, model);
            }
        }
    }

    [Test]
    public void ConvertedExtentsJoinTheirNeighboursAlsoAtTheEdgesOfLeaves()
    {
        const int Count = 1000;
        ExtentTree tree = ExtentTree.Of(Enumerable.Range(0, Count).Select(
            page => At(page, 1) with { Kind = page % 2 == 0 ? ExtentKind.Mapped : ExtentKind.Unwritten }));
        Assert.That(tree.Count, Is.EqualTo(Count));
        for (int page = 1; page < Count; page += 2)
        {
            long expected = tree.Count - (page is 0 or Count - 1 ? 1 : 2);
            tree = tree.With(Range(page, 1), At(page, 1));
            Assert.That(tree.Count, Is.EqualTo(expected), $"page {page} did not join both of its neighbours");
        }

        Assert.That(tree.In(PageRange.All), Is.EqualTo(new[] { At(0, Count) }));

        tree = ExtentTree.Of(Enumerable.Range(0, Count).Select(
            page => At(page, 1) with { Kind = page % 2 == 0 ? ExtentKind.Unwritten : ExtentKind.Mapped }));
        for (int page = Count - 2; page >= 0; page -= 2)
        {
            long expected = tree.Count - (page is 0 or Count - 1 ? 1 : 2);
            tree = tree.With(Range(page, 1), At(page, 1));
            Assert.That(tree.Count, Is.EqualTo(expected), $"page {page} did not join both of its neighbours");
        }

        Assert.That(tree.In(PageRange.All), Is.EqualTo(new[] { At(0, Count) }));
    }

    [Test]
    public void AnOlderPictureStaysAsItWas()
    {
        ExtentTree old = ExtentTree.Empty.With(Range(10, 20), At(10, 20));
        _ = old.With(Range(12, 4));
        Assert.That(old.In(PageRange.All), Is.EqualTo(new[] { At(10, 20) }));
    }

    [Test]
    public void ExtentsOutOfOrderAreRefused() =>
        Assert.That(() => ExtentTree.Of([At(10, 5), At(14, 2)]), Throws.ArgumentException.With.Message.Contains("14"));

    private static void Compare(ExtentTree tree, bool[] model)
    {
        int runs = 0;
        int page = 0;
        while (page < Pages)
        {
            int end = page;
            while (end < Pages && model[end] == model[page])
            {
                end++;
            }

            runs += model[page] ? 1 : 0;
            PageIndex middle = new((page + end) / 2);
            Extent extent = tree.Covering(middle);
            PageIndex expectedEnd = !model[page] && end == Pages ? PageRange.All.End : new PageIndex(end);
            Assert.That(
                (extent.Kind, extent.First, extent.End),
                Is.EqualTo((model[page] ? ExtentKind.Mapped : ExtentKind.Hole, new PageIndex(page), expectedEnd)));
            page = end;
        }

        Assert.That(tree.Count, Is.EqualTo(runs));
    }
}
