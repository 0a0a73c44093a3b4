using System.Reflection;
using System.Runtime.Loader;
using DaxEmu.Core;
using DaxEmu.Core.Atomics;
using NUnit.Framework;

namespace DaxEmu.Tests.Atomics;

[NonParallelizable]
public sealed class ThreadSlotsTests
{
    private const int ShortLived = (1 << 14) + 500;

    [Test]
    public void NumbersOfDeadThreadsServeNewOnesThoughNothingIsCollected()
    {
        // A second copy of the core: the numbers of this process are not used up.
        var context = new AssemblyLoadContext("another core", isCollectible: false);
        Assembly core = context.LoadFromAssemblyPath(typeof(PmemDevice).Assembly.Location);
        MethodInfo getter = core.GetType(typeof(ThreadSlots).FullName!, throwOnError: true)!.GetProperty("Mine")!.GetMethod!;
        Func<int> mine = getter.CreateDelegate<Func<int>>();
        Exception? failure = null;
        Assert.That(GC.TryStartNoGCRegion(200 << 20), "no region");
        int collections = GC.CollectionCount(0);
        try
        {
            for (int i = 0; i < ShortLived && failure is null; i++)
            {
                RunThread(() => _ = mine());
            }

            Assert.That(GC.CollectionCount(0), Is.EqualTo(collections), "nothing was collected meanwhile");
        }
        finally
        {
            GC.EndNoGCRegion();
        }

        Assert.That(failure, Is.Null);

        // Their holders are finalized now, and give nothing back a second time.
        for (int i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        const int AtOnce = 700;
        var numbers = new int[AtOnce];
        using var all = new CountdownEvent(AtOnce);
        Thread[] threads =
        [
            .. Enumerable.Range(0, AtOnce).Select(i => new Thread(
                () =>
                {
                    numbers[i] = mine();
                    all.Signal();
                    all.Wait();
                },
                128 << 10)),
        ];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        Assert.That(numbers, Is.Unique);

        void RunThread(Action work)
        {
            var thread = new Thread(
                () =>
                {
                    try
                    {
                        work();
                    }
                    catch (Exception problem)
                    {
                        failure = problem;
                    }
                },
                128 << 10);
            thread.Start();
            thread.Join();
        }
    }
}
