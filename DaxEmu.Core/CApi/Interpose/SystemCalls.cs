using System.Globalization;
using DaxEmu.Native;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi.Interpose;

/// <summary>What system calls of a program do on the volume. Those that have nothing to do with it are left to the kernel.</summary>
/// <remarks>
/// Safe for many threads. Errors are Linux's. A call that is the volume's and cannot be served fails with its error, and one line says which and why
/// (<see cref="Notes"/>).
/// </remarks>
internal sealed unsafe partial class SystemCalls
{
    private const string NoLinks = "the volume has files and directories only";

    private readonly InterposedVolume volume;
    private readonly DescriptorTable table;
    private readonly UserMemory memory;
    private readonly PathResolver paths;
    private readonly bool isPrivileged;
    private readonly int userId;
    private readonly int groupId;
    private volatile int creationMask;

    public SystemCalls(InterposedVolume volume)
    {
        this.volume = volume;
        table = volume.Descriptors;
        memory = new UserMemory(volume.Settings.Unmaps);
        paths = new PathResolver(volume, memory);
        userId = (int)RawSystemCall.Invoke(Sys.Geteuid);
        groupId = (int)RawSystemCall.Invoke(Sys.Getegid);
        isPrivileged = userId == 0;
        creationMask = ReadCreationMask();
        paths.CurrentDirectory = CurrentDirectoryMark.Read();
        AdoptInherited();
    }

    /// <summary>Whether a descriptor stands for a file of the volume.</summary>
    public bool Owns(int descriptor) => table.Find(descriptor) is not null;

    /// <summary>Serves a call, if it is the volume's.</summary>
    /// <param name="call">The call.</param>
    /// <param name="result">Its value, or -errno.</param>
    /// <returns>False if it is not: the kernel is to get it as it is.</returns>
    public bool TryServe(in SystemCall call, out long result)
    {
        volume.Calls.Enter();
        try
        {
            return Dispatch(call, out result);
        }
#pragma warning disable CA1031 // Nothing may leave this method but a result: the caller is the program.
        catch (Exception problem)
#pragma warning restore CA1031
        {
            result = -ErrnoOf(problem, call.Number);
            return true;
        }
        finally
        {
            volume.Calls.Leave();
        }
    }

    private bool Dispatch(in SystemCall call, out long result)
    {
        result = 0;
        switch (call.Number)
        {
            case Sys.Read or Sys.Write or Sys.Pread64 or Sys.Pwrite64 or Sys.Readv or Sys.Writev or Sys.Preadv or Sys.Pwritev or Sys.Preadv2 or Sys.Pwritev2:
                return table.Find((int)call.A0) is { } moved ? Served(Move(moved, call), out result) : PassOn(call, out result);
            case Sys.Lseek or Sys.Fstat or Sys.Fstatfs or Sys.Getdents or Sys.Getdents64 or Sys.Ftruncate or Sys.Fallocate or Sys.Fsync or Sys.Fdatasync or Sys.SyncFileRange or Sys.Syncfs or Sys.Fadvise64 or Sys.Readahead
                or Sys.Fchmod or Sys.Fchown or Sys.Fcntl or Sys.Fchdir or Sys.Ioctl or Sys.Flistxattr or Sys.Fgetxattr or Sys.Fsetxattr or Sys.Fremovexattr:
                return table.Find((int)call.A0) is { } opened
                    ? ServeDescriptor(opened, call, out result)
                    : call.Number switch
                    {
                        Sys.Fchdir => LeaveDirectory(call, out result),
                        Sys.Ioctl => ServeForeignIoctl(call, out result),
                        _ => PassOn(call, out result),
                    };
            case Sys.Flock:
                if (table.Find((int)call.A0) is not null)
                {
                    volume.NoteLocks();
                }

                return PassOn(call, out result);
            case Sys.Close or Sys.Dup or Sys.Dup2 or Sys.Dup3 or Sys.CloseRange:
                return ServeDuplicates(call, out result);
            case Sys.CopyFileRange or Sys.Sendfile or Sys.Splice or Sys.Tee or Sys.Vmsplice:
                return ServeCopies(call, out result);
            case Sys.Mmap or Sys.Munmap or Sys.Mremap or Sys.Mprotect or Sys.PkeyMprotect or Sys.Msync or Sys.Madvise or Sys.Mincore or Sys.Mlock or Sys.Mlock2 or Sys.Munlock or Sys.Brk or Sys.Shmdt:
                return ServeMemory(call, out result);
            case Sys.Sync:
                SyncIfMounted();
                return false;
            case Sys.Umask:
                result = RawSystemCall.Invoke(Sys.Umask, call.A0);
                creationMask = (int)call.A0 & 0x1FF;
                return true;
            case Sys.Getcwd:
                return paths.CurrentDirectory != 0 && Served(GetCurrentDirectory(call.A0, call.A1), out result);
            case Sys.IoUringSetup or Sys.IoSetup:
                // The kernel would move bytes of placeholders. Programs do without, as on a kernel that was built so.
                return Served(Fail(Errno.Enosys, call.Number, "input and output that does not wait for its end is not served on the volume, so not offered at all"), out result);
            case Sys.Execve or Sys.Execveat:
                return ServeExec(call, out result);
            default:
                return ServePath(call, out result) || PassOn(call, out result);
        }
    }

    private static bool Served(long value, out long result)
    {
        result = value;
        return true;
    }

    // A call that is the kernel's, and may point into a mapped file: what the kernel reports as EFAULT is faulted in, and the call repeated.
    private static bool PassOn(in SystemCall call, out long result)
    {
        result = 0;
        return DaxRanges.AreThere && ServeForeign(call, out result);
    }

    private long Fail(int errno, int number, string why)
    {
        volume.Notes.Give($"{Sys.NameOf(number)}: {why} ({Errno.Describe(errno)}, errno {errno.ToString(CultureInfo.InvariantCulture)}).");
        return -errno;
    }

    private int ErrnoOf(Exception problem, int number)
    {
        switch (problem)
        {
            case SystemCallException refusal:
                if (refusal.Note is not null)
                {
                    volume.Notes.Give(refusal.Note);
                }

                return refusal.Errno;
            case DaxException { Error: IoError.NoSpace }:
                return Errno.Enospc;
            case VolumeException { Reason: VolumeRefusal.ReadOnly }:
                volume.Notes.Give(problem.Message);
                return Errno.Erofs;
            case UnauthorizedAccessException or ObjectDisposedException:
                return Errno.Ebadf;
            case OutOfMemoryException:
                return Errno.Enomem;
            default:
                int errno = problem switch
                {
                    DaxException { Errno: > 0 } error => error.Errno,
                    ArgumentException => Errno.Einval,
                    DaxEnvironmentException { Errno: > 0 } failure => failure.Errno,
                    _ => Errno.Eio,
                };
                volume.Notes.Give($"{Sys.NameOf(number)} failed: {problem.Message}");
                return errno;
        }
    }

    private static int ReadCreationMask()
    {
        // umask(2) cannot be asked without being set.
        int now = (int)RawSystemCall.Invoke(Sys.Umask, 0x12);
        _ = RawSystemCall.Invoke(Sys.Umask, now);
        return now;
    }
}
