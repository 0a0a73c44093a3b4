namespace DaxEmu.Native.Interpose;

/// <summary>The class of each system call of x86-64 Linux. What is not named concerns the library only by an address of a mapping.</summary>
internal static unsafe class CallClasses
{
    // Calls that have no address of the program's files in them and may come from anywhere: sched_yield, nanosleep, getpid, exit (of a
    // thread), the numbers of users and groups, gettid, futex, set_tid_address, clock_nanosleep.
    private static ReadOnlySpan<short> Passed => [24, 35, 39, 60, 102, 104, 107, 108, 110, 186, 202, 218, 230];

    // mprotect, munmap, brk, mremap, shmdt, pkey_mprotect.
    private static ReadOnlySpan<short> Unmapping => [10, 11, 12, 25, 67, 329];

    // With paths, or with two descriptors, or of the whole process: open, stat, lstat, access, dup, dup2, sendfile, execve, fcntl and the rest
    // of the file calls, rt_sigaction, exit_group, io_uring_setup, close_range, openat2 and their like.
    private static ReadOnlySpan<short> Asked =>
    [
        2, 4, 6, 13, 16, 21, 32, 33, 40, 59, 76, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 92, 94, 95, 132, 133, 137, 161, 162, 165, 166, 188, 189, 191, 192, 194,
        195, 197, 198, 206, 231, 235, 254, 257, 258, 259, 260, 261, 262, 263, 264, 265, 266, 267, 268, 269, 275, 276, 280, 292, 303, 312, 316, 320, 322,
        326, 332, 425, 428, 436, 437, 439, 452,
    ];

    // With a descriptor first: read, write, close, fstat, lseek, pread64, pwrite64, fcntl, flock, fsync, fdatasync, ftruncate, getdents,
    // fchmod, fchown, fstatfs, readahead, the extended attributes, getdents64, fadvise64, fallocate, sync_file_range, syncfs.
    private static ReadOnlySpan<short> OfDescriptors => [0, 1, 3, 5, 8, 17, 18, 72, 73, 74, 75, 77, 78, 91, 93, 138, 187, 190, 193, 196, 199, 217, 221, 277, 285, 306];

    // readv, writev, sendmsg, recvmsg, preadv, pwritev, recvmmsg, sendmmsg, preadv2, pwritev2, vmsplice, process_vm_readv, process_vm_writev.
    private static ReadOnlySpan<short> OfVectors => [19, 20, 46, 47, 278, 295, 296, 299, 307, 310, 311, 327, 328];

    /// <summary>Fills the table.</summary>
    public static void Fill(CallClass* classes)
    {
        new Span<CallClass>(classes, StubTable.CallCount).Fill(CallClass.Address);
        Set(classes, Passed, CallClass.Pass);
        Set(classes, Asked, CallClass.Ask);
        Set(classes, OfDescriptors, CallClass.Descriptor);
        Set(classes, OfVectors, CallClass.Vector);
        Set(classes, Unmapping, CallClass.Unmap);
        classes[StubTable.ForkIsNear] = CallClass.Ask;
        classes[9] = CallClass.Map; // mmap
        classes[14] = CallClass.SignalMask;
        classes[15] = CallClass.SignalReturn;
        classes[56] = CallClass.Clone;
        classes[57] = CallClass.Fork;
        classes[58] = CallClass.Vfork;
        classes[130] = CallClass.MaskFirst; // rt_sigsuspend
        classes[270] = CallClass.MaskPair; // pselect6
        classes[271] = CallClass.MaskFourth; // ppoll
        classes[273] = CallClass.Attach; // set_robust_list
        classes[281] = CallClass.MaskFifth; // epoll_pwait
        classes[334] = CallClass.Attach; // rseq
        classes[435] = CallClass.Clone3;
        classes[441] = CallClass.MaskFifth; // epoll_pwait2
    }

    private static void Set(CallClass* classes, ReadOnlySpan<short> numbers, CallClass value)
    {
        foreach (short number in numbers)
        {
            classes[number] = value;
        }
    }
}
