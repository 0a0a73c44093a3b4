using DaxEmu.Native.Failures;

namespace DaxEmu.Tests.Failures;

/// <summary>In which way the chosen step fails.</summary>
internal enum FailureWay
{
    /// <summary>It answers with an error, as if the medium failed for a moment.</summary>
    Answer,

    /// <summary>It and every later step answer with an error, as if the medium were gone.</summary>
    AnswerFromThenOn,

    /// <summary>It throws something that nobody expects.</summary>
    Throw,

    /// <summary>It throws what <see cref="Thread.Interrupt"/> makes a waiting thread throw.</summary>
    Interrupt,

    /// <summary>It succeeds, and the operation is cancelled meanwhile.</summary>
    Cancel,
}

/// <summary>What a step throws that fails by <see cref="FailureWay.Throw"/>.</summary>
internal sealed class StepException(FallibleStep step) : Exception($"the step '{step}' was made to throw");

/// <summary>Counts the steps of a thread and lets one of them fail.</summary>
/// <param name="failing">Which, from 1 on; 0 for none.</param>
/// <param name="way">How.</param>
internal sealed class FailurePlan(int failing, FailureWay way) : IFailurePlan
{
    /// <summary>Steps that were asked for.</summary>
    public int StepCount { get; private set; }

    /// <summary>The step that failed; null if none did.</summary>
    public FallibleStep? Failed { get; private set; }

    /// <summary>How it fails.</summary>
    public FailureWay Way => way;

    /// <summary>Cancels the operation.</summary>
    public Action? Cancel { get; set; }

    /// <summary>Ends what the operation is about to wait for, unless the wait is to fail.</summary>
    public Action? EndWait { get; set; }

    public bool Fails(FallibleStep step)
    {
        StepCount++;
        bool fails = failing > 0 && (way == FailureWay.AnswerFromThenOn ? StepCount >= failing : StepCount == failing);
        Failed = fails ? Failed ?? step : Failed;
        switch (way)
        {
            case FailureWay.Throw when fails:
                throw new StepException(step);
            case FailureWay.Interrupt when fails:
                throw new ThreadInterruptedException($"interrupted at the step '{step}'");
            case FailureWay.Cancel when fails:
                Cancel?.Invoke();
                fails = false;
                break;
        }

        if (step == FallibleStep.Wait && !fails)
        {
            Fallible.Plan = null;
            EndWait?.Invoke();
            Fallible.Plan = this;
        }

        return fails;
    }
}
