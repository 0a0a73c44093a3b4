namespace DaxEmu.Core.CApi.Interpose;

/// <summary>Ends a system call with an error number, from wherever it is served.</summary>
#pragma warning disable CA1032, CA1064 // It never leaves this folder, and always has a number.
internal sealed class SystemCallException : Exception
#pragma warning restore CA1032, CA1064
{
    public SystemCallException(int errno, string? note = null)
        : base(note)
    {
        Errno = errno;
        Note = note;
    }

    /// <summary>The error number.</summary>
    public int Errno { get; }

    /// <summary>What the user is told once, or null.</summary>
    public string? Note { get; }
}
