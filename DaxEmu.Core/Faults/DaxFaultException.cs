namespace DaxEmu.Core.Faults;

/// <summary>A page of a view cannot be reached: what would be a signal to a process.</summary>
public sealed class DaxFaultException : IOException
{
    /// <summary>An error without any detail.</summary>
    public DaxFaultException()
        : this("A page cannot be reached.")
    {
    }

    /// <summary>An error with a message that says all.</summary>
    public DaxFaultException(string message)
        : base(message)
    {
    }

    /// <summary>An error with a message that says all, and its cause.</summary>
    public DaxFaultException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>A fault that could not be served.</summary>
    /// <param name="offsetBytes">The page's place in the view.</param>
    /// <param name="result">What the fault came to.</param>
    public DaxFaultException(long offsetBytes, TouchResult result)
        : base($"The page at byte {offsetBytes} of the view cannot be reached ({result}): {Explain(result)}")
    {
        OffsetBytes = offsetBytes;
        Result = result;
    }

    /// <summary>The page's place in the view.</summary>
    public long OffsetBytes { get; }

    /// <summary>What the fault came to.</summary>
    public TouchResult Result { get; }

    private static string Explain(TouchResult result) => result switch
    {
        TouchResult.Segv => "the view is read-only. Map it shared or private for writing.",
        TouchResult.Hwpoison => "the device page is poisoned. Write the whole page through the file to heal it.",
        TouchResult.Oom => "there is no memory for it. Use a smaller view, or raise 'ulimit -v'.",
        _ => "it lies beyond the end of the file, no block is left on the device, or its blocks cannot be read. "
            + "Look at the file's size and at the volume's free space.",
    };
}
