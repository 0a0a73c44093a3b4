namespace DaxEmu.Core.Checking;

/// <summary>Searches many scenarios, several at once, with the outcome of a search of one after the other.</summary>
internal static class CheckTeam
{
    /// <summary>Searches the scenarios in their order, up to the first that fails.</summary>
    /// <param name="scenarios">The scenarios.</param>
    /// <param name="search">Searches one; called by several threads at once.</param>
    /// <param name="memberCount">How many are searched at once.</param>
    /// <param name="progress">Told which scenario is begun, by several threads at once.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <returns>
    /// The outcomes of the first scenarios, in their order: of all, or of those up to the first that failed, whichever later scenarios were
    /// searched meanwhile; fewer if it was cancelled.
    /// </returns>
    /// <exception cref="AggregateException">A search threw.</exception>
    public static IReadOnlyList<CheckOutcome> Search(
        IReadOnlyList<Scenario> scenarios,
        Func<Scenario, CancellationToken, CheckOutcome> search,
        int memberCount,
        Action<int> progress,
        CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(memberCount);
        var outcomes = new CheckOutcome?[scenarios.Count];
        var abandoned = new CancellationTokenSource?[scenarios.Count];
        var gate = new Lock();
        int next = 0;
        int end = scenarios.Count;

        // False if there is nothing left to begin.
        bool Begin(out int index, out CancellationToken cancelled)
        {
            lock (gate)
            {
                index = next++;
                if (index >= end)
                {
                    cancelled = default;
                    return false;
                }

                abandoned[index] = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
                cancelled = abandoned[index]!.Token;
                return true;
            }
        }

        // After a failure no later scenario matters.
        void Finish(int index, CheckOutcome outcome)
        {
            lock (gate)
            {
                abandoned[index]!.Dispose();
                abandoned[index] = null;
                outcomes[index] = outcome;
                if (outcome is not CheckFailed)
                {
                    return;
                }

                end = Math.Min(end, index + 1);
                foreach (CancellationTokenSource? source in abandoned.Skip(end))
                {
                    source?.Cancel();
                }
            }
        }

        void Work()
        {
            while (!cancellation.IsCancellationRequested && Begin(out int index, out CancellationToken cancelled))
            {
                progress(index);
                Finish(index, search(scenarios[index], cancelled));
            }
        }

        Task.WaitAll([.. Enumerable.Range(0, memberCount).Select(_ => Task.Factory.StartNew(Work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))]);
        return [.. outcomes.Take(end).TakeWhile(o => o is not null).Select(o => o!)];
    }
}
