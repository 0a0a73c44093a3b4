using DaxEmu.Core;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Dax.Waiting;
using DaxEmu.Native.Memory;
using NUnit.Framework;

namespace DaxEmu.Tests.Support;

/// <summary>A wait table without entries, and threads that sleep in it one after another, so that their order is known.</summary>
internal sealed unsafe class WaitFixture(int bits) : IDisposable
{
    private readonly ReservedRegion memory = ReservedRegion.Reserve(4096);
    private readonly List<Thread> threads = [];
    private readonly List<string> woken = [];

    public WaitTable Table { get; } = new(bits);

    /// <summary>The count of announced sleepers.</summary>
    public ref ulong Waiters => ref *(ulong*)memory.Base;

    /// <summary>Who was woken, in the order in which they said so.</summary>
    public IReadOnlyList<string> Woken
    {
        get
        {
            lock (woken)
            {
                return [.. woken];
            }
        }
    }

    public static WaitKey Key(long page, long mapping = 1) => new(mapping, new PageIndex(page));

    /// <summary>Starts a thread that sleeps on <paramref name="key"/>, and returns once it does.</summary>
    public void Sleep(string name, WaitKey key, bool isExclusive = true)
    {
        int before = Table.WaiterCount;
        var thread = new Thread(() =>
        {
            var still = default(Still);
            _ = Table.Park(key, isExclusive, ref Waiters, ref still, new WaitReason(key.Start, PageOrder.Pte, key.Start, PageOrder.Pte));
            lock (woken)
            {
                woken.Add(name);
            }
        })
        {
            IsBackground = true,
            Name = name,
        };
        threads.Add(thread);
        thread.Start();
        Assert.That(SpinWait.SpinUntil(() => Table.WaiterCount == before + 1, EntryFixture.Soon), Is.True, $"'{name}' does not sleep");
    }

    /// <summary>Waits until so many threads have said that they were woken.</summary>
    public void AwaitWoken(int count) =>
        Assert.That(SpinWait.SpinUntil(() => Woken.Count == count, EntryFixture.Soon), Is.True, () => $"woken: {string.Join(' ', Woken)}");

    public void Dispose()
    {
        bool isStill = threads.TrueForAll(t => t.Join(EntryFixture.Soon));
        Assert.That(isStill, Is.True, "somebody still sleeps");
        Assert.That(Table.WaiterCount, Is.Zero);
        Assert.That(Atomic.Load(ref Waiters, Site.Other), Is.Zero, "a sleeper is counted that is none");
        Table.Dispose();
        memory.Dispose();
    }

    /// <summary>There is always something to sleep for.</summary>
    public readonly struct Still : IParkCondition
    {
        public bool StillHolds() => true;
    }

    /// <summary>There is nothing to sleep for.</summary>
    public readonly struct NoLonger : IParkCondition
    {
        public bool StillHolds() => false;
    }
}
