using System.Runtime.ExceptionServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Checking;

namespace DaxEmu.Bench.Verification.Conflicts;

/// <summary>
/// The two threads of a pair, with thread numbers of their own in every run: lines that belong to a thread are then different lines. They
/// run in turns, never at once.
/// </summary>
internal sealed class ConflictThreads : IDisposable
{
    /// <summary>How many there are.</summary>
    public const int Count = 2;

    private readonly SchedulerPlace place = SchedulerPlace.Take();
    private readonly Thread[] threads = new Thread[Count];
    private readonly SemaphoreSlim[] begin = new SemaphoreSlim[Count];
    private readonly SemaphoreSlim done = new(0);
    private Action? work;
    private ExceptionDispatchInfo? failure;

    /// <summary>Starts the threads; they wait.</summary>
    public ConflictThreads()
    {
        for (int i = 0; i < Count; i++)
        {
            int thread = i;
            begin[i] = new SemaphoreSlim(0);
            threads[i] = new Thread(() => Serve(thread)) { IsBackground = true, Name = $"conflicts {i + 1}" };
            threads[i].Start();
        }
    }

    /// <summary>The number of the first thread in <see cref="ThreadSlots"/>.</summary>
    public int FirstSlot => place.FirstSlot;

    /// <summary>Runs work on a thread and waits for its end; throws what it throws.</summary>
    public void Run(int thread, Action action)
    {
        work = action;
        failure = null;
        begin[thread].Release();
        done.Wait();
        failure?.Throw();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        work = null;
        for (int i = 0; i < Count; i++)
        {
            begin[i].Release();
            threads[i].Join();
            begin[i].Dispose();
        }

        done.Dispose();
        place.Dispose();
    }

    private void Serve(int thread)
    {
        ThreadSlots.Adopt(FirstSlot + thread);
        while (true)
        {
            begin[thread].Wait();
            if (work is not { } action)
            {
                return;
            }

            try
            {
                action();
            }
#pragma warning disable CA1031 // Run throws it, on the caller's thread.
            catch (Exception problem)
#pragma warning restore CA1031
            {
                failure = ExceptionDispatchInfo.Capture(problem);
            }

            done.Release();
        }
    }
}
