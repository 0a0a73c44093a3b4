namespace DaxEmu.Native.Libc;

/// <summary>
/// The one door from an error number of the system to a <see cref="DaxEnvironmentException"/>: the numbers of x86-64 Linux, their
/// meaning in words, and what a user can do about each.
/// </summary>
internal static class Errno
{
    public const int Eperm = 1;
    public const int Enoent = 2;
    public const int Esrch = 3;
    public const int Eintr = 4;
    public const int Eio = 5;
    public const int Enxio = 6;
    public const int E2big = 7;
    public const int Ebadf = 9;
    public const int Echild = 10;
    public const int Eagain = 11;
    public const int Enomem = 12;
    public const int Eacces = 13;
    public const int Efault = 14;
    public const int Ebusy = 16;
    public const int Eexist = 17;
    public const int Exdev = 18;
    public const int Enodev = 19;
    public const int Enotdir = 20;
    public const int Eisdir = 21;
    public const int Einval = 22;
    public const int Enfile = 23;
    public const int Emfile = 24;
    public const int Enotty = 25;
    public const int Etxtbsy = 26;
    public const int Efbig = 27;
    public const int Enospc = 28;
    public const int Espipe = 29;
    public const int Erofs = 30;
    public const int Erange = 34;
    public const int Enametoolong = 36;
    public const int Enosys = 38;
    public const int Enotempty = 39;
    public const int Eloop = 40;
    public const int Enodata = 61;
    public const int Eoverflow = 75;
    public const int Eilseq = 84;
    public const int Eopnotsupp = 95;
    public const int Estale = 116;
    public const int Euclean = 117;
    public const int Edquot = 122;
    public const int Ecanceled = 125;

    /// <summary>The exception for a failed system call.</summary>
    /// <param name="action">What was tried, as in "cannot open".</param>
    /// <param name="path">The file it is about.</param>
    /// <param name="errno">The error number.</param>
    /// <param name="remedy">What the user can do, if the caller knows better than the number does.</param>
    public static DaxEnvironmentException Failure(string action, string path, int errno, string? remedy = null) =>
        new($"{action} '{path}': {Describe(errno)}", remedy ?? Remedy(errno, path), errno, path);

    /// <summary>The error in words, without a full stop.</summary>
    public static string Describe(int errno) => errno switch
    {
        Eperm => "the system does not permit it",
        Enoent => "there is no such file or directory",
        Eintr => "a signal interrupted it",
        Eio => "the storage behind it failed",
        Enxio => "there is no device behind it",
        Eagain => "another opener holds its lock",
        Enomem => "the address space or the memory does not hold it",
        Eacces => "the file's or a directory's rights forbid it",
        Ebusy => "it is in use, probably mounted",
        Eexist => "it is there already",
        Enodev => "its file system cannot be mapped into memory",
        Enotdir => "a part of the path is a file, not a directory",
        Eisdir => "it is a directory",
        Einval => "the system does not accept the size, offset or flags",
        Enfile => "the system has too many open files",
        Emfile => "this process has too many open files",
        Enotty => "it does not know the request",
        Etxtbsy => "it is a program that runs",
        Efbig => "the file would be larger than its file system or a limit allows",
        Enospc => "its file system is full",
        Erofs => "its file system is mounted read-only",
        Enametoolong => "the name is too long",
        Enosys => "the kernel does not know the call",
        Eloop => "its symbolic links go in a circle",
        Eopnotsupp => "its file system does not support it",
        Edquot => "the disk quota is used up",
        _ => $"the system answered with errno {errno}",
    };

    private static string Remedy(int errno, string path) => errno switch
    {
        Enoent => "Check the spelling, or create it first.",
        Eacces or Eperm => $"Check 'ls -ld {path}' and its directories, use another path, or run as its owner.",
        Ebusy => "Unmount it, or use another device.",
        Eagain => $"Close the other opener ('fuser -v {path}' shows who it is), or use a file of its own.",
        Enomem => "Use a smaller size, or raise 'ulimit -v'.",
        Eexist => "Open it instead, remove it, or use another path.",
        Enotdir => "Correct the path.",
        Eisdir => "Name a file inside it.",
        Enfile or Emfile => "Close files that are no longer needed, or raise 'ulimit -n'.",
        Efbig => "Use a smaller size, another file system, or raise 'ulimit -f'.",
        Enospc or Edquot => "Free space there, use a smaller size, or use another file system.",
        Erofs => "Use another path, or remount it writable.",
        Enametoolong => "Use a shorter path.",
        Einval or Enodev or Eopnotsupp => "Use a file on tmpfs, ext4 or XFS.",
        Eintr => "Try again.",
        Eio or Enxio => "Look at 'dmesg' for the device's error.",
        _ => "Use another path.",
    };
}
