namespace DaxEmu.Core.Checking;

/// <summary>Takes the label of a step before the step comes.</summary>
internal interface ILabelledSteps
{
    /// <summary>Which private word the thread fences with: its number in the scenario.</summary>
    int Index { get; }

    /// <summary>The thread's next step has this label.</summary>
    void Announce(StepLabel label);
}
