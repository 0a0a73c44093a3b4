using System.Runtime.InteropServices;
using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Checking;

/// <summary>
/// A few 64-bit words that threads share, each on cache lines of its own, and the atomic steps on them: the ground to write a lock-free
/// protocol on, so that the scheduler can put every step of it in any order.
/// </summary>
/// <remarks>
/// <para>A thread of a <see cref="Scenario"/> stops before each step until the scheduler lets it go on. On any other thread the same call is
/// the real instruction or system call (<c>mov</c>, <c>lock cmpxchg</c>, <c>futex</c>), so that the code under check is the code that runs
/// later; where the switch <c>DaxEmu.Interleaving</c> is off, the just-in-time compiler leaves nothing of the scheduler in it.</para>
/// <para>The orders are those of x86-64: a load acquires, a store releases and may be buffered behind later loads of its thread, and each of
/// <see cref="Exchange"/>, <see cref="CompareExchange"/>, <see cref="Add"/>, <see cref="Fence"/>, <see cref="Wait"/> and
/// <see cref="Wake"/> is a full fence.</para>
/// <para>The label of a step says what it is for; traces print it.</para>
/// </remarks>
/// <example>
/// A lock that sleeps:
/// <code>
/// var words = new SharedWords("lock");
/// while (words.CompareExchange(0, value: 1, comparand: 0, "take the lock") != 0)
/// {
///     words.Wait(0, expected: 1, "sleep until it is dropped");
/// }
///
/// words.Store(0, 0, "drop the lock");
/// words.Wake(0, "wake the waiters");
/// </code>
/// </example>
public sealed class SharedWords
{
    private const int WordsPerLine = ThreadSlots.LineBytes / sizeof(ulong);

    private readonly string[] names;

    // A line for each word, then one for each thread of a scenario, which fences on it; one more line to align the first.
    private readonly ulong[] memory;
    private readonly int first;

    /// <summary>Makes words; each holds 0.</summary>
    /// <param name="names">A name for each word, as traces print it. Words are used by their number in this list.</param>
    /// <exception cref="ArgumentException">There is no name, or one is empty.</exception>
    public SharedWords(params string[] names)
    {
        ArgumentNullException.ThrowIfNull(names);
        if (names.Length == 0 || Array.Exists(names, string.IsNullOrWhiteSpace))
        {
            throw new ArgumentException("shared words need a name each, and there must be at least one.", nameof(names));
        }

        this.names = [.. names];
        memory = GC.AllocateArray<ulong>((names.Length + Choice.MaxThreads + 1) * WordsPerLine, pinned: true);
        nint start = Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0);
        first = (int)(((start + ThreadSlots.LineBytes - 1) & -ThreadSlots.LineBytes) - start) / sizeof(ulong);
    }

    /// <summary>How many words there are.</summary>
    public int Count => names.Length;

    /// <summary>Reads a word.</summary>
    /// <param name="word">Its number.</param>
    /// <param name="label">What the step is for.</param>
    /// <returns>What it holds; the thread's own buffered store counts.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no word of that number; all steps throw it.</exception>
    public ulong Load(int word, string label) => Atomic.Load(ref Announced(word, label), Site.Other);

    /// <summary>Writes a word. Other threads may see it late: after later loads of this thread.</summary>
    /// <param name="word">Its number.</param>
    /// <param name="value">What it holds then.</param>
    /// <param name="label">What the step is for.</param>
    public void Store(int word, ulong value, string label) => Atomic.Store(ref Announced(word, label), value, Site.Other);

    /// <summary>Writes a word and says what it held before, in one step.</summary>
    /// <param name="word">Its number.</param>
    /// <param name="value">What it holds then.</param>
    /// <param name="label">What the step is for.</param>
    /// <returns>What it held before.</returns>
    public ulong Exchange(int word, ulong value, string label) => Atomic.Exchange(ref Announced(word, label), value, Site.Other);

    /// <summary>Writes a word if it holds what is expected, in one step.</summary>
    /// <param name="word">Its number.</param>
    /// <param name="value">What it holds then.</param>
    /// <param name="comparand">What it must hold before.</param>
    /// <param name="label">What the step is for.</param>
    /// <returns>What it held before: <paramref name="comparand"/> if it was written.</returns>
    public ulong CompareExchange(int word, ulong value, ulong comparand, string label) =>
        Atomic.CompareExchange(ref Announced(word, label), value, comparand, Site.Other);

    /// <summary>Adds to a word in one step.</summary>
    /// <param name="word">Its number.</param>
    /// <param name="addend">May be negative; the sum wraps around.</param>
    /// <param name="label">What the step is for.</param>
    /// <returns>What it holds afterwards.</returns>
    public ulong Add(int word, long addend, string label) => Atomic.Add(ref Announced(word, label), addend, Site.Other);

    /// <summary>A full fence: the stores of this thread are seen by all before its later loads.</summary>
    /// <param name="label">What the step is for.</param>
    public void Fence(string label)
    {
        ILabelledSteps? steps = Announce(label, word: null);
        int mine = steps?.Index ?? (Environment.CurrentManagedThreadId % Choice.MaxThreads);
        Atomic.Or(ref memory[first + ((names.Length + mine) * WordsPerLine)], 0, Site.Other);
    }

    /// <summary>
    /// A full fence in every thread of the process, at the cost of this one (<c>membarrier</c>). With it on one side of a protocol the other side
    /// needs none.
    /// </summary>
    /// <param name="label">What the step is for.</param>
    public static void ProcessWideBarrier(string label)
    {
        Announce(label, word: null);
        Atomic.ProcessWideBarrier(Site.Other);
    }

    /// <summary>Sleeps while a word holds a value, until <see cref="Wake"/> is called for it. May return early, so call it in a loop.</summary>
    /// <remarks>As a futex: the test and the falling asleep are one step. Only the low 32 bits are compared.</remarks>
    /// <param name="word">Its number.</param>
    /// <param name="expected">Sleeps only if the word holds this.</param>
    /// <param name="label">What the step is for.</param>
    public void Wait(int word, ulong expected, string label) => Atomic.Wait(ref Announced(word, label), expected, Site.Other);

    /// <summary>Wakes all threads that sleep on a word.</summary>
    /// <param name="word">Its number.</param>
    /// <param name="label">What the step is for.</param>
    public void Wake(int word, string label) => Atomic.Wake(ref Announced(word, label), Site.Other);

    /// <summary>Returns when a word no longer holds a value: for short waits. The scheduler lets the thread go on only then.</summary>
    /// <param name="word">Its number.</param>
    /// <param name="unwanted">What it must no longer hold.</param>
    /// <param name="label">What the step is for.</param>
    public void SpinWhile(int word, ulong unwanted, string label) => Atomic.SpinWhile(ref Announced(word, label), unwanted, Site.Other);

    /// <summary>Makes every word 0, for the next run.</summary>
    internal void Clear() => Array.Clear(memory);

    private static ILabelledSteps? Announce(string label, string? word)
    {
        if (InterleavingSwitch.On && Atomic.Current is ILabelledSteps steps)
        {
            ArgumentNullException.ThrowIfNull(label);
            steps.Announce(new StepLabel(label, word));
            return steps;
        }

        return null;
    }

    private ref ulong Announced(int word, string label)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)word, (uint)names.Length, nameof(word));
        _ = Announce(label, names[word]);
        return ref memory[first + (word * WordsPerLine)];
    }
}
