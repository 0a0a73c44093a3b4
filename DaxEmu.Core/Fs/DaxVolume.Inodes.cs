using DaxEmu.Core.Fs.Volume;
using DaxEmu.Core.Iomap;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core;

/// <content>
/// Names by the number of their directory, as system calls need them: a directory may be renamed while it is open. What a program does wrong is
/// an error number, in the order in which Linux looks; only what fails on the volume's side is thrown.
/// </content>
public sealed partial class DaxVolume
{
    internal const long RootNumber = VolumeFormat.RootInode;

    /// <summary>What a name in a directory leads to.</summary>
    /// <returns>0, ENOENT or ENOTDIR.</returns>
    internal int LookUp(long directory, string name, out DirectoryName found)
    {
        (int errno, found) = WithGate(() => store.Look(state =>
        {
            int errno = PlaceOf(state, directory, name, out NamePlace place);
            return errno != 0 ? (errno, default)
                : place.Inode is { } inode ? (0, new DirectoryName(name, inode.Number, inode.IsDirectory))
                : (Errno.Enoent, default(DirectoryName));
        }));
        return errno;
    }

    /// <summary>What is known of an inode; null if there is none of that number any more.</summary>
    internal NodeFacts? FactsOf(long number) => WithGate(() =>
    {
        Opened? opened = open.Find(opened => opened.Core.Node.Number == number);
        return store.Look<NodeFacts?>(state =>
        {
            if (state.Find(number) is not { } inode)
            {
                return opened is null ? null : FactsOfUnnamed(opened);
            }

            long? observed = opened?.Core.Node.ObserveModified(Now());
            return new NodeFacts(
                number,
                inode.IsDirectory,
                inode.Mode,
                inode.IsDirectory ? 2 + inode.Names!.Values.Count(child => state.Find(child)!.IsDirectory) : inode.LinkCount,
                inode.IsDirectory ? DaxConstants.PageSize : opened?.Core.SizeBytes ?? inode.SizeBytes,
                AllocatedBytes(opened?.Core.Extents.Blocks ?? inode.Blocks),
                inode.CreatedTicks,
                observed ?? inode.ModifiedTicks,
                observed ?? inode.ChangedTicks);
        });
    });

    /// <summary>When an inode was made, in ticks; 0 if there is none of that number, or it never had a name.</summary>
    internal long BirthOf(long number) => store.Look(state => state.Find(number)?.CreatedTicks ?? 0);

    /// <summary>What a directory holds, in ordinal order; null if it is gone.</summary>
    internal DirectoryName[]? NamesIn(long directory) => WithGate(() => store.Look(state => state.Find(directory)?.Names is { } names
        ? names.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => new DirectoryName(pair.Key, pair.Value, state.Find(pair.Value)!.IsDirectory)).ToArray()
        : null));

    /// <summary>The directory in which a directory lies; of the root itself; 0 if it is gone.</summary>
    internal long ParentOf(long directory) => WithGate(() => store.Look(state =>
        state.Find(directory) is not { } inode ? 0 : directory == RootNumber ? RootNumber : inode.Parent));

    /// <summary>A path of an inode, with '/' in front; null if it has none.</summary>
    internal string? PathOf(long number) => WithGate(() => store.Look(state =>
    {
        if (number == RootNumber)
        {
            return "/";
        }

        string? path = state.Paths().Where(found => found.Inode.Number == number).Select(found => found.Path).Order(StringComparer.Ordinal).FirstOrDefault();
        return path is null ? null : $"/{path}";
    }));

    /// <summary>Makes a file and opens it.</summary>
    /// <returns>0, EEXIST, ENOENT (the directory is gone) or ENOTDIR.</returns>
    internal int CreateIn(long directory, string name, int mode, DaxFileOptions options, out DaxFile? file)
    {
        (int errno, file) = WithGate(() =>
        {
            int errno = FreePlaceOf(directory, name, out NamePlace place);
            if (errno != 0)
            {
                return (errno, null);
            }

            long number = store.Look(state => state.TakeNumber());
            AddInode(place, number, isDirectory: false, length: 0, mode);
            return (0, (DaxFile?)Open(new FileNode(number, name), ExtentTree.Empty, sizeBytes: 0, options, canWrite: true));
        });
        return errno;
    }

    /// <summary>Opens a file that is closed: for writing, too, if the volume may be changed.</summary>
    /// <returns>0, ENOENT (it is gone), EISDIR or EFBIG.</returns>
    internal int OpenNumber(long number, string name, DaxFileOptions options, out DaxFile? file)
    {
        (int errno, file) = WithGate(() =>
        {
            Inode? inode = store.Look(state => state.Find(number));
            if (inode is null or { IsDirectory: true } || inode.SizeBytes > options.MaximumSizeBytes)
            {
                return (inode is null ? Errno.Enoent : inode.IsDirectory ? Errno.Eisdir : Errno.Efbig, null);
            }

            ExtentTree blocks = WithoutDataPastEof(inode.Blocks, inode.SizeBytes);
            return (0, (DaxFile?)Open(new FileNode(number, name), blocks, inode.SizeBytes, options, canWrite: store.Refusal is null));
        });
        return errno;
    }

    /// <summary>Makes a directory.</summary>
    /// <returns>0, EEXIST, ENOENT (the directory around it is gone) or ENOTDIR.</returns>
    internal int MakeDirectoryIn(long directory, string name, int mode) => WithGate(() =>
    {
        int errno = FreePlaceOf(directory, name, out NamePlace place);
        if (errno == 0)
        {
            AddInode(place, store.Look(state => state.TakeNumber()), isDirectory: true, length: 0, mode);
        }

        return errno;
    });

    /// <summary>Takes a file's name away.</summary>
    /// <returns>0, ENOENT, ENOTDIR or EISDIR.</returns>
    internal int UnlinkIn(long directory, string name)
    {
        (int errno, FreedBlocks freed) = WithGate(() =>
        {
            int errno = UsedPlaceOf(directory, name, out NamePlace place);
            if (errno != 0 || place.Inode!.IsDirectory)
            {
                return (errno != 0 ? errno : Errno.Eisdir, FreedBlocks.None);
            }

            FreedBlocks all = BlocksGivenUp(place.Inode);
            store.Change((_, transaction) => RemoveName(transaction, place.Directory, name, place.Inode));
            ForgetName(place.Inode, name);
            return (0, all);
        });
        freed.ReleaseWhenIdle();
        return errno;
    }

    /// <summary>Deletes an empty directory.</summary>
    /// <returns>0, ENOENT, ENOTDIR or ENOTEMPTY.</returns>
    internal int RemoveDirectoryIn(long directory, string name) => WithGate(() =>
    {
        int errno = UsedPlaceOf(directory, name, out NamePlace place);
        if (errno != 0 || !place.Inode!.IsDirectory || place.Inode.Names!.Count > 0)
        {
            return errno != 0 ? errno : place.Inode!.IsDirectory ? Errno.Enotempty : Errno.Enotdir;
        }

        store.Change((_, transaction) =>
        {
            transaction.Unlink(directory, name, place.Inode.Number, Now());
            transaction.Forget(place.Inode.Number);
        });
        return 0;
    });

    /// <summary>Gives a file a further name; one that never had any, and is open, its first.</summary>
    /// <param name="number">The file.</param>
    /// <param name="directory">Where the name stands.</param>
    /// <param name="name">The name.</param>
    /// <param name="mode">The permission bits of a file without a name.</param>
    /// <returns>0, ENOENT (the file or the directory is gone), EEXIST, EPERM (it is a directory) or ENOTDIR.</returns>
    internal int LinkIn(long number, long directory, string name, int mode) => WithGate(() =>
    {
        int errno = FreePlaceOf(directory, name, out NamePlace place);
        if (errno != 0)
        {
            return errno;
        }

        if (store.Look(state => state.Find(number)) is { } inode)
        {
            if (inode.IsDirectory || inode.LinkCount == 0)
            {
                return inode.IsDirectory ? Errno.Eperm : Errno.Enoent;
            }

            ChangeCounted(inode, (_, transaction) => transaction.Link(directory, name, number, Now()));
            return 0;
        }

        if (open.Find(opened => opened.Core.Node.Number == number) is not { } unnamed)
        {
            return Errno.Enoent;
        }

        // Empty at first: its blocks and its size come in one commit.
        AddInode(place, number, isDirectory: false, length: 0, mode);
        unnamed.Core.Node.Name = name;
        unnamed.Core.Node.IsModified = true;
        unnamed.Journal.CommitAtClose(unnamed.Core.Extents);
        return 0;
    });

    /// <summary>Gives a file or directory another name, and replaces what has that name.</summary>
    /// <param name="directory">Where it stands now.</param>
    /// <param name="name">Its name there.</param>
    /// <param name="newDirectory">Where it is to stand.</param>
    /// <param name="newName">Its name there.</param>
    /// <param name="keepsOther">Whether nothing is replaced (<c>RENAME_NOREPLACE</c>).</param>
    /// <returns>0, ENOENT, EEXIST, EINVAL (it would lie in itself), ENOTEMPTY, ENOTDIR or EISDIR.</returns>
    internal int RenameIn(long directory, string name, long newDirectory, string newName, bool keepsOther)
    {
        (int errno, FreedBlocks freed) = WithGate(() =>
        {
            int errno = UsedPlaceOf(directory, name, out NamePlace from);
            if (errno != 0)
            {
                return (errno, FreedBlocks.None);
            }

            errno = store.Look(state => (PlaceOf(state, newDirectory, newName, out NamePlace found), found)) is (var problem, var to) ? problem : 0;
            errno = errno != 0 ? errno : RenameProblem(from, to, keepsOther);
            return errno != 0 || to.Inode == from.Inode ? (errno, FreedBlocks.None) : (0, Move(from, to));
        });
        freed.ReleaseWhenIdle();
        return errno;
    }

    /// <summary>Sets permission bits, the time of the last change of content, or both.</summary>
    /// <returns>0 or ENOENT (it is gone).</returns>
    internal int SetAttributes(long number, int? mode, long? modifiedTicks) => WithGate(() =>
    {
        Opened? opened = open.Find(opened => opened.Core.Node.Number == number);
        if (modifiedTicks is not null && opened is { Core.CanWrite: true })
        {
            // Or a change that was made before would set the time once more.
            opened.Journal.CommitAtClose(opened.Core.Extents);
        }

        return store.Look(state => state.Find(number)) is null ? Errno.Enoent : ChangeFound();

        int ChangeFound()
        {
            ChangeInode(
                state => state.Find(number)!,
                inode =>
                {
                    inode.Mode = (ushort)(mode ?? inode.Mode);
                    inode.ModifiedTicks = modifiedTicks ?? inode.ModifiedTicks;
                });
            return 0;
        }
    });

    private static long AllocatedBytes(ExtentTree blocks)
    {
        long pages = 0;
        foreach (Extent extent in blocks.In(PageRange.All))
        {
            pages += extent.PageCount;
        }

        return pages << DaxConstants.PageShift;
    }

    private static int PlaceOf(VolumeState state, long directory, string name, out NamePlace place)
    {
        place = default;
        if (state.Find(directory) is not { } inode)
        {
            return Errno.Enoent;
        }

        if (inode.Names is not { } names)
        {
            return Errno.Enotdir;
        }

        place = new NamePlace(name, inode, name, names.TryGetValue(name, out long number) ? state.Find(number) : null);
        return 0;
    }

    private NodeFacts FactsOfUnnamed(Opened opened)
    {
        long now = Now();
        long ticks = opened.Core.Node.ObserveModified(now) ?? now;
        return new NodeFacts(opened.Core.Node.Number, false, -1, 0, opened.Core.SizeBytes, AllocatedBytes(opened.Core.Extents.Blocks), ticks, ticks, ticks);
    }

    private int UsedPlaceOf(long directory, string name, out NamePlace place)
    {
        (int errno, place) = store.Look(state => (PlaceOf(state, directory, name, out NamePlace found), found));
        return errno != 0 ? errno : place.Inode is null ? Errno.Enoent : 0;
    }

    private int FreePlaceOf(long directory, string name, out NamePlace place)
    {
        (int errno, place) = store.Look(state => (PlaceOf(state, directory, name, out NamePlace found), found));
        return errno != 0 ? errno : place.Inode is not null ? Errno.Eexist : 0;
    }

    private int RenameProblem(in NamePlace from, in NamePlace to, bool keepsOther)
    {
        bool isDirectory = from.Inode!.IsDirectory;
        return (to.Inode, keepsOther) switch
        {
            (not null, true) => Errno.Eexist,
            _ when isDirectory && LiesIn(to.Directory, from.Inode.Number) => Errno.Einval,
            ({ IsDirectory: true } replaced, _) when LiesIn(from.Directory, replaced.Number) => Errno.Enotempty,
            _ when to.Inode == from.Inode => 0,
            ({ IsDirectory: false }, _) when isDirectory => Errno.Enotdir,
            ({ IsDirectory: true }, _) when !isDirectory => Errno.Eisdir,
            ({ IsDirectory: true, Names.Count: > 0 }, _) => Errno.Enotempty,
            _ => 0,
        };
    }
}
