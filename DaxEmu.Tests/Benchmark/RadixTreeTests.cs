using DaxEmu.Bench.Benchmark.Engines.Radix;
using NUnit.Framework;

namespace DaxEmu.Tests.Benchmark;

/// <summary>The baseline must be right before it may be slow or fast.</summary>
public sealed class RadixTreeTests
{
    private const long Pages = 1 << 16;

    [Test]
    public void TheTreeDoesWhatADictionaryDoes([Range(1, 6)] int seed)
    {
        using var tree = new RadixTree(Pages);
        var model = new Dictionary<long, (int Order, ulong Entry, bool IsDirty)>();
        var random = new Random(seed);
        for (int step = 0; step < 5000; step++)
        {
            int order = random.Next(3) == 0 ? 9 : 0;
            long page = random.NextInt64(random.Next(2) == 0 ? 2048 : Pages) >> order << order;
            ulong expected = Covering(model, page, order);
            Assert.That(tree.FindConflict(page, order), Is.EqualTo(expected), $"step {step}, page {page}, order {order}");
            RadixTree.Place place = tree.Walk(page);
            if (expected == 0)
            {
                ulong entry = ((ulong)step << 8) | RadixTree.EntryTag;
                tree.Store(page, order, entry);
                model[page] = (order, entry, false);
            }
            else if (place.Entry != 0)
            {
                long start = model.Single(m => m.Value.Entry == place.Entry).Key;
                if (random.Next(2) == 0)
                {
                    RadixTree.MarkDirty(place);
                    model[start] = model[start] with { IsDirty = true };
                }
                else
                {
                    RadixTree.Erase(place);
                    model.Remove(start);
                }
            }
        }

        foreach ((long start, (int order, ulong entry, bool isDirty)) in model)
        {
            Assert.That(tree.Load(start), Is.EqualTo(entry));
            Assert.That(tree.Load(start + (1L << order) - 1), Is.EqualTo(entry), "every index of a multi-index entry leads to it");
            Assert.That(RadixTree.IsDirty(tree.Walk(start)), Is.EqualTo(isDirty));
        }

        Assert.That(tree.HasDirty, Is.EqualTo(model.Values.Any(m => m.IsDirty)), "marks reach the root, and leave it");
        tree.Clear();
        Assert.That(tree.Load(0), Is.Zero);
    }

    [Test]
    public void TwoThreadsKeepAllEntries()
    {
        using var mapping = new RadixMapping(Pages);
        Parallel.For(0, 2, job =>
        {
            RadixMapping.Cursor cursor = default;
            for (int pass = 0; pass < 3; pass++)
            {
                for (long page = job * Pages / 2; page < (job + 1) * Pages / 2; page++)
                {
                    mapping.Fault(page, 0, isWrite: true, ref cursor);
                }
            }
        });
        Assert.That(mapping.Translations.ToArray(), Is.EqualTo(Enumerable.Range(0, (int)Pages).Select(p => ((ulong)p << 12) | 7)));
    }

    private static ulong Covering(Dictionary<long, (int Order, ulong Entry, bool IsDirty)> model, long page, int order)
    {
        for (long at = page >> 9 << 9; at < page + (1L << order); at++)
        {
            if (model.TryGetValue(at, out var found) && at + (1L << found.Order) > page)
            {
                return found.Entry;
            }
        }

        return 0;
    }
}
