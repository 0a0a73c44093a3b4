namespace DaxEmu.Core;

/// <summary>A volume is not mounted, or not changed, because of what its device holds.</summary>
public sealed class VolumeException : IOException
{
    /// <summary>A refusal without any detail.</summary>
    public VolumeException()
        : this("The volume cannot be used.")
    {
    }

    /// <summary>A refusal with a message that says all.</summary>
    public VolumeException(string message)
        : base(message)
    {
    }

    /// <summary>A refusal with a message that says all, and its cause.</summary>
    public VolumeException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    internal VolumeException(VolumeRefusal reason, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Reason = reason;
    }

    /// <summary>Why.</summary>
    public VolumeRefusal Reason { get; }
}
