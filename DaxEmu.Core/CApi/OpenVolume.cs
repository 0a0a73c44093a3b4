using DaxEmu.Core.Dax.Faults;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi;

/// <summary>
/// A volume that a C program has mounted. Files may be opened many times, and stay open while they are mapped; a <see cref="DaxVolume"/> opens
/// each once.
/// </summary>
internal sealed class OpenVolume(OpenDevice device, DaxVolume volume, DaxFileOptions fileOptions, HostMappingOptions mappingOptions, EventSwitch events) : IHandled
{
    // Held while the table is looked at or changed; inside the others.
    private readonly Lock gate = new();

    // Held while names are looked up and changed: a path must not lead elsewhere between a look and an opening. Inside that of a file.
    private readonly Lock names = new();
    private readonly Dictionary<long, SharedFile> files = [];
    private bool isUnmounted;

    public static string Kind => "volume";

    public DaxVolume Volume => volume;

    /// <summary>What holds for each mapping of its files.</summary>
    public HostMappingOptions MappingOptions => mappingOptions;

    /// <summary>Where the events of its files go.</summary>
    public EventSwitch Events => events;

    /// <summary>The files that are open, by a handle or by a mapping.</summary>
    public DaxFile[] Files
    {
        get
        {
            lock (gate)
            {
                return [.. files.Values.Select(shared => shared.Opened).OfType<DaxFile>()];
            }
        }
    }

    /// <summary>Opens a file, or another time one that is open.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="creates">Whether it is made if there is none.</param>
    /// <param name="isNew">Whether there must be none before.</param>
    public SharedFile Open(string path, bool creates, bool isNew)
    {
        while (true)
        {
            long number = NumberOf(path, creates, isNew);
            SharedFile shared = Refer(number);
            bool isOpen = false;
            try
            {
                // Waits for one that closes it right now.
                lock (shared.Gate)
                {
                    isOpen = shared.Opened is not null || TryOpen(shared, path);
                }

                if (isOpen)
                {
                    return shared;
                }
            }
            finally
            {
                if (!isOpen)
                {
                    Close(shared);
                }
            }

            // The path leads elsewhere by now.
            (creates, isNew) = (creates && !isNew, false);
        }
    }

    /// <summary>Makes a file without a name, which goes when it is closed.</summary>
    public SharedFile OpenTemporary()
    {
        DaxFile file = volume.CreateTemporary(0, fileOptions);
        SharedFile shared = Refer(-file.Mapping.Id); // no inode's number
        shared.Opened = file;
        return shared;
    }

    /// <summary>One user more, of a file that has one.</summary>
    public void AddUser(SharedFile shared)
    {
        lock (gate)
        {
            shared.UserCount++;
        }
    }

    /// <summary>One user less; with the last one the file is closed.</summary>
    public void Close(SharedFile shared)
    {
        lock (shared.Gate)
        {
            lock (gate)
            {
                if (--shared.UserCount > 0)
                {
                    return;
                }
            }

            DaxFile? last = shared.Opened;
            shared.Opened = null;
            try
            {
                last?.Dispose();
            }
            finally
            {
                lock (gate)
                {
                    // One that waits to open it keeps it in the table.
                    _ = shared.UserCount == 0 && files.Remove(shared.Number);
                }
            }
        }
    }

    /// <summary>Looks names up, or changes them: beside no opening of a file.</summary>
    public T WithNames<T>(Func<DaxVolume, T> work)
    {
        lock (names)
        {
            return work(volume);
        }
    }

    /// <summary>Unmounts it.</summary>
    /// <exception cref="IOException">Files are open or mapped (EBUSY).</exception>
    public void Unmount()
    {
        lock (device.Gate)
        {
            lock (gate)
            {
                ObjectDisposedException.ThrowIf(isUnmounted, volume);
                if (files.Count > 0)
                {
                    throw new IOException(
                        $"{files.Count} files of the volume are open or mapped, one of them {files.Values.First()}. Close and unmap them first.", Errno.Ebusy);
                }

                isUnmounted = true;
            }

            device.Mounted = null;
            try
            {
                volume.Dispose();
            }
            finally
            {
                events.Dispose();
            }
        }
    }

    private long NumberOf(string path, bool creates, bool isNew) => WithNames(_ =>
    {
        if (creates && !volume.Exists(path))
        {
            volume.Create(path, 0, fileOptions).Dispose();
        }
        else if (isNew)
        {
            throw new IOException($"There is a file '{path}' already. Open it, or delete it first.", Errno.Eexist);
        }

        VolumeEntry entry = volume.GetEntry(path);
        return entry.IsDirectory ? throw new IOException($"'{path}' is a directory, and a file is needed.", Errno.Eisdir) : entry.Number;
    });

    private bool TryOpen(SharedFile shared, string path) => WithNames(_ =>
    {
        if (volume.GetEntry(path).Number != shared.Number)
        {
            return false;
        }

        shared.Opened = volume.Open(path, fileOptions, volume.ReadOnlyReason is null ? FileAccess.ReadWrite : FileAccess.Read);
        return true;
    });

    private SharedFile Refer(long number)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isUnmounted, volume);
            if (!files.TryGetValue(number, out SharedFile? shared))
            {
                files[number] = shared = new SharedFile(this, number);
            }

            shared.UserCount++;
            return shared;
        }
    }
}
