using DaxEmu.Native.Files;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi.Interpose;

/// <content>Descriptors: opened, duplicated, closed, inherited.</content>
internal sealed unsafe partial class SystemCalls
{
    private const int DuplicateAtLeast = 0;
    private const int GetFlags = 3;
    private const int SetFlags = 4;
    private const int GetLock = 5;
    private const int OfdGetLock = 36;
    private const int OfdSetLockWait = 38;
    private const int DuplicateAtLeastCloseOnExec = 1030;
    private const int AddSeals = 1033;
    private const int GetSeals = 1034;
    private const int CloseRangeUnshare = 2;
    private const int CloseRangeCloseOnExec = 4;
    private const int KeptFlags = OpenFlags.AccessMask | OpenFlags.Append | OpenFlags.NonBlocking | OpenFlags.Direct | OpenFlags.Directory
        | OpenFlags.NoFollow | OpenFlags.Sync | OpenFlags.Path | OpenFlags.TemporaryBit;
    // What the placeholder cannot have.
    private const int OnlyHere = OpenFlags.Direct | OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.TemporaryBit;
    private const int SettableFlags = OpenFlags.Append | OpenFlags.NonBlocking | OpenFlags.Direct;

    // Gives an open inode a descriptor; the reference to the inode goes with it.
    private long OpenDescriptor(OpenInode inode, int flags)
    {
        var description = new OpenDescription(inode, flags & KeptFlags);
        long descriptor;
        lock (table.Gate)
        {
            descriptor = inode.Descriptor >= 0 ? Placeholder.Open(inode.Descriptor, flags) : Placeholder.Create(inode, flags);
            if (descriptor >= 0)
            {
                table.Set((int)descriptor, description);
            }
        }

        if (descriptor < 0)
        {
            volume.Release(inode);
        }

        return descriptor;
    }

    private bool ServeDuplicates(in SystemCall call, out long result)
    {
        result = 0;
        int descriptor = (int)call.A0;
        switch (call.Number)
        {
            case Sys.Close:
                if (table.Find(descriptor) is null)
                {
                    result = -Errno.Ebadf;
                    return OwnDescriptors.Now().Contains(descriptor);
                }

                result = CloseOne(descriptor);
                return true;
            case Sys.Dup:
                return table.Find(descriptor) is not null && Served(Duplicate(call, descriptor), out result);
            case Sys.CloseRange:
                return Served(CloseMany((uint)call.A0, (uint)call.A1, (int)call.A2), out result);
            default:
                int target = (int)call.A1;
                if (OwnDescriptors.Now().Contains(target))
                {
                    result = Fail(Errno.Ebadf, call.Number, $"descriptor {target} is the emulator's own");
                    return true;
                }

                return (table.Find(descriptor) is not null || table.Find(target) is not null) && Served(DuplicateTo(call, descriptor, target), out result);
        }
    }

    private long CloseOne(int descriptor)
    {
        OpenDescription? last;
        long result;
        lock (table.Gate)
        {
            last = table.Remove(descriptor);
            result = RawSystemCall.Invoke(Sys.Close, descriptor);
        }

        Forget(last);
        return result;
    }

    private void Forget(OpenDescription? last)
    {
        if (last is not null)
        {
            volume.Release(last.Inode);
        }
    }

    private long Duplicate(in SystemCall call, int descriptor)
    {
        lock (table.Gate)
        {
            long made = Raw(call);
            if (made >= 0 && table.Find(descriptor) is { } description)
            {
                table.Set((int)made, description);
            }

            return made;
        }
    }

    private long DuplicateTo(in SystemCall call, int descriptor, int target)
    {
        OpenDescription? last = null;
        long made;
        lock (table.Gate)
        {
            made = Raw(call);
            if (made >= 0 && descriptor != target)
            {
                last = table.Remove(target);
                if (table.Find(descriptor) is { } description)
                {
                    table.Set(target, description);
                }
            }
        }

        Forget(last);
        return made;
    }

    private long CloseMany(uint first, uint end, int flags)
    {
        if (first > end || (flags & ~(CloseRangeUnshare | CloseRangeCloseOnExec)) != 0)
        {
            return -Errno.Einval;
        }

        var closed = new List<OpenDescription>();
        long result = 0;
        lock (table.Gate)
        {
            if ((flags & CloseRangeCloseOnExec) == 0)
            {
                for (uint i = first; i <= end && i < table.Limit; i++)
                {
                    if (table.Remove((int)i) is { } last)
                    {
                        closed.Add(last);
                    }
                }
            }

            // The emulator's own descriptors stay.
            long from = first;
            foreach (int own in OwnDescriptors.Now().Where(own => own >= first && own <= end))
            {
                result = own > from && result >= 0 ? RawSystemCall.Invoke(Sys.CloseRange, (nint)from, own - 1, flags) : result;
                from = own + 1;
            }

            result = from <= end && result >= 0 ? RawSystemCall.Invoke(Sys.CloseRange, (nint)from, (nint)end, flags) : result;
        }

        closed.ForEach(Forget);
        return result;
    }

    private long Control(OpenDescription description, in SystemCall call)
    {
        int descriptor = (int)call.A0;
        int command = (int)call.A1;
        switch (command)
        {
            case DuplicateAtLeast or DuplicateAtLeastCloseOnExec:
                return Duplicate(call, descriptor);
            case GetFlags:
                long flags = Raw(call);
                return flags < 0 ? flags : flags | (uint)(description.Flags & OnlyHere);
            case SetFlags:
                long result = Raw(call with { A2 = call.A2 & ~(nint)OpenFlags.Direct });
                description.Flags = result < 0 ? description.Flags : (description.Flags & ~SettableFlags) | ((int)call.A2 & SettableFlags);
                return result;
            case (>= GetLock and < GetLock + 3) or (>= OfdGetLock and <= OfdSetLockWait):
                return ControlLock(description, call);
            case AddSeals or GetSeals:
                return -Errno.Einval;
            default:
                return Raw(call);
        }
    }

    // The placeholder has no size and no position, so a lock that counts from either is made to count from the start.
    private long ControlLock(OpenDescription description, in SystemCall call)
    {
        FileLock wanted = UserMemory.Load<FileLock>(call.A2);
        if (!description.IsPath && wanted.Whence is 1 or 2)
        {
            long from = wanted.Whence == 1 ? description.Position : volume.FileOf(description.Inode).Length;
            wanted.Start += from;
            wanted.Whence = 0;
        }

        volume.NoteLocks();
        long result = RawSystemCall.Invoke(Sys.Fcntl, call.A0, call.A1, (nint)(&wanted));
        if (result >= 0 && (int)call.A1 is GetLock or OfdGetLock)
        {
            UserMemory.Store(call.A2, wanted);
        }

        return result;
    }

    // Descriptors that the program was started with, by one that had opened them: those that were duplicated of each other share a position.
    private void AdoptInherited()
    {
        const int SameFile = 0; // KCMP_FILE
        nint process = (nint)RawSystemCall.Invoke(Sys.Getpid);
        var adopted = new List<(int Descriptor, OpenDescription Description)>();
        foreach (int descriptor in Placeholder.OpenDescriptors())
        {
            if (!Placeholder.TryRead(descriptor, out long number, out long birth, out bool isDirectory))
            {
                continue;
            }

            lock (table.Gate)
            {
                OpenDescription? same = adopted.Find(other => RawSystemCall.Invoke(Sys.Kcmp, process, process, SameFile, other.Descriptor, descriptor) == 0).Description;
                if (same is null)
                {
                    long flags = RawSystemCall.Invoke(Sys.Fcntl, descriptor, GetFlags);
                    OpenInode inode = volume.Adopt(number, birth, isDirectory);
                    same = new OpenDescription(inode, ((int)flags & KeptFlags) | (isDirectory ? OpenFlags.Directory : 0));
                }

                table.Set(descriptor, same);
                adopted.Add((descriptor, same));
            }
        }
    }

    private static long Raw(in SystemCall call) => RawSystemCall.Invoke(call.Number, call.A0, call.A1, call.A2, call.A3, call.A4, call.A5);
}
