namespace DaxEmu.Core.Checking.Strategies;

/// <summary>Decides a schedule, by three questions. A schedule depends on nothing else, so the same decisions replay it.</summary>
internal interface IStrategy
{
    /// <summary>Learns which words the threads contend for; null if the strategy is to be asked before every step.</summary>
    ContendedWords? Contended => null;

    /// <summary>Whether there is another schedule to try; called before each.</summary>
    bool NewExecution();

    /// <summary>What happens next; asked before each step, also if there is only one option.</summary>
    Choice NextThread(in Question question);

    /// <summary>A value below <paramref name="bound"/> for a thread that asked for one.</summary>
    ulong NextValue(ulong bound);
}
