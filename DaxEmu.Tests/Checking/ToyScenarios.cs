using DaxEmu.Core;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Checking;
using DaxEmu.Native.Memory;

namespace DaxEmu.Tests.Checking;

/// <summary>Small scenarios whose outcome is known: what the checker must find, and what it must not.</summary>
internal static class ToyScenarios
{
    private const ulong Locked = 1;
    private const ulong Asleep = 1;

    /// <summary>Looks at the lock, then announces itself and sleeps; the unlock in between wakes no thread.</summary>
    public static Scenario LostWakeUp { get; } = Of("lost-wake-up", "check-outside", 4, w =>
    [
        new("sleeper", () =>
        {
            if (w[0] == Locked)
            {
                w[1] = Asleep;
                w.Say(NoteKind.Sleeps, 0);
                w.Sleep(1, Asleep);
            }
        }),
        new("unlocker", () =>
        {
            w[0] = 0;
            if (w.Exchange(1, 0) == Asleep)
            {
                w.Say(NoteKind.WakesNext, 0);
                w.Wake(1);
            }
        }),
    ], w => w[0] = Locked);

    /// <summary>Announces itself, then looks at the lock again.</summary>
    public static Scenario KeptWakeUp { get; } = Of("lost-wake-up", "fixed", 4, w =>
    [
        new("sleeper", () =>
        {
            w.Exchange(1, Asleep);
            if (w[0] == Locked)
            {
                w.Sleep(1, Asleep);
            }
        }),
        new("unlocker", () =>
        {
            w.Exchange(0, 0);
            if (w.Exchange(1, 0) == Asleep)
            {
                w.Wake(1);
            }
        }),
    ], w => w[0] = Locked);

    /// <summary>Two threads store, then look at the other's word. At least one must see the other's store.</summary>
    public static Scenario Dekker(string profile, Action<ToyWords>? betweenFirst, Action<ToyWords>? betweenSecond) => Of("dekker", profile, 4, w =>
    [
        new("first", () =>
        {
            w[0] = 1;
            betweenFirst?.Invoke(w);
            w.Results[0] = w[1];
        }),
        new("second", () =>
        {
            w[1] = 1;
            betweenSecond?.Invoke(w);
            w.Results[1] = w[0];
        }),
    ], null, w => ScenarioCheck.That(w.Results[0] + w.Results[1] > 0, "neither saw the other's store"));

    /// <summary>Data, then a flag. A thread that sees the flag sees the data.</summary>
    public static Scenario MessagePassing { get; } = Of("message-passing", "plain", 4, w =>
    [
        new("writer", () =>
        {
            w[0] = 42;
            w[1] = 1;
        }),
        new("reader", () =>
        {
            if (w[1] == 1)
            {
                ScenarioCheck.That(w[0] == 42, "saw the flag and not the data");
            }
        }),
    ]);

    /// <summary>Plain stores to two words, in opposite order. Both can end with a thread's first store only if stores overtook each other.</summary>
    public static Scenario TwoPlusTwoWrites { get; } = Of("two-plus-two-writes", "plain", 4, w =>
    [
        new("first", () =>
        {
            w[0] = 1;
            w[1] = 2;
        }),
        new("second", () =>
        {
            w[1] = 1;
            w[0] = 2;
        }),
    ], null, w => ScenarioCheck.That(w[0] != 1 || w[1] != 1, "stores of a thread came in another order"));

    /// <summary>Two locks, taken in opposite order.</summary>
    public static Scenario Deadlock { get; } = Of("deadlock", "opposite-order", 4, w =>
    [
        new("first", () => w.InBoth(0, 1)),
        new("second", () => w.InBoth(1, 0)),
    ]);

    /// <summary>Two locks, taken in the same order.</summary>
    public static Scenario NoDeadlock { get; } = Of("deadlock", "fixed", 4, w =>
    [
        new("first", () => w.InBoth(0, 1)),
        new("second", () => w.InBoth(0, 1)),
    ]);

    /// <summary>Two threads that are polite to each other for ever.</summary>
    public static Scenario Livelock { get; } = Of("livelock", "polite", 4, w =>
    [
        new("loop", () =>
        {
            while (w[0] == 0)
            {
            }
        }),
        new("other", () => w[1] = 1),
    ]) with
    { StepLimit = 500 };

    /// <summary>Several threads add to a word, by load and store.</summary>
    public static Scenario LostUpdate(int threadCount) => Of("lost-update", $"{threadCount}-threads", 4, w =>
        [.. Enumerable.Range(0, threadCount).Select(i => new ScenarioThread($"adder {i}", () => w[0] = w[0] + 1))],
        null,
        w => ScenarioCheck.That(w[0] == (ulong)threadCount, $"{threadCount} additions gave {w[0]}"));

    /// <summary>Several threads add to a word under a lock, and put themselves in a list that the lock protects.</summary>
    public static Scenario Counter(int threadCount, int rounds = 1) => Of("counter", $"{threadCount}-threads", 4, w => Adders(w, threadCount, rounds),
        null,
        w => ScenarioCheck.That(w[1] == (ulong)(threadCount * rounds), $"{threadCount} threads gave {w[1]}"));

    /// <summary>One order of the lock's owners is wrong, though the words of memory are the same in every order.</summary>
    public static Scenario HiddenOrder(int threadCount, int[] wrong) => Of("hidden-order", $"{threadCount}-threads", 4, w => Adders(w, threadCount, 1),
        null,
        w => ScenarioCheck.That(!w.Order.SequenceEqual(wrong), "came in the wrong order"));

    /// <summary>A thread draws two values; one pair is wrong.</summary>
    public static Scenario Values { get; } = Of("values", "plain", 4, w =>
    [
        new("draws", () =>
        {
            ulong first = ScheduledValue.Next(5);
            _ = w[0];
            ulong second = ScheduledValue.Next(7);
            ScenarioCheck.That(first != 3 || second != 6, "drew 3 and 6");
        }),
    ]);

    private static ScenarioThread[] Adders(ToyWords w, int threadCount, int rounds) =>
        [.. Enumerable.Range(0, threadCount).Select(i => new ScenarioThread($"adder {i}", () =>
        {
            for (int round = 0; round < rounds; round++)
            {
                WordLock.Enter(ref w.Ref(0), Site.Other);
                w[1] = w[1] + 1;
                w.Order.Add(i);
                WordLock.Leave(ref w.Ref(0), Site.Other);
            }
        }))];

    public static Scenario Of(
        string name, string profile, int wordCount, Func<ToyWords, IReadOnlyList<ScenarioThread>> threads,
        Action<ToyWords>? setUp = null, Action<ToyWords>? check = null, ReservedRegion? memory = null) =>
        new(name, profile, "A toy.", () => new ToyRun(new ToyWords(wordCount, memory), threads, setUp, check)) { IsInPlace = memory is not null };
}

/// <summary>Words of native memory, a cache line apart, and what toys do with them.</summary>
/// <param name="count">How many.</param>
/// <param name="shared">Where they lie in every run; null for memory of their own.</param>
internal sealed unsafe class ToyWords(int count, ReservedRegion? shared = null) : IDisposable
{
    private readonly ReservedRegion memory = Cleared(shared, count) ?? ReservedRegion.Reserve((long)count * ThreadSlots.LineBytes);

    /// <summary>For what threads found: plain memory, one place a thread.</summary>
    public ulong[] Results { get; } = new ulong[Choice.MaxThreads];

    /// <summary>Plain memory, protected by whatever the toy uses as a lock.</summary>
    public List<int> Order { get; } = [];

    public ulong this[int word]
    {
        get => Atomic.Load(ref Ref(word), Site.Other);
        set => Atomic.Store(ref Ref(word), value, Site.Other);
    }

    // SAFETY: toys use words below the count they were made with.
    public ref ulong Ref(int word) => ref *(ulong*)(memory.Base + (word * ThreadSlots.LineBytes));

    public ulong Exchange(int word, ulong value) => Atomic.Exchange(ref Ref(word), value, Site.Other);

    public void Sleep(int word, ulong expected) => Atomic.Wait(ref Ref(word), expected, Site.Sleep);

    public void Wake(int word) => Atomic.Wake(ref Ref(word), Site.WakeWaiter);

    public void Say(NoteKind kind, long key) =>
        Atomic.Note(new InterleavingNote(kind, 1, new PageIndex(0), PageOrder.Pte, key));

    public void InBoth(int outer, int inner)
    {
        WordLock.Enter(ref Ref(outer), Site.Other);
        WordLock.Enter(ref Ref(inner), Site.Other);
        WordLock.Leave(ref Ref(inner), Site.Other);
        WordLock.Leave(ref Ref(outer), Site.Other);
    }

    public void Dispose()
    {
        if (shared is null)
        {
            memory.Dispose();
        }
    }

    private static ReservedRegion? Cleared(ReservedRegion? region, int count)
    {
        if (region is not null)
        {
            new Span<byte>((void*)region.Base, count * ThreadSlots.LineBytes).Clear();
        }

        return region;
    }
}

/// <summary>A run of a toy.</summary>
internal sealed class ToyRun : IScenarioRun
{
    private readonly ToyWords words;
    private readonly Action<ToyWords>? check;

    public ToyRun(ToyWords words, Func<ToyWords, IReadOnlyList<ScenarioThread>> threads, Action<ToyWords>? setUp, Action<ToyWords>? check)
    {
        this.words = words;
        this.check = check;
        setUp?.Invoke(words);
        Threads = threads(words);
    }

    public IReadOnlyList<ScenarioThread> Threads { get; }

    public void Check() => check?.Invoke(words);

    public void Dispose() => words.Dispose();
}
