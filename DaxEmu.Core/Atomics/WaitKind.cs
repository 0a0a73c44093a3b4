namespace DaxEmu.Core.Atomics;

/// <summary>What a thread in the <see cref="WaitRegistry"/> waits for.</summary>
internal enum WaitKind
{
    /// <summary>To enter a lock for reading: a writer is inside, or waits.</summary>
    ToRead,

    /// <summary>To enter a lock for writing.</summary>
    ToWrite,

    /// <summary>It has a lock for writing, and waits until the readers inside have left.</summary>
    ForReaders,

    /// <summary>For the last pin of a device page to be dropped.</summary>
    ForUnpin,
}
