using DaxEmu.Core;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Dax.Waiting;
using DaxEmu.Core.Mm;
using DaxEmu.Core.Pmem;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Dax.Waiting;

/// <summary>Threads that wait for a lock or for a page's pins are in the wait graph, with what they wait for and the threads that hold it.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed unsafe class BlockedThreadTests
{
    private readonly List<Thread> threads = [];

    [TearDown]
    public void NoThreadIsLeft() => Assert.That(threads.TrueForAll(t => t.Join(EntryFixture.Soon)), Is.True, "a thread hangs");

    [Test]
    public void AThreadThatWaitsForAPinnedPageIsShownWithThePage()
    {
        using var owners = new PageOwners(new PfnRange(new Pfn(0), 512));
        var page = new PfnRange(new Pfn(3), 1);
        owners.Pin(page);
        owners.Pin(page);
        Thread waiter = Start("truncate", () => owners.WaitIdle(page.First));
        AssertOnlyBlocked(owners, waiter, WaitKind.ForUnpin, new("device page 3", "pinned 2 times", []));
        Assert.That(Capture(owners).ToString(), Does.StartWith("1 thread waits for a lock or a page:").And.Contain(
            $"thread {waiter.ManagedThreadId} 'truncate' waits until device page 3 has no pin, since").And.EndsWith("it is pinned 2 times"));
        owners.Unpin(page);
        owners.Unpin(page);
        AssertNoneAfterEnd(owners);
    }

    [Test]
    public void AWaitForAPinThatCanBeCancelledIsShownSinceItBegan()
    {
        using var owners = new PageOwners(new PfnRange(new Pfn(0), 512));
        using var cancellation = new CancellationTokenSource();
        owners.Pin(new PfnRange(new Pfn(3), 1));
        Start("truncate", () => Assert.That(
            () => owners.WaitIdle(new Pfn(3), Timeout.InfiniteTimeSpan, cancellation.Token), Throws.InstanceOf<OperationCanceledException>()));
        long begin = AwaitBlocked(owners, 1)[0].SinceTimestamp;
        Thread.Sleep(100); // some of its slices
        Assert.That(Capture(owners).Blocked.Single().SinceTimestamp, Is.EqualTo(begin));
        cancellation.Cancel();
        AssertNoneAfterEnd(owners);
        owners.Unpin(new PfnRange(new Pfn(3), 1));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void AWriterThatWaitsForReadersIsShownWithThem(bool isInterruptible)
    {
        var memory = new PinnedLines(1);
        var invalidate = new AsymmetricLock(7, MappingLock.Invalidate, memory[0]);
        using var isIn = new SemaphoreSlim(0);
        using var mayLeave = new ManualResetEventSlim();
        void Read()
        {
            ulong* hold = invalidate.EnterRead();
            isIn.Release();
            mayLeave.Wait();
            AsymmetricLock.ExitRead(hold);
        }

        Thread[] readers = [Start("fault", Read), Start("copy", Read)];
        isIn.Wait();
        isIn.Wait();
        Thread writer = Start("punch", () =>
        {
            if (isInterruptible)
            {
                invalidate.EnterWriteInterruptibly();
            }
            else
            {
                invalidate.EnterWrite();
            }

            invalidate.ExitWrite();
        });
        BlockedThread seen = AwaitBlocked(invalidate, 1)[0];
        Assert.That(
            (seen.ManagedThreadId, seen.Kind, seen.Target.Name, seen.Target.State),
            Is.EqualTo((writer.ManagedThreadId, WaitKind.ForReaders, "invalidate lock of mapping 7", "held by 2 readers")));
        Assert.That(seen.Target.HolderThreadIds, Is.EquivalentTo(readers.Select(r => r.ManagedThreadId)));
        Assert.That(
            Capture(invalidate).ToString(),
            Does.Contain("'punch' has the invalidate lock of mapping 7 for writing and waits for its readers").And.Contain("'fault'").And.Contain("'copy'"));
        mayLeave.Set();
        AssertNoneAfterEnd(invalidate);
    }

    [TestCase(true)]
    [TestCase(false)]
    public void AThreadThatWaitsForAWriterIsShownWithIt(bool isReader)
    {
        var memory = new PinnedLines(1);
        var areas = new AsymmetricLock(7, MappingLock.Areas, memory[0]);
        areas.EnterWrite();
        Thread waiter = Start("walk", () =>
        {
            if (isReader)
            {
                AsymmetricLock.ExitRead(areas.EnterRead());
            }
            else
            {
                areas.EnterWrite();
                areas.ExitWrite();
            }
        });
        AssertOnlyBlocked(areas, waiter, isReader ? WaitKind.ToRead : WaitKind.ToWrite, new("VMA lock of mapping 7", "held for writing", [Environment.CurrentManagedThreadId]));
        areas.ExitWrite();
        AssertNoneAfterEnd(areas);
    }

    [Test]
    public void AHolderThatWaitsItselfIsMarked()
    {
        using var owners = new PageOwners(new PfnRange(new Pfn(0), 512));
        owners.Pin(new PfnRange(new Pfn(3), 1));
        var memory = new PinnedLines(1);
        var invalidate = new AsymmetricLock(7, MappingLock.Invalidate, memory[0]);
        Thread writer = Start("punch", () =>
        {
            using AsymmetricLock.WriteHold hold = invalidate.Write();
            owners.WaitIdle(new Pfn(3));
        });
        AwaitBlocked(owners, 1);
        Start("fault", () => AsymmetricLock.ExitRead(invalidate.EnterRead()));
        AwaitBlocked(invalidate, 1);
        Assert.That(
            Capture(owners, invalidate).ToString(),
            Does.Contain("2 threads wait for a lock or a page:").And.EndsWith($"held for writing: thread {writer.ManagedThreadId} 'punch', which waits itself"));
        owners.Unpin(new PfnRange(new Pfn(3), 1));
        AssertNoneAfterEnd(owners, invalidate);
    }

    [TestCase(true)]
    [TestCase(false)]
    public void AThreadThatWaitsForAnInodeLockIsShownWithTheWriter(bool isReader)
    {
        var inode = new RwSemaphore(7);
        Thread waiter;
        using (inode.Write())
        {
            waiter = Start("pwrite", () => Enter(inode, isReader));
            AssertOnlyBlocked(
                inode, waiter, isReader ? WaitKind.ToRead : WaitKind.ToWrite, new("inode lock of file 7", "held for writing", [Environment.CurrentManagedThreadId]));
        }

        AssertNoneAfterEnd(inode);
    }

    [Test]
    public void AWriterThatWaitsForReadersOfAnInodeLockIsShownWithTheirNumber()
    {
        var inode = new RwSemaphore(7);
        using (inode.Read())
        {
            Thread waiter = Start("truncate", () => Enter(inode, isReader: false));
            AssertOnlyBlocked(inode, waiter, WaitKind.ToWrite, new("inode lock of file 7", "held by 1 reader", []));
        }

        AssertNoneAfterEnd(inode);
    }

    [Test]
    public void WithoutAListOfTargetsTheGraphShowsEveryWaiterOfTheProcess()
    {
        var inode = new RwSemaphore(7_000_001);
        using (inode.Write())
        {
            Thread waiter = Start("truncate", () => Enter(inode, isReader: false));
            AwaitBlocked(inode, 1);
            using var waits = new WaitTable(4);
            Assert.That(WaitGraph.Capture(waits, []).Blocked.Select(b => b.ManagedThreadId), Does.Contain(waiter.ManagedThreadId));
            Assert.That(WaitGraph.Capture(waits, [], []).Blocked, Is.Empty);
        }

        AssertNoneAfterEnd(inode);
    }

    [Test]
    public void TheLocksAndTheDeviceOfAFileAreItsTargets()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.Create();
        string[] names = [.. file.WaitTargets.Select(t => t.StateOf(WaitKind.ToRead, 0).Name)];
        long id = file.Mapping.Id;
        Assert.That(names, Is.EqualTo(new[]
        {
            $"inode lock of file {id}", $"invalidate lock of mapping {id}", $"VMA lock of mapping {id}", $"lifetime lock of mapping {id}", "device page 0",
        }));
    }

    private static void Enter(RwSemaphore inode, bool isReader)
    {
        if (isReader)
        {
            inode.Read().Dispose();
        }
        else
        {
            inode.Write().Dispose();
        }
    }

    private void AssertOnlyBlocked(IWaitTarget target, Thread waiter, WaitKind kind, WaitTargetState state)
    {
        BlockedThread seen = AwaitBlocked(target, 1)[0];
        Assert.That(
            (seen.ManagedThreadId, seen.ThreadName, seen.Kind, seen.Target.Name, seen.Target.State),
            Is.EqualTo((waiter.ManagedThreadId, waiter.Name, kind, state.Name, state.State)));
        Assert.That(seen.Target.HolderThreadIds, Is.EqualTo(state.HolderThreadIds));
    }

    private void AssertNoneAfterEnd(params IWaitTarget[] targets)
    {
        NoThreadIsLeft();
        Assert.That(Capture(targets).ToString(), Is.EqualTo("No thread waits."));
    }

    private IReadOnlyList<BlockedThread> AwaitBlocked(IWaitTarget target, int count)
    {
        Assert.That(
            SpinWait.SpinUntil(() => Capture(target).Blocked.Count == count, EntryFixture.Soon), Is.True, () => $"not {count} waiters: {Capture(target)}");
        return Capture(target).Blocked;
    }

    private WaitGraph Capture(params IWaitTarget[] targets)
    {
        using var waits = new WaitTable(4);
        return WaitGraph.Capture(waits, [], targets, threadName: id => threads.Find(t => t.ManagedThreadId == id)?.Name);
    }

    private Thread Start(string name, Action action)
    {
        var thread = new Thread(() => action()) { Name = name, IsBackground = true };
        threads.Add(thread);
        thread.Start();
        return thread;
    }
}
