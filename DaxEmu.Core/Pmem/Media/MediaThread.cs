namespace DaxEmu.Core.Pmem.Media;

/// <summary>What a dial keeps for a thread, which alone writes it.</summary>
internal sealed class MediaThread
{
    /// <summary>Bytes to read that the thread has taken from the limit and not used.</summary>
    public long ReadCredit;

    /// <summary>Bytes to write that the thread has taken from the limit and not used.</summary>
    public long WriteCredit;

    /// <summary>Where the last read ended, in bytes of the device.</summary>
    public long NextRead = -1;

    /// <summary>The line of the medium that the last read ended in.</summary>
    public long LastReadLine = -1;

    /// <summary>The line that was written in part last and waits for the rest; -1 for none.</summary>
    public long OpenLine = -1;

    /// <summary>The first byte of it that was written.</summary>
    public long OpenFrom;

    /// <summary>The byte after the last of it that was written.</summary>
    public long OpenTo;

    /// <summary>What was charged to the thread.</summary>
    public MediaTotals Totals;
}
