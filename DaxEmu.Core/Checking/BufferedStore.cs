namespace DaxEmu.Core.Checking;

/// <summary>A store that is not in memory yet.</summary>
internal readonly unsafe struct BufferedStore(ulong* location, ulong value, ulong history)
{
    public ulong* Location { get; } = location;

    public ulong Value { get; } = value;

    /// <summary>The thread's history when it stored.</summary>
    public ulong History { get; } = history;
}
