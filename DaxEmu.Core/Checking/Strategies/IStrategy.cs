namespace DaxEmu.Core.Checking.Strategies;

/// <summary>Decides a schedule: three questions. A schedule depends on nothing else, so its answers replay it.</summary>
internal interface IStrategy
{
    /// <summary>Where to write down which words the threads contend for; null if it is to be asked before every step.</summary>
    ContendedWords? Contended => null;

    /// <summary>Whether there is another schedule to try; called before each.</summary>
    bool NewExecution();

    /// <summary>Who makes the next step; asked before each, also if there is only one answer.</summary>
    Choice NextThread(in Question question);

    /// <summary>A value below <paramref name="bound"/> for a thread that asked for one.</summary>
    ulong NextValue(ulong bound);
}
