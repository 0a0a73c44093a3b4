using System.Globalization;
using System.Numerics;
using DaxEmu.Core.Pmem;

namespace DaxEmu.Core.Checking.PowerCuts;

/// <summary>Explores cuts of recordings, one at a time, on memory of its own.</summary>
internal sealed class CutWorker
{
    // Of a cut that fails, how many more states are looked at for one with less lost.
    private const int MostShrinkingRuns = 4096;
    private const string ReplayPrefix = "cut1";

    private readonly UndecidedLines lines = new();
    private readonly CutCursor cursor;
    private readonly CrashImage image;
    private Recording? loaded;

    public CutWorker()
    {
        cursor = new CutCursor(lines);
        image = new CrashImage(lines);
    }

    /// <summary>Runs recovery on every state that a cut may leave and that it can tell apart.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="place">Which of its cuts; not before the last one of the same recording.</param>
    /// <param name="seen">Gets the states.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellation">Ends it early.</param>
    public CutOutcome Explore(Recording recording, int place, StateSet seen, PowerCutOptions options, CancellationToken cancellation)
    {
        MoveTo(recording, place);
        PowerCut cut = recording.CutAt(place);
        StateHash promises = StateHash.Of(-2, (ulong)cut.BegunSteps << 32 | (uint)cut.AcknowledgedSteps);
        PowerCutFailure? failure = null;
        long left = options.MostStates;
        bool isSampling = false;
        bool isIncomplete = false;
        while (!cancellation.IsCancellationRequested)
        {
            if (options.IsBruteForce)
            {
                lines.DecideAll();
            }

            string? message = Run(recording.Test, cut);
            seen.Add(lines.Hash ^ promises, place);
            if (message is not null)
            {
                failure = Shrink(recording, cut, message);
                break;
            }

            left--;
            if (isSampling)
            {
                if (left <= 0)
                {
                    break;
                }

                lines.NextSample();
            }
            else if (!lines.Next())
            {
                break;
            }
            else if (left <= 0)
            {
                isIncomplete = true;
                if (options.SampleCount <= 0)
                {
                    break;
                }

                isSampling = true;
                left = options.SampleCount;
                lines.BeginSampling(options.Seed + (ulong)place);
            }
        }

        double possible = lines.PossibleStates;
        lines.EndCut();
        return new CutOutcome(possible, isIncomplete, failure);
    }

    /// <summary>Forgets the last recording: the next cut may be any.</summary>
    public void Unload() => loaded = null;

    /// <summary>Makes the state of a replay string again and runs recovery on it.</summary>
    /// <returns>What is wrong; null if nothing is.</returns>
    /// <exception cref="FormatException">The string is not one of this test, or the workload has changed.</exception>
    public PowerCutFailure? Replay(Recording recording, string replay)
    {
        string[] parts = replay.Split(':');
        if (parts is not [ReplayPrefix, var name, var number, var versions])
        {
            throw new FormatException($"'{replay}' is not a replay string: it has the form {ReplayPrefix}:TEST:CUT:OFFSET=VERSION,...");
        }

        if (name != recording.Test.Name)
        {
            throw new FormatException($"'{replay}' is of the test '{name}', not of '{recording.Test.Name}'.");
        }

        if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int cutNumber) || cutNumber < 1 || cutNumber > recording.Cuts.Count)
        {
            throw new FormatException($"'{number}' in '{replay}' is not the number of a cut: '{name}' has {recording.Cuts.Count}.");
        }

        MoveTo(recording, cutNumber - 1);
        try
        {
            Force(replay, versions);
            PowerCut cut = recording.CutAt(cutNumber - 1);
            string? message = Run(recording.Test, cut);
            return message is null ? null : FailureOf(recording, cut, message);
        }
        finally
        {
            lines.EndCut();
            loaded = null;
        }
    }

    /// <summary>What a cut at the end of a log leaves.</summary>
    /// <param name="log">The log.</param>
    /// <param name="seed">Chooses what arrived; null for nothing that need not have.</param>
    public static CrashImage Leave(StoreLog log, ulong? seed)
    {
        var lines = new UndecidedLines();
        var cursor = new CutCursor(lines);
        cursor.Load(log);
        cursor.MoveTo(log.Events.Count);
        if (seed is { } chosen)
        {
            lines.BeginSampling(chosen);
            lines.DecideAll();
        }
        else
        {
            for (int i = 0; i < lines.UnitCount; i++)
            {
                lines.Force(i, lines.Units[i].Least);
            }
        }

        lines.Keep();
        return new CrashImage(lines);
    }

    private void MoveTo(Recording recording, int place)
    {
        if (loaded != recording)
        {
            cursor.Load(recording.Log);
            loaded = recording;
        }

        cursor.MoveTo(recording.Cuts[place].Event);
    }

    // Of the failing state and those near "everything arrived" the one with fewest units lost: first what was lost is given back piece by
    // piece; then, if more than one is left, each state with one unit lost is tried, and each with two as long as it takes no more runs.
    private PowerCutFailure Shrink(Recording recording, PowerCut cut, string message)
    {
        int[] smallest = new int[lines.UnitCount];
        for (int i = 0; i < smallest.Length; i++)
        {
            smallest[i] = lines.Units[i].Newest;
        }

        int runsLeft = MostShrinkingRuns;
        int[] trial = [.. smallest];
        for (int i = 0; i < trial.Length && runsLeft > 0; i++)
        {
            if (trial[i] != 0)
            {
                trial[i] = 0;
                if (Fails(trial))
                {
                    smallest[i] = 0;
                }

                trial[i] = smallest[i];
            }
        }

        if (smallest.Count(v => v != 0) > 1)
        {
            Array.Clear(trial);
            _ = FailsWithLost(1, 0) || (smallest.Count(v => v != 0) > 2 && FailsWithLost(2, 0));
        }

        message = RunOn(recording.Test, cut, smallest) ?? message;
        return FailureOf(recording, cut, message);

        bool Fails(int[] versions)
        {
            runsLeft--;
            return RunOn(recording.Test, cut, versions) is not null;
        }

        bool FailsWithLost(int count, int first)
        {
            if (count == 0)
            {
                if (!Fails(trial))
                {
                    return false;
                }

                smallest = [.. trial];
                return true;
            }

            for (int i = first; i < trial.Length; i++)
            {
                for (int version = 1; version < lines.Units[i].VersionCount && runsLeft > 0; version++)
                {
                    trial[i] = version;
                    if (FailsWithLost(count - 1, i + 1))
                    {
                        return true;
                    }
                }

                trial[i] = 0;
            }

            return false;
        }
    }

    private string? RunOn(PowerCutTest test, PowerCut cut, ReadOnlySpan<int> versions)
    {
        lines.NextSample();
        for (int i = 0; i < versions.Length; i++)
        {
            lines.Force(i, versions[i]);
        }

        return Run(test, cut);
    }

    private string? Run(PowerCutTest test, PowerCut cut)
    {
        image.BeginRun();
        try
        {
            return test.Check(image, cut);
        }
        catch (Exception problem) when (problem is not OutOfMemoryException)
        {
            return $"{problem.GetType().Name}: {problem.Message}";
        }
    }

    private void Force(string replay, string versions)
    {
        Dictionary<long, int> wanted = [];
        foreach (string word in versions.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (word.Split('=') is not [var at, var version]
                || !long.TryParse(at, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long offset)
                || !int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out int chosen))
            {
                throw new FormatException($"'{word}' in '{replay}' is not a place and a version: it has the form OFFSET=VERSION, the offset in hexadecimal.");
            }

            wanted[offset] = chosen;
        }

        for (int i = 0; i < lines.UnitCount; i++)
        {
            UndecidedUnit unit = lines.Units[i];
            if (wanted.Remove(OffsetOf(unit), out int version) && version >= unit.VersionCount)
            {
                throw new FormatException($"'{replay}' does not fit the workload any more: at {OffsetOf(unit):x} there are only {unit.VersionCount} versions.");
            }

            lines.Force(i, version);
        }

        if (wanted.Count > 0)
        {
            throw new FormatException($"'{replay}' does not fit the workload any more: nothing is undecided at {wanted.Keys.First():x} there.");
        }
    }

    private PowerCutFailure FailureOf(Recording recording, PowerCut cut, string message)
    {
        List<string> lost = [];
        List<string> versions = [];
        foreach (UndecidedUnit unit in lines.Units)
        {
            if (unit.Newest != 0)
            {
                lost.Add(LostText.Of(recording.Log, cursor.Describe(unit, unit.Newest)));
                versions.Add(string.Create(CultureInfo.InvariantCulture, $"{OffsetOf(unit):x}={unit.Newest}"));
            }
        }

        return new PowerCutFailure(
            recording.Test.Name,
            message,
            cut,
            [.. recording.Labels.Take(cut.BegunSteps)],
            lost,
            string.Create(CultureInfo.InvariantCulture, $"{ReplayPrefix}:{recording.Test.Name}:{cut.Number}:{string.Join(',', versions)}"));
    }

    private static long OffsetOf(in UndecidedUnit unit) => (unit.Line * 64) + (BitOperations.TrailingZeroCount((uint)unit.Words) * sizeof(ulong));
}
