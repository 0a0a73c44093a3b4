namespace DaxEmu.Native;

/// <summary>
/// The environment (a path, a file system, a limit, a right) does not allow what was asked. The message says what was tried,
/// on what, why it failed and what would do.
/// </summary>
public sealed class DaxEnvironmentException : IOException
{
    /// <summary>An error without any detail.</summary>
    public DaxEnvironmentException()
        : this("The environment does not allow this.")
    {
    }

    /// <summary>An error with a message that says all.</summary>
    public DaxEnvironmentException(string message)
        : base(message)
    {
        Remedy = string.Empty;
    }

    /// <summary>An error with a message that says all, and its cause.</summary>
    public DaxEnvironmentException(string message, Exception innerException)
        : base(message, innerException)
    {
        Remedy = string.Empty;
    }

    /// <summary>An error of a system call.</summary>
    /// <param name="problem">What failed, in one clause without a full stop, with the value at fault.</param>
    /// <param name="remedy">What the user can do, in one sentence.</param>
    /// <param name="errno">The system's error number, 0 if there is none.</param>
    /// <param name="path">The file it is about, or null.</param>
    public DaxEnvironmentException(string problem, string remedy, int errno = 0, string? path = null)
        : base($"{problem}. {remedy}")
    {
        Remedy = remedy;
        Errno = errno;
        Path = path;
    }

    /// <summary>The system's error number, 0 if there is none.</summary>
    public int Errno { get; }

    /// <summary>The file it is about, or null.</summary>
    public string? Path { get; }

    /// <summary>What the user can do.</summary>
    public string Remedy { get; }
}
