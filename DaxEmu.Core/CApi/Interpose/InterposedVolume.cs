using DaxEmu.Core.Atomics;
using DaxEmu.Native;
using DaxEmu.Native.Files;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi.Interpose;

/// <summary>The volume that a program sees under a prefix: mounted when the program first needs it, and its files that are open.</summary>
/// <remarks>
/// One process at a time can have a volume mounted. Descriptors outlive that: their placeholders say which inode they stand for, and keep the position
/// while no process has the volume mounted. So a process that forks lets the volume go, if it can, and whichever needs it next mounts it.
/// </remarks>
internal sealed unsafe class InterposedVolume : IDisposable
{
    private const int SeekSet = 0;
    private const int SeekCurrent = 1;
    private static readonly TimeSpan BusyPause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan TurnPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan ForkPatience = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan TurnPatience = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestPrecedence = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<long, OpenInode> inodes = [];
    private readonly VolumeTurn? turn;
    private readonly HelperThread turns;
    private Lock gate = new();
    private volatile bool gaveWay;
    private volatile bool hasLocks;

    // What the parent of this process goes on using: nothing of it may be ended here, by the collector neither.
    private object? abandoned;
    private volatile DaxVolume? volume;
    private volatile PmemDevice? device;
    private string? refusal;
    private long mappings;

    public InterposedVolume(InterposeSettings settings)
    {
        Settings = settings;
        turn = settings.TurnPath is null ? null : new VolumeTurn(settings.TurnPath);
        turns = new HelperThread("daxemu-turns", GiveTurns);
        Notes = new Notes(settings.Note);
        Descriptors = new DescriptorTable(settings.DescriptorMarks, settings.DescriptorMarkCount);
        OwnDescriptors.Lowest = settings.LowestDescriptor;
        OwnDescriptors.Marks = settings.DescriptorMarks;
        OwnDescriptors.MarkCount = settings.DescriptorMarkCount;
    }

    public InterposeSettings Settings { get; }

    public Notes Notes { get; }

    public DescriptorTable Descriptors { get; }

    /// <summary>Around every call that may use the volume.</summary>
    public CallGate Calls { get; } = new();

    /// <summary>Whether this process has it mounted now.</summary>
    public bool IsMounted => volume is not null;

    /// <summary>The volume, mounted now if it was not.</summary>
    /// <exception cref="SystemCallException">EBUSY: another process has it mounted. EIO: it cannot be mounted; the note says why.</exception>
    public DaxVolume Volume => volume ?? Mount();

    /// <summary>What threads can wait for in the open files, for a wait graph.</summary>
    public IReadOnlyList<IWaitTarget> WaitTargets
    {
        get
        {
            lock (gate)
            {
                return [.. inodes.Values.Select(inode => inode.File).OfType<DaxFile>().Where(file => !file.IsClosed).SelectMany(file => file.WaitTargets)];
            }
        }
    }

    /// <summary>The files that are open now.</summary>
    public IReadOnlyList<DaxFile> OpenFiles
    {
        get
        {
            lock (gate)
            {
                return [.. inodes.Values.Select(inode => inode.File).OfType<DaxFile>().Where(file => !file.IsClosed)];
            }
        }
    }

    /// <summary>The file of an inode, opened again if the volume was let go meanwhile.</summary>
    /// <exception cref="SystemCallException">ESTALE: it is gone. EBUSY, EIO: as for <see cref="Volume"/>.</exception>
    public DaxFile FileOf(OpenInode inode) => inode.File is { IsClosed: false } file ? file : Attach(inode);

    /// <summary>Refers to an inode, and opens it if it is a file.</summary>
    /// <returns>0 or an error number: ENOENT if it is gone.</returns>
    public int Acquire(long number, bool isDirectory, string name, out OpenInode inode)
    {
        lock (gate)
        {
            _ = Volume;
            if (inodes.TryGetValue(number, out inode!))
            {
                inode.References++;
                return 0;
            }

            inode = new OpenInode(number, isDirectory, Volume.BirthOf(number), name) { References = 1 };
            if (!isDirectory)
            {
                int errno = Volume.OpenNumber(number, name, Settings.FileOptions, out DaxFile? file);
                if (errno != 0)
                {
                    return errno;
                }

                inode.File = file;
            }

            inodes.Add(number, inode);
            return 0;
        }
    }

    /// <summary>Makes a file, and refers to it.</summary>
    /// <param name="directory">Where; 0 for a file without a name.</param>
    /// <param name="name">Its name there.</param>
    /// <param name="mode">Its permission bits.</param>
    /// <param name="inode">The new file.</param>
    /// <returns>0 or an error number: EEXIST if the name is taken meanwhile.</returns>
    public int Create(long directory, string name, int mode, out OpenInode? inode)
    {
        lock (gate)
        {
            inode = null;
            DaxFile? file;
            if (directory == 0)
            {
                file = Volume.CreateTemporary(options: Settings.FileOptions);
            }
            else if (Volume.CreateIn(directory, name, mode, Settings.FileOptions, out file) is not 0 and var errno)
            {
                return errno;
            }

            inode = new OpenInode(file!.Number, isDirectory: false, Volume.BirthOf(file.Number), name) { File = file, References = 1, UnnamedMode = mode };
            inodes.Add(inode.Number, inode);
            return 0;
        }
    }

    /// <summary>Refers to an inode once more.</summary>
    public void AddReference(OpenInode inode)
    {
        lock (gate)
        {
            inode.References++;
        }
    }

    /// <summary>Refers to an inode that a descriptor stands for which another program has left, without looking at the volume.</summary>
    public OpenInode Adopt(long number, long birth, bool isDirectory)
    {
        lock (gate)
        {
            if (!inodes.TryGetValue(number, out OpenInode? inode))
            {
                inode = new OpenInode(number, isDirectory, birth, $"inode {number}");
                inodes.Add(number, inode);
            }

            inode.References++;
            return inode;
        }
    }

    /// <summary>Ends a reference to an inode; with the last one the file is closed.</summary>
    public void Release(OpenInode inode)
    {
        lock (gate)
        {
            if (--inode.References > 0)
            {
                return;
            }

            if (!inode.IsGone)
            {
                _ = inodes.Remove(inode.Number);
            }

            DaxFile? file = inode.File;
            inode.File = null;
            Close(file, inode.Name);
        }
    }

    /// <summary>A mapping of a file begins or ends: while there is one the volume cannot be let go.</summary>
    public void CountMapping(int change)
    {
        lock (gate)
        {
            mappings += change;
        }
    }

    /// <summary>
    /// Makes all durable and, if no file is mapped or open without a name, unmounts: before a fork, so that parent and child can use the volume in turn,
    /// and before another program takes this one's place. Not while another thread is inside a call.
    /// </summary>
    /// <param name="insideCalls">How many calls the caller is inside of: 0 or 1.</param>
    public void LetGo(int insideCalls) => _ = LetGo(insideCalls, ForkPatience);

    /// <summary>The program takes or asks for locks of files: other processes do not see them, so the volume stays until the end.</summary>
    public void NoteLocks() => hasLocks = true;

    private bool LetGo(int insideCalls, TimeSpan patience)
    {
        if (volume is null)
        {
            return false;
        }

        bool isClosed = Calls.TryClose(insideCalls, patience);
        try
        {
            return LetGo(canUnmount: isClosed);
        }
        finally
        {
            if (isClosed)
            {
                Calls.Open();
            }
        }
    }

    private bool LetGo(bool canUnmount)
    {
        lock (gate)
        {
            if (volume is not { } mounted)
            {
                return false;
            }

            SavePositions();
            if (!canUnmount || mappings > 0 || inodes.Values.Any(inode => mounted.BirthOf(inode.Number) == 0 || mounted.FactsOf(inode.Number) is not { LinkCount: > 0 }))
            {
                mounted.Sync();
                return false;
            }

            Unmount();
            return true;
        }
    }

    /// <summary>Ends the thread that gives the volume to other processes; it begins again with the next mount, or by <see cref="ResumeTurns"/>.</summary>
    public void EndTurns() => turns.End();

    /// <summary>Begins to give the volume to other processes again, if it is mounted.</summary>
    public void ResumeTurns()
    {
        if (volume is not null)
        {
            BeginTurns();
        }
    }

    // Another process of this run may need the volume while this one works on something else: in a pipeline each has files open.
    private void BeginTurns()
    {
        if (turn is not null)
        {
            turns.Begin();
        }
    }

    private void GiveTurns(Func<TimeSpan, bool> sleep)
    {
        while (sleep(TurnPause))
        {
            if (volume is not null && mappings == 0 && !hasLocks && turn!.IsAwaited())
            {
                try
                {
                    gaveWay = LetGo(insideCalls: 0, TurnPatience);
                }
                catch (Exception problem) when (problem is DaxException or DaxEnvironmentException or VolumeException or RawStoreException)
                {
                    Notes.Give($"The volume {Settings.VolumePath} cannot be given to another process: {problem.Message}");
                }
            }
        }
    }

    // What has just given way lets the one that waits come first.
    private void GiveWay()
    {
        long deadline = Environment.TickCount64 + (long)LongestPrecedence.TotalMilliseconds;
        while (gaveWay && Environment.TickCount64 < deadline && turn!.IsAwaited())
        {
            Thread.Sleep(BusyPause);
        }

        gaveWay = false;
    }

    /// <summary>This process is a fork: what other threads held, or were inside of, stays so for ever, since they do not exist here. Outside any call.</summary>
    public void ForgetThreads()
    {
        gate = new Lock();
        turns.Forget();
        Calls.Reset();
        gaveWay = false;
    }

    /// <summary>
    /// This process is a fork of the one that made this object. If that one still has the volume mounted, nothing of the volume can be used here until
    /// another program is started.
    /// </summary>
    public void AfterForkInChild()
    {
        if (volume is null)
        {
            return;
        }

        refusal = "the process that forked this one has it mounted";
        abandoned = (volume, device, inodes.Values.Select(inode => inode.File).ToArray());
        foreach (OpenInode inode in inodes.Values)
        {
            inode.File = null;
        }

        volume = null;
        device = null;
    }

    /// <summary>At the end of the process: makes all durable, and unmounts unless the program's other threads may still reach files through memory.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (volume is { } mounted)
            {
                SavePositions();
                if (mappings > 0)
                {
                    mounted.Sync();
                    return;
                }

                Unmount();
            }
        }
    }

    private DaxVolume Mount()
    {
        lock (gate)
        {
            if (refusal is not null)
            {
                throw new SystemCallException(Errno.Ebusy, $"The volume {Settings.VolumePath} cannot be used here: {refusal}. Let one process use it, or start another program first.");
            }

            if (volume is { } mounted)
            {
                return mounted;
            }

            PmemDevice opened = OpenDevice();
            try
            {
                volume = MountOn(opened);
                device = opened;
            }
            catch (Exception problem) when (problem is VolumeException or InvalidOperationException or DaxEnvironmentException)
            {
                opened.Dispose();
                throw new SystemCallException(Errno.Eio, $"The volume {Settings.VolumePath} cannot be mounted: {problem.Message}");
            }

            ForgetGone(volume);
            LoadPositions();
            BeginTurns();
            Settings.MountChanged?.Invoke(true);
            return volume;
        }
    }

    // What descriptors stood for when the volume was let go may have been deleted since.
    private void ForgetGone(DaxVolume mounted)
    {
        foreach (OpenInode inode in inodes.Values.Where(inode => mounted.BirthOf(inode.Number) != inode.Birth).ToArray())
        {
            inode.IsGone = true;
            _ = inodes.Remove(inode.Number);
        }
    }

    private DaxVolume MountOn(PmemDevice opened)
    {
        try
        {
            return DaxVolume.Mount(opened);
        }
        catch (VolumeException problem) when (problem.Reason == VolumeRefusal.NoVolume && Settings.FormatsNew)
        {
            DaxVolume.Format(opened);
            return DaxVolume.Mount(opened);
        }
    }

    private PmemDevice OpenDevice()
    {
        GiveWay();
        IDisposable? waiting = null;
        try
        {
            return OpenDevice(ref waiting);
        }
        finally
        {
            waiting?.Dispose();
        }
    }

    private PmemDevice OpenDevice(ref IDisposable? waiting)
    {
        long deadline = Environment.TickCount64 + (long)Settings.BusyWait.TotalMilliseconds;
        while (true)
        {
            try
            {
                return PmemDevice.Open(Settings.VolumePath, Settings.DeviceOptions);
            }
            catch (DaxEnvironmentException problem)
            {
                if (problem.Errno != Errno.Eagain)
                {
                    throw new SystemCallException(Errno.Eio, $"The volume {Settings.VolumePath} cannot be opened: {problem.Message}");
                }

                if (Environment.TickCount64 >= deadline)
                {
                    throw new SystemCallException(
                        Errno.Ebusy, $"The volume {Settings.VolumePath} is mounted by another process, so it cannot be used in this one. Wait for that one to end, or give this one a volume of its own.");
                }
            }

            waiting ??= turn?.Announce();
            Thread.Sleep(BusyPause);
        }
    }

    private DaxFile Attach(OpenInode inode)
    {
        lock (gate)
        {
            DaxVolume mounted = Volume;
            DaxFile? file = inode.File;
            if (file is { IsClosed: false })
            {
                return file;
            }

            if (inode.IsDirectory)
            {
                throw new SystemCallException(Errno.Eisdir);
            }

            int errno = inode.IsGone ? Errno.Enoent : mounted.OpenNumber(inode.Number, inode.Name, Settings.FileOptions, out file);
            if (errno != 0)
            {
                throw new SystemCallException(Errno.Estale, $"The file behind a descriptor ({inode.Name}) is gone from the volume: it was deleted while no process had the volume mounted.");
            }

            inode.File = file;
            return file!;
        }
    }

    private void Unmount()
    {
        foreach (OpenInode inode in inodes.Values)
        {
            Close(inode.File, inode.Name);
            inode.File = null;
        }

        DaxVolume? mounted = volume;
        PmemDevice? opened = device;
        volume = null;
        device = null;
        try
        {
            mounted?.Dispose();
        }
        finally
        {
            opened?.Dispose();
            Settings.MountChanged?.Invoke(false);
        }
    }

    // close(2) does not report what could not be written back; fsync(2) does.
    private void Close(DaxFile? file, string name)
    {
        try
        {
            file?.Dispose();
        }
        catch (Exception problem) when (problem is DaxException or DaxEnvironmentException or RawStoreException or VolumeException)
        {
            Notes.Give($"The file '{name}' was closed, but not all of it is durable: {problem.Message}");
        }
    }

    // The kernel keeps the position of a description while no process has the volume mounted, and shares it among those that inherit it.
    private void SavePositions()
    {
        lock (Descriptors.Gate)
        {
            foreach ((int descriptor, OpenDescription description) in Descriptors.All())
            {
                _ = RawSystemCall.Invoke(Sys.Lseek, descriptor, (nint)description.Position, SeekSet);
            }
        }
    }

    private void LoadPositions()
    {
        lock (Descriptors.Gate)
        {
            foreach ((int descriptor, OpenDescription description) in Descriptors.All())
            {
                description.Position = Math.Max(0, RawSystemCall.Invoke(Sys.Lseek, descriptor, 0, SeekCurrent));
            }
        }
    }
}
