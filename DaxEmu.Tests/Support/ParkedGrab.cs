using DaxEmu.Core;
using DaxEmu.Core.Dax.Entries;
using NUnit.Framework;

namespace DaxEmu.Tests.Support;

/// <summary>A thread that holds an entry, or waits for it, until told to leave.</summary>
internal sealed class ParkedGrab
{
    private readonly EntryLocker locker;
    private readonly Func<EntryLocker, Grab> enter;
    private readonly Thread thread;
    private readonly TaskCompletionSource<Grab> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Action<HeldEntry> way;

    public ParkedGrab(string name, EntryLocker locker, Func<EntryLocker, Grab> enter)
    {
        Name = name;
        this.locker = locker;
        this.enter = enter;
        way = held => locker.Unlock(held.Start, held.Entry);
        thread = new Thread(Run) { Name = name, IsBackground = true };
        thread.Start();
    }

    public string Name { get; }

    public int ThreadId => thread.ManagedThreadId;

    /// <summary>Whether it got its answer: it holds the entry, or knows that it does not get it.</summary>
    public bool HasAnswer => answer.Task.IsCompleted;

    /// <summary>Waits for the answer.</summary>
    public GrabOutcome Outcome => Answer().Outcome;

    /// <summary>Waits for the entry.</summary>
    public HeldEntry Held => Answer().Held;

    /// <summary>Whether an answer comes while a test watches.</summary>
    public bool GetsAnswerWithin(TimeSpan limit) => answer.Task.Wait(limit);

    /// <summary>Lets it unlock the entry, if it holds one, and end.</summary>
    public void Leave() => told.TrySetResult();

    /// <summary>Lets it unlock the entry as <paramref name="entry"/>, and waits until it has ended.</summary>
    public void LeaveAs(DaxEntry entry) => LeaveBy(held => locker.Unlock(held.Start, entry));

    /// <summary>Lets it put the entry back as it was, and waits until it has ended.</summary>
    public void LeaveByPut() => LeaveBy(locker.Put);

    /// <summary>Lets it take the entry out, and waits until it has ended.</summary>
    public void LeaveByRemove() => LeaveBy(locker.Remove);

    /// <summary>Lets it do <paramref name="end"/> with the entry that it holds, and waits until it has ended.</summary>
    public void LeaveBy(Action<HeldEntry> end)
    {
        _ = Answer();
        way = end;
        Leave();
        Assert.That(Join(EntryFixture.Soon), Is.True, () => $"'{Name}' hangs");
    }

    public bool Join(TimeSpan limit)
    {
        bool hasEnded = thread.Join(limit);
        return answer.Task.IsFaulted ? throw new InvalidOperationException($"'{Name}' failed", answer.Task.Exception) : hasEnded;
    }

    private Grab Answer()
    {
        Assert.That(answer.Task.Wait(EntryFixture.Soon), Is.True, () => $"'{Name}' hangs");
        return answer.Task.Result;
    }

    private void Run()
    {
        try
        {
            Grab grab = enter(locker);
            answer.SetResult(grab);
            told.Task.Wait();
            if (grab.Outcome is GrabOutcome.Locked or GrabOutcome.NeedsDowngrade)
            {
                way(grab.Held);
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _ = answer.TrySetException(e);
        }
    }
}
