using System.Collections.Concurrent;

namespace DaxEmu.Core.Checking;

/// <summary>A small situation to be checked: a few threads, the words they share, and what must hold when all have finished.</summary>
/// <remarks>
/// <para>A scenario is deterministic: what a thread does depends only on what its steps return. It reads no clock, no random number and no
/// address, and keeps nothing from run to run; a search that meets anything else ends with an <see cref="InvalidOperationException"/>.</para>
/// <para>A thread that loops until another one has done something waits with <see cref="SharedWords.SpinWhile"/> or
/// <see cref="SharedWords.Wait"/>. It takes no lock of the runtime while it makes a step.</para>
/// </remarks>
/// <example>
/// Two threads add to a word by a load and a store. One schedule in which both loads come first loses an addition:
/// <code>
/// var scenario = new Scenario("lost-update", "plain", ["sum"], words =&gt; new ScenarioRun(
///     [
///         new ScenarioThread("one", () =&gt; words.Store(0, words.Load(0, "read") + 1, "write")),
///         new ScenarioThread("other", () =&gt; words.Store(0, words.Load(0, "read") + 1, "write")),
///     ],
///     check: () =&gt; ScenarioCheck.That(words.Load(0, "end") == 2, "an addition is lost")));
/// if (CheckRunner.Exhaust(scenario) is CheckFailed failed)
/// {
///     Console.WriteLine(failed.Schedule);                      // dax1:lost-update:plain:tso:...
///     Console.WriteLine(string.Join('\n', failed.Trace));
/// }
/// </code>
/// </example>
public sealed record Scenario
{
    private const int LongestName = 100;

    /// <summary>Describes a scenario whose threads share words.</summary>
    /// <param name="name">Part of the schedule string: lower-case letters, digits, dots and hyphens.</param>
    /// <param name="profile">Which variant of the code it runs ("fixed", "without-barrier"); the same characters.</param>
    /// <param name="words">The names of the shared words, as a trace prints them. They are 0 when a run begins.</param>
    /// <param name="begin">
    /// Makes a run: sets the words up, and says what the threads do. It runs once for each schedule, outside it, and returns as many threads
    /// each time.
    /// </param>
    /// <exception cref="ArgumentException">A name has other characters, or there is no word.</exception>
    public Scenario(string name, string profile, IReadOnlyList<string> words, Func<SharedWords, ScenarioRun> begin)
        : this(Checked(name, nameof(name)), Checked(profile, nameof(profile)), string.Empty, RunsOf([.. words ?? throw new ArgumentNullException(nameof(words))], begin))
    {
    }

    internal Scenario(string name, string profile, string description, Func<IScenarioRun> create)
    {
        Name = name;
        Profile = profile;
        Description = description;
        Create = create;
    }

    /// <summary>Its name, as in the schedule string.</summary>
    public string Name { get; }

    /// <summary>The variant of the code that it runs, as in the schedule string.</summary>
    public string Profile { get; }

    /// <summary>One or two sentences for people.</summary>
    public string Description { get; init; }

    /// <summary>Whether stores may be buffered. That takes more schedules, and finds missing barriers.</summary>
    public MemoryModel Model { get; init; } = MemoryModel.TotalStoreOrder;

    /// <summary>
    /// Whether everything that the threads share besides the words is ordered by steps on them: a lock made of them, a hand-over
    /// through them. Only then may a search leave out schedules that differ in the order of unrelated steps. False is always safe.
    /// </summary>
    public bool IsOrderedBySteps { get; init; } = true;

    /// <summary>A schedule with more steps than this is a livelock.</summary>
    public int StepLimit { get; init; } = 20_000;

    /// <summary>
    /// Whether every run has its words at the same addresses, and its threads look at all else that they share by atomic steps. Then a search
    /// may leave out preemptions before steps that no other thread has a part in.
    /// </summary>
    internal bool IsInPlace { get; init; }

    /// <summary>Makes a fresh run; runs outside the schedule.</summary>
    internal Func<IScenarioRun> Create { get; }

    private static Func<IScenarioRun> RunsOf(string[] words, Func<SharedWords, ScenarioRun> begin)
    {
        ArgumentNullException.ThrowIfNull(begin);
        _ = new SharedWords(words); // refuses what is no name
        ConcurrentBag<SharedWords> idle = [];
        return () => new WordsRun(idle.TryTake(out SharedWords? used) ? used : new SharedWords(words), idle, begin);
    }

    private static string Checked(string name, string parameter)
    {
        ArgumentNullException.ThrowIfNull(name, parameter);
        return name.Length is > 0 and <= LongestName && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-')
            ? name
            : throw new ArgumentException(
                $"'{name}' is not a name of a scenario or profile: use 1 to {LongestName} lower-case letters, digits, dots and hyphens, as it stands in the schedule string.", parameter);
    }
}
