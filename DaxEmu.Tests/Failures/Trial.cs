using DaxEmu.Core;
using DaxEmu.Native;
using DaxEmu.Native.Failures;

namespace DaxEmu.Tests.Failures;

/// <summary>Carries an operation out with one failing step, and looks at what it left.</summary>
/// <param name="operation">The operation.</param>
/// <param name="scenario">Where; used up afterwards.</param>
/// <param name="models">What may be seen afterwards: as before, after each prefix that may be done, and after all of it.</param>
/// <param name="plan">Which step fails.</param>
internal sealed class Trial(SweepOperation operation, SweepFixture scenario, IReadOnlyList<SweepModel> models, FailurePlan plan)
{
    private Exception? thrown;
    private long doneBytes = -1;
    private SweepModel seen = models[0];

    /// <summary>Runs it.</summary>
    /// <returns>What went wrong; null if nothing.</returns>
    public string? Run()
    {
        Act();
        return SweepChecks.Stillness(scenario).FirstOrDefault()
            ?? Outcome()
            ?? Blocks()
            ?? Durability()
            ?? Later();
    }

    private static bool IsExpected(Exception e) =>
        e is DaxException or DaxException or DaxEnvironmentException or OperationCanceledException;

    private void Act()
    {
        plan.Cancel = scenario.Cancellation.Cancel;
        plan.EndWait = () =>
        {
            scenario.Pin?.Dispose();
            scenario.Pin = null;
        };
        Fallible.Plan = plan;
        try
        {
            doneBytes = operation.Act(scenario);
        }
        catch (Exception e) when (IsExpected(e) || e is StepException or ThreadInterruptedException)
        {
            thrown = e;
        }
        finally
        {
            Fallible.Plan = null;
        }

        if (plan is { Failed: not null, Way: FailureWay.Interrupt } && thrown is null)
        {
            TakeInterruption();
        }
    }

    // An operation that cannot stop any more leaves an interruption to who waits next.
    private static void TakeInterruption()
    {
        try
        {
            Thread.Sleep(1);
        }
        catch (ThreadInterruptedException)
        {
            // Here it ends.
        }
    }

    // It happened or it did not; if it says that all is well, it did.
    private string? Outcome()
    {
        if (thrown is not null && plan.Failed is null)
        {
            return $"it fails of itself: {thrown}";
        }

        // Where it is the process that lacks something, nothing else would fit.
        bool mayComeOut = operation.HandsErrorsOn || plan.Failed is FallibleStep.NativeMemory or FallibleStep.Wait;
        if (thrown is DaxEnvironmentException && !mayComeOut)
        {
            return $"the error comes out as it is: {thrown}";
        }

        if (thrown is null)
        {
            seen = models[doneBytes < 0 || doneBytes == operation.LengthBytes ? ^1 : IndexOf(doneBytes)];
            return SweepChecks.Difference(scenario, seen) is { } difference
                ? $"it ended well{(doneBytes < 0 ? string.Empty : $" with {doneBytes} bytes")}, and {difference}"
                : operation.Also?.Invoke(scenario);
        }

        string? first = null;
        foreach (SweepModel model in models)
        {
            if (SweepChecks.Difference(scenario, model) is not { } difference)
            {
                seen = model;
                return null;
            }

            first ??= difference;
        }

        return $"it threw {thrown.GetType().Name}, and has neither happened nor not happened: {first} from before; "
            + $"{SweepChecks.Difference(scenario, models[^1])} from after\n{thrown}";
    }

    private Index IndexOf(long done)
    {
        for (int i = 0; i < operation.Stops.Count; i++)
        {
            if (operation.Stops[i] == done)
            {
                return i + 1;
            }
        }

        return done == 0 ? 0 : throw new InvalidOperationException($"it says that {done} bytes are done, where no piece ends");
    }

    private string? Blocks() => SweepChecks.Blocks(scenario).FirstOrDefault();

    private string? Durability()
    {
        List<(string File, long Page)> unmarked = [.. SweepChecks.Unmarked(scenario)];
        if (unmarked.FirstOrDefault(u => u.File != "a" || !operation.Edges.Contains(u.Page)) is { File: not null } lost)
        {
            return $"page {lost.Page} of '{lost.File}' is clean, and a loss of power would take it";
        }

        foreach ((string name, DaxFile file) in SweepChecks.Open(scenario).ToArray())
        {
            bool isReported = false;
            try
            {
                file.Sync();
            }
            catch (DaxException)
            {
                isReported = true;
            }

            if (unmarked.Exists(u => u.File == name) && !isReported)
            {
                return $"'{name}' was not made durable, and the next sync does not say so";
            }

            // A page that is lost and dirty cannot be made durable before it is written as a whole.
            file.Sync();
            foreach (PageIndex page in SweepChecks.NotDurable(scenario, file).Where(p => !unmarked.Contains((name, p.Value))))
            {
                return $"page {page} of '{name}' is not durable after a sync";
            }
        }

        return null;
    }

    private string? Later()
    {
        try
        {
            scenario.Pin?.Dispose();
            foreach ((string name, DaxFile file) in SweepChecks.Open(scenario).ToArray())
            {
                if (Use(name, file) is { } wrong)
                {
                    return wrong;
                }
            }

            return CloseAll();
        }
        catch (Exception e) when (IsExpected(e) || e is InvalidOperationException or ArgumentException)
        {
            return $"a later operation fails: {e}";
        }
    }

    private string? Use(string name, DaxFile file)
    {
        if (WrongRead(name, file) is { } wrong)
        {
            return wrong;
        }

        if (name == "a")
        {
            byte[] page = SweepFixture.Pattern(SweepFixture.Page, 77);
            file.Write(page, 0);
            using (DaxView view = file.Map(0, 2 * SweepFixture.Page))
            {
                view.CopyFrom(page.AsSpan(0, 1000), 100);
                view.CopyTo(page, 0);
            }

            file.Sync();
            file.PunchHole(0, SweepFixture.Page);
            file.Sync();
            if (SweepChecks.NotDurable(scenario, file).Any(p => !operation.Edges.Contains(p.Value)))
            {
                return "'a' is not durable after a later sync";
            }
        }

        file.SetLength(0);
        return null;
    }

    // That the device holds the right bytes was looked at: here counts that they can be read, at the pages that are used.
    private string? WrongRead(string name, DaxFile file)
    {
        FileState state = seen.Files[name];
        for (long at = 0; at < file.Length && state.Lost.Count == 0; at += SweepFixture.Pmd)
        {
            byte[] bytes = new byte[Math.Min(16 * SweepFixture.Page, file.Length - at)];
            if (file.Read(bytes, at) != bytes.Length || !bytes.AsSpan().SequenceEqual(state.Bytes.AsSpan((int)at, bytes.Length)))
            {
                return $"'{name}' is not read as it is from {at} on";
            }
        }

        return null;
    }

    private string? CloseAll()
    {
        scenario.Views.ForEach(v => v.Dispose());
        foreach (DaxFile file in scenario.Files.Values)
        {
            file.Dispose();
        }

        DaxVolume volume = DaxVolume.ScratchOf(scenario.Device);
        foreach (string name in volume.FileNames)
        {
            using (DaxFile file = volume.Open(name))
            {
                var bytes = new byte[file.Length];
                file.Read(bytes, 0);
            }

            volume.Delete(name);
        }

        scenario.Device.PoisonList.Clear(new Pfn(0), scenario.Device.PageCount);
        scenario.Device.Owners.VerifyUnused();
        return volume.FreeBytes == scenario.Device.SizeBytes
            ? null
            : $"{scenario.Device.SizeBytes - volume.FreeBytes} bytes are not free when all is closed";
    }
}
