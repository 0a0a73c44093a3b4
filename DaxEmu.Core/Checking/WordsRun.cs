using System.Collections.Concurrent;

namespace DaxEmu.Core.Checking;

/// <summary>A run over shared words, which the next run gets back.</summary>
internal sealed class WordsRun : IScenarioRun
{
    private readonly SharedWords words;
    private readonly ConcurrentBag<SharedWords> idle;
    private readonly ScenarioRun run;

    public WordsRun(SharedWords words, ConcurrentBag<SharedWords> idle, Func<SharedWords, ScenarioRun> begin)
    {
        this.words = words;
        this.idle = idle;
        run = begin(words) ?? throw new InvalidOperationException("the function that makes a run of the scenario returned null.");
    }

    /// <inheritdoc/>
    public IReadOnlyList<ScenarioThread> Threads => run.Threads;

    /// <inheritdoc/>
    public void Check() => run.Check?.Invoke();

    /// <inheritdoc/>
    public void Dispose()
    {
        words.Clear();
        idle.Add(words);
    }
}
