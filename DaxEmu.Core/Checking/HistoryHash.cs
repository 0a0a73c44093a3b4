namespace DaxEmu.Core.Checking;

/// <summary>Mixing of 64-bit values where the order matters.</summary>
internal static class HistoryHash
{
    /// <summary>A value that depends on both, and on which is which.</summary>
    public static ulong Mix(ulong history, ulong value)
    {
        ulong mixed = (ulong.RotateLeft(history, 23) * 0x9E3779B97F4A7C15UL) + (value * 0xD1B54A32D192ED03UL) + 0x2545F4914F6CDD1DUL;
        mixed ^= mixed >> 32;
        mixed *= 0xD6E8FEB86659FD93UL;
        return mixed ^ (mixed >> 32);
    }
}
