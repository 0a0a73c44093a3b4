using DaxEmu.Core.Fs.Volume;
using DaxEmu.Core.Iomap;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core;

/// <content>Names: files and directories are made, found, renamed and deleted.</content>
public sealed partial class DaxVolume
{
    /// <summary>The paths of all files that have one, in ordinal order; a file with two names stands there twice.</summary>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public IReadOnlyList<string> FileNames => WithGate(() => store.Look(PathsOfFiles));

    /// <summary>Makes a file and opens it; all of it is a hole, no block is taken.</summary>
    /// <param name="path">Its path: names with '/' between them. The directories on the way must be there.</param>
    /// <param name="length">Its length, in bytes.</param>
    /// <param name="options">How; null for <see cref="DaxFileOptions.Default"/>.</param>
    /// <exception cref="ArgumentException">
    /// No file can have that name: one of its parts is empty, "." or "..", has a NUL, or more than 255 bytes of UTF-8.
    /// </exception>
    /// <exception cref="DirectoryNotFoundException">A directory on the way is missing.</exception>
    /// <exception cref="IOException">The name is taken.</exception>
    /// <exception cref="DaxException">There is no space for its metadata.</exception>
    /// <exception cref="VolumeException">The volume may only be read.</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public DaxFile Create(string path, long length = 0, DaxFileOptions? options = null)
    {
        string[] names = FileNamesOf(path, nameof(path));
        return WithGate(() => CreateUnderGate(path, names, length, options));
    }

    /// <summary>Makes a file without a name, which goes when it is closed (<c>O_TMPFILE</c>).</summary>
    /// <param name="length">Its length, in bytes.</param>
    /// <param name="options">How; null for <see cref="DaxFileOptions.Default"/>.</param>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public DaxFile CreateTemporary(long length = 0, DaxFileOptions? options = null) =>
        WithGate(() => CreateUnderGate(null, null, length, options));

    /// <summary>Opens a file that is closed.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="options">How; null for <see cref="DaxFileOptions.Default"/>.</param>
    /// <param name="access">Whether it may be written.</param>
    /// <exception cref="ArgumentException">No file can have that name (see <see cref="Create"/>), or the access is for neither reading nor both.</exception>
    /// <exception cref="DirectoryNotFoundException">A directory on the way is missing.</exception>
    /// <exception cref="FileNotFoundException">There is none of that name.</exception>
    /// <exception cref="IOException">It is open already, a directory, or larger than <see cref="DaxFileOptions.MaximumSizeBytes"/>.</exception>
    /// <exception cref="VolumeException">The volume may only be read, and the file would be written.</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public DaxFile Open(string path, DaxFileOptions? options = null, FileAccess access = FileAccess.ReadWrite)
    {
        string[] names = FileNamesOf(path, nameof(path));
        CheckAccess(access);
        return WithGate(() => OpenUnderGate(path, names, options, access));
    }

    /// <summary>Opens a file, or makes an empty one if there is none of that name.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="options">How; null for <see cref="DaxFileOptions.Default"/>.</param>
    /// <exception cref="ArgumentException">No file can have that name (see <see cref="Create"/>).</exception>
    /// <exception cref="DirectoryNotFoundException">A directory on the way is missing.</exception>
    /// <exception cref="IOException">It is open already, a directory, or larger than <see cref="DaxFileOptions.MaximumSizeBytes"/>.</exception>
    /// <exception cref="DaxException">There is no space for its metadata.</exception>
    /// <exception cref="VolumeException">The volume may only be read.</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public DaxFile OpenOrCreate(string path, DaxFileOptions? options = null)
    {
        string[] names = FileNamesOf(path, nameof(path));
        return WithGate(() => Find(path, names).Inode is null
            ? CreateUnderGate(path, names, 0, options)
            : OpenUnderGate(path, names, options, FileAccess.ReadWrite));
    }

    /// <summary>Whether there is a file or directory of that name.</summary>
    /// <exception cref="ArgumentException">No file can have that name (see <see cref="Create"/>).</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public bool Exists(string path)
    {
        string[] names = VolumePath.Split(path, nameof(path));
        return WithGate(() =>
        {
            try
            {
                return Find(path, names).Inode is not null;
            }
            catch (DirectoryNotFoundException)
            {
                return false;
            }
        });
    }

    /// <summary>What the volume knows of a file or directory (stat).</summary>
    /// <param name="path">Its path; "/" for the root directory.</param>
    /// <exception cref="ArgumentException">No file can have that name (see <see cref="Create"/>).</exception>
    /// <exception cref="DirectoryNotFoundException">A directory on the way is missing.</exception>
    /// <exception cref="FileNotFoundException">There is none of that name.</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public VolumeEntry GetEntry(string path)
    {
        string[] names = VolumePath.Split(path, nameof(path));
        return WithGate(() =>
        {
            NamePlace place = Find(path, names);
            return EntryOf(place.Name, place.Inode ?? throw NotFound(path));
        });
    }

    /// <summary>What a directory holds, in ordinal order of names (readdir).</summary>
    /// <param name="path">Its path; "/" for the root directory.</param>
    /// <exception cref="ArgumentException">No directory can have that name (see <see cref="Create"/>).</exception>
    /// <exception cref="DirectoryNotFoundException">There is none of that name.</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public IReadOnlyList<VolumeEntry> GetEntries(string path = "/")
    {
        string[] names = VolumePath.Split(path, nameof(path));
        return WithGate<VolumeEntry[]>(() => store.Look<(string Name, Inode Inode)[]>(state =>
            [
                .. FindDirectory(state, path, names).Names!
                    .OrderBy(pair => pair.Key, StringComparer.Ordinal)
                    .Select(pair => (pair.Key, state.Find(pair.Value)!)),
            ]).Select(pair => EntryOf(pair.Name, pair.Inode)).ToArray());
    }

    /// <summary>Makes a directory (mkdir).</summary>
    /// <param name="path">Its path.</param>
    /// <exception cref="ArgumentException">No directory can have that name (see <see cref="Create"/>).</exception>
    /// <exception cref="DirectoryNotFoundException">A directory on the way is missing.</exception>
    /// <exception cref="IOException">The name is taken.</exception>
    /// <exception cref="DaxException">There is no space for its metadata.</exception>
    /// <exception cref="VolumeException">The volume may only be read.</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public void CreateDirectory(string path)
    {
        string[] names = FileNamesOf(path, nameof(path));
        WithGate(() =>
        {
            AddInode(path, names, store.Look(state => state.TakeNumber()), isDirectory: true, 0);
        });
    }

    /// <summary>Deletes an empty directory (rmdir).</summary>
    /// <param name="path">Its path.</param>
    /// <exception cref="ArgumentException">No directory can have that name (see <see cref="Create"/>).</exception>
    /// <exception cref="DirectoryNotFoundException">There is none of that name.</exception>
    /// <exception cref="IOException">It is not empty.</exception>
    /// <exception cref="VolumeException">The volume may only be read.</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public void DeleteDirectory(string path)
    {
        string[] names = FileNamesOf(path, nameof(path));
        WithGate(() =>
        {
            store.Change((state, transaction) =>
            {
                Inode directory = FindDirectory(state, path, names);
                RequireEmpty(directory, path);
                NamePlace place = NamePlace.Find(state, path, names);
                transaction.Unlink(place.Directory.Number, place.Name, directory.Number, Now());
                transaction.Forget(directory.Number);
            });
        });
    }

    /// <summary>Gives a file a further name (link).</summary>
    /// <param name="path">A path of it.</param>
    /// <param name="newPath">The further one.</param>
    /// <exception cref="ArgumentException">No file can have such a name (see <see cref="Create"/>).</exception>
    /// <exception cref="DirectoryNotFoundException">A directory on the way is missing.</exception>
    /// <exception cref="FileNotFoundException">There is none of that name.</exception>
    /// <exception cref="IOException">The new name is taken, or the file is a directory.</exception>
    /// <exception cref="DaxException">There is no space for its metadata.</exception>
    /// <exception cref="VolumeException">The volume may only be read.</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public void Link(string path, string newPath)
    {
        string[] names = FileNamesOf(path, nameof(path));
        string[] newNames = FileNamesOf(newPath, nameof(newPath));
        WithGate(() =>
        {
            NamePlace place = FindFile(path, names);
            NamePlace target = RequireFree(newPath, newNames);
            ChangeCounted(place.Inode!, (_, transaction) => transaction.Link(target.Directory.Number, target.Name, place.Inode!.Number, Now()));
        });
    }

    /// <summary>Gives a file or directory another name, in this directory or another one; what has that name is replaced (rename).</summary>
    /// <param name="path">Its path. The file may be open.</param>
    /// <param name="newPath">The new one. A file replaces a file, which may be open, and a directory an empty directory.</param>
    /// <exception cref="ArgumentException">No file can have such a name (see <see cref="Create"/>), or a directory would lie in itself.</exception>
    /// <exception cref="DirectoryNotFoundException">A directory on the way is missing.</exception>
    /// <exception cref="FileNotFoundException">There is none of that name.</exception>
    /// <exception cref="IOException">A file would replace a directory, or a directory a file or one that is not empty.</exception>
    /// <exception cref="DaxException">There is no space for the metadata.</exception>
    /// <exception cref="VolumeException">The volume may only be read.</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public void Rename(string path, string newPath)
    {
        string[] names = FileNamesOf(path, nameof(path));
        string[] newNames = FileNamesOf(newPath, nameof(newPath));
        FreedBlocks freed = WithGate(() => RenameUnderGate(path, names, newPath, newNames));
        freed.ReleaseWhenIdle();
    }

    /// <summary>Deletes a name of a file; with the last one the file goes, and its blocks are free again: when it is closed, if it is open (unlink).</summary>
    /// <param name="path">The path.</param>
    /// <exception cref="ArgumentException">No file can have that name (see <see cref="Create"/>).</exception>
    /// <exception cref="DirectoryNotFoundException">A directory on the way is missing.</exception>
    /// <exception cref="FileNotFoundException">There is none of that name.</exception>
    /// <exception cref="IOException">It is a directory.</exception>
    /// <exception cref="VolumeException">The volume may only be read.</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public void Delete(string path)
    {
        string[] names = FileNamesOf(path, nameof(path));
        FreedBlocks freed = WithGate(() =>
        {
            NamePlace place = FindFile(path, names);
            FreedBlocks all = BlocksGivenUp(place.Inode!);
            store.Change((state, transaction) => RemoveName(transaction, place.Directory, place.Name, place.Inode!));
            ForgetName(place.Inode!, path);
            return all;
        });
        freed.ReleaseWhenIdle();
    }

    /// <summary>Sets the permission bits of a file or directory (chmod). They are kept, not enforced.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="mode">The bits, 0 to 4095 (octal 7777).</param>
    /// <exception cref="ArgumentException">No file can have that name, or there are no such bits.</exception>
    /// <exception cref="DirectoryNotFoundException">A directory on the way is missing.</exception>
    /// <exception cref="FileNotFoundException">There is none of that name.</exception>
    /// <exception cref="VolumeException">The volume may only be read.</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public void SetMode(string path, int mode)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(mode);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(mode, 0xFFF);
        ChangeInode(path, inode => inode.Mode = (ushort)mode);
    }

    /// <summary>Sets when a file or directory was modified last (utimensat).</summary>
    /// <param name="path">Its path.</param>
    /// <param name="modifiedUtc">When, in UTC.</param>
    /// <exception cref="ArgumentException">No file can have that name.</exception>
    /// <exception cref="DirectoryNotFoundException">A directory on the way is missing.</exception>
    /// <exception cref="FileNotFoundException">There is none of that name.</exception>
    /// <exception cref="VolumeException">The volume may only be read.</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public void SetModified(string path, DateTime modifiedUtc) => ChangeInode(path, inode => inode.ModifiedTicks = modifiedUtc.Ticks);

    private static FileNotFoundException NotFound(string path) => new($"There is no file '{path}'. Make it first.", path) { HResult = Errno.Enoent };

    private static string[] FileNamesOf(string path, string parameterName)
    {
        string[] names = VolumePath.Split(path, parameterName);
        return names.Length > 0 ? names : throw new ArgumentException("'/' is the root directory, which is always there. Give a path below it.", parameterName);
    }

    private static string[] PathsOfFiles(VolumeState state) =>
        [.. state.Paths().Where(found => !found.Inode.IsDirectory).Select(found => found.Path).Order(StringComparer.Ordinal)];

    private static Inode FindDirectory(VolumeState state, string path, string[] names) => NamePlace.Find(state, path, names).Inode switch
    {
        { IsDirectory: true } directory => directory,
        null => throw new DirectoryNotFoundException($"There is no directory '{path}'. Make it first.") { HResult = Errno.Enoent },
        _ => throw new DirectoryNotFoundException($"'{path}' is a file, and a directory is needed.") { HResult = Errno.Enotdir },
    };

    private static void RequireEmpty(Inode directory, string path)
    {
        if (directory.Names!.Count > 0)
        {
            throw new IOException($"The directory '{path}' is not empty: it has {directory.Names.Count} names. Delete what it holds first.", Errno.Enotempty);
        }
    }

    private NamePlace Find(string path, string[] names) => store.Look(state => NamePlace.Find(state, path, names));

    private NamePlace FindFile(string path, string[] names)
    {
        NamePlace place = Find(path, names);
        return place.Inode switch
        {
            null => throw NotFound(path),
            { IsDirectory: true } => throw new IOException($"'{path}' is a directory, and a file is needed.", Errno.Eisdir),
            _ => place,
        };
    }

    private NamePlace RequireFree(string path, string[] names)
    {
        NamePlace place = Find(path, names);
        return place.Inode is null ? place : throw new IOException($"There is a {(place.Inode.IsDirectory ? "directory" : "file")} '{path}' on {Device.Name} already. Open it, or delete it first.", Errno.Eexist);
    }

    private void AddInode(string path, string[] names, long number, bool isDirectory, long length) =>
        AddInode(RequireFree(path, names), number, isDirectory, length, isDirectory ? 0x1ED : 0x1A4); // rwxr-xr-x, rw-r--r--

    private void AddInode(NamePlace place, long number, bool isDirectory, long length, int mode)
    {
        long now = Now();
        var inode = new Inode(number, isDirectory)
        {
            Mode = (ushort)mode,
            SizeBytes = length,
            CreatedTicks = now,
            ModifiedTicks = now,
            ChangedTicks = now,
        };
        ChangeCounted(inode, (_, transaction) =>
        {
            transaction.Inode(inode);
            transaction.Link(place.Directory.Number, place.Name, number, now);
        });
    }

    // A name and the count of names change in one transaction; the flaw commits the count first.
    private void ChangeCounted(Inode inode, Action<VolumeState, Transaction> build)
    {
        if ((flaws & VolumeFlaws.CountBeforeName) == 0)
        {
            store.Change(build);
            return;
        }

        inode.LinkCount++;
        store.Change((_, transaction) => transaction.Inode(inode));
        int count = inode.LinkCount;
        store.Change((state, transaction) =>
        {
            inode.LinkCount = count - 1;
            transaction.Inode(inode);
            build(state, transaction);
        });
    }

    private void ChangeInode(string path, Action<Inode> change)
    {
        string[] names = VolumePath.Split(path, nameof(path));
        WithGate(() => ChangeInode(state => NamePlace.Find(state, path, names).Inode ?? throw NotFound(path), change));
    }

    private void ChangeInode(Func<VolumeState, Inode> find, Action<Inode> change) => store.Change((state, transaction) =>
    {
        Inode inode = find(state);
        var next = new Inode(inode.Number, inode.IsDirectory)
        {
            Mode = inode.Mode,
            LinkCount = inode.LinkCount,
            SizeBytes = inode.SizeBytes,
            CreatedTicks = inode.CreatedTicks,
            ModifiedTicks = inode.ModifiedTicks,
            ChangedTicks = Now(),
        };
        change(next);
        transaction.Inode(next);
    });

    private FreedBlocks RenameUnderGate(string path, string[] names, string newPath, string[] newNames)
    {
        NamePlace from = Find(path, names);
        Inode inode = from.Inode ?? throw NotFound(path);
        NamePlace to = Find(newPath, newNames);
        if (to.Inode == inode)
        {
            return FreedBlocks.None;
        }

        CheckReplaces(from, to, path, newPath);
        return Move(from, to);
    }

    // What is checked already: the name leads somewhere, and what it replaces can be replaced.
    private FreedBlocks Move(NamePlace from, NamePlace to)
    {
        Inode inode = from.Inode!;
        FreedBlocks freed = to.Inode is { IsDirectory: false } replaced ? BlocksGivenUp(replaced) : FreedBlocks.None;
        Action<VolumeState, Transaction> leave = (_, transaction) => transaction.Unlink(from.Directory.Number, from.Name, inode.Number, Now());
        Action<VolumeState, Transaction> replace = (_, transaction) => RemoveName(transaction, to.Directory, to.Name, to.Inode!);
        Action<VolumeState, Transaction> arrive = (_, transaction) => transaction.Link(to.Directory.Number, to.Name, inode.Number, Now());
        List<Action<VolumeState, Transaction>> steps = to.Inode is null ? [leave, arrive] : [replace, leave, arrive];
        if ((flaws & VolumeFlaws.RenameDeletesFirst) != 0)
        {
            store.Change(leave);
            steps.Remove(leave);
        }

        if ((flaws & VolumeFlaws.ReplaceDeletesFirst) != 0 && to.Inode is not null)
        {
            store.Change(replace);
            steps.Remove(replace);
        }

        store.Change((state, transaction) => steps.ForEach(step => step(state, transaction)));
        if (to.Inode is not null)
        {
            ForgetName(to.Inode, to.Path);
        }

        if (NodeOf(inode) is { } node && node.Name == from.Path)
        {
            node.Name = to.Path;
        }

        return freed;
    }

    private void CheckReplaces(in NamePlace from, in NamePlace to, string path, string newPath)
    {
        bool isDirectory = from.Inode!.IsDirectory;
        if (to.Inode is not null && to.Inode.IsDirectory != isDirectory)
        {
            throw new IOException($"'{path}' is a {(isDirectory ? "directory" : "file")} and cannot replace '{newPath}', which is none. Delete that first.", isDirectory ? Errno.Enotdir : Errno.Eisdir);
        }

        if (to.Inode is { IsDirectory: true } replaced)
        {
            RequireEmpty(replaced, newPath);
        }

        if (isDirectory && LiesIn(to.Directory, from.Inode.Number))
        {
            throw new ArgumentException($"The directory '{path}' cannot be moved to '{newPath}', which lies in it.", nameof(newPath));
        }
    }

    private bool LiesIn(Inode directory, long inside) => store.Look(state =>
    {
        Inode? at = directory;
        while (at is not null && at.Number != inside && at.Number != VolumeFormat.RootInode)
        {
            at = state.Find(at.Parent);
        }

        return at?.Number == inside;
    });

    // With its last name a file goes, unless it is open: then it goes when it is closed, or at the next mount.
    private void RemoveName(Transaction transaction, Inode directory, string name, Inode inode)
    {
        transaction.Unlink(directory.Number, name, inode.Number, Now());
        if (inode.LinkCount == 1 && NodeOf(inode) is null)
        {
            transaction.Forget(inode.Number);
        }
    }

    private FreedBlocks BlocksGivenUp(Inode inode)
    {
        if (inode.LinkCount > 1 || NodeOf(inode) is not null)
        {
            return FreedBlocks.None;
        }

        List<PfnRange> blocks = [.. inode.Blocks.In(PageRange.All).Select(extent => new PfnRange(extent.Pfn, extent.PageCount))];
        return blocks.Count == 0 ? FreedBlocks.None : new FreedBlocks(Allocator, blocks);
    }

    private void ForgetName(Inode inode, string path)
    {
        if (NodeOf(inode) is { } node && (inode.LinkCount == 0 || node.Name == path))
        {
            node.Name = inode.LinkCount == 0 ? null : store.Look(state => state.Paths().Where(found => found.Inode == inode).Select(found => found.Path).Order(StringComparer.Ordinal).First());
        }
    }

    private FileNode? NodeOf(Inode inode) => open.Find(opened => opened.Core.Node.Number == inode.Number)?.Core.Node;

    private VolumeEntry EntryOf(string name, Inode inode)
    {
        Opened? opened = open.Find(opened => opened.Core.Node.Number == inode.Number);
        ExtentTree blocks = opened?.Core.Extents.Blocks ?? inode.Blocks;
        return new VolumeEntry(
            name,
            inode.Number,
            inode.IsDirectory,
            opened?.Core.SizeBytes ?? inode.SizeBytes,
            blocks.In(PageRange.All).Sum(extent => extent.PageCount) << DaxConstants.PageShift,
            inode.Mode,
            inode.LinkCount,
            new DateTime(inode.CreatedTicks, DateTimeKind.Utc),
            new DateTime(inode.ModifiedTicks, DateTimeKind.Utc),
            new DateTime(inode.ChangedTicks, DateTimeKind.Utc));
    }
}
