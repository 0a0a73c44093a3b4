using Stat = Mono.Unix.Native.Stat;
using Syscall = Mono.Unix.Native.Syscall;

namespace DaxEmu.Native.Files;

/// <summary>Whether two paths name one file.</summary>
internal static class FileIdentity
{
    /// <summary>Whether both are there and are one file, by whatever links; or neither is, and the paths are the same.</summary>
    public static bool IsSame(string left, string right)
    {
        bool hasLeft = Syscall.stat(left, out Stat leftStat) == 0;
        bool hasRight = Syscall.stat(right, out Stat rightStat) == 0;
        return hasLeft && hasRight
            ? leftStat.st_dev == rightStat.st_dev && leftStat.st_ino == rightStat.st_ino
            : left == right;
    }
}
