using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Crash.Volume;

/// <summary>Collects the steps of a sequence of operations, with the state of the model after each.</summary>
internal sealed class VolumeScript
{
    private const int Page = DaxConstants.PageSize;

    private readonly List<VolumeStep> steps = [];
    private readonly List<TreeModel> states = [];
    private int patterns;
    private bool isOnAThread;

    public VolumeScript(TreeModel start) => states.Add(start);

    public IReadOnlyList<VolumeStep> Steps => steps;

    /// <summary>The model before the first step, and after each.</summary>
    public IReadOnlyList<TreeModel> States => states;

    private TreeModel Now => states[^1];

    public void Add(string label, Action<VolumeSession> act, Action<TreeModel> model)
    {
        TreeModel next = Now.Copy();
        model(next);
        steps.Add(isOnAThread ? new VolumeStep($"{label} (another thread)", session => RunOnAThread(() => act(session))) : new VolumeStep(label, act));
        states.Add(next);
    }

    /// <summary>The steps that are added meanwhile are another thread's: its fences are not those of the thread that goes on.</summary>
    public void OnAThread(Action add)
    {
        isOnAThread = true;
        add();
        isOnAThread = false;
    }

    /// <summary>Bytes that no other call of the sequence writes.</summary>
    public byte[] Pattern(int length)
    {
        int seed = (++patterns * 37) + 11;
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++)
        {
            bytes[i] = (byte)(1 + ((i + (i / 64 * 5) + seed) % 251));
        }

        return bytes;
    }

    public long LengthOf(string path) => Now.FileAt(path).Now.Length;

    /// <summary>A file that an operation needs and that an earlier one has taken away is made anew.</summary>
    public void Need(string path)
    {
        if (Now.Has(path))
        {
            return;
        }

        Create(path);
        Write(path, 0, Pattern(Page + 200));
        Sync(path);
    }

    /// <summary>As <see cref="Need"/>, for a file that must have so many bytes.</summary>
    public void NeedLength(string path, long length)
    {
        Need(path);
        if (LengthOf(path) < length)
        {
            Truncate(path, length);
            Sync(path);
        }
    }

    /// <summary>As <see cref="Need"/>, for a directory.</summary>
    public void NeedDirectory(string path)
    {
        if (!Now.Has(path))
        {
            MakeDirectory(path);
        }
    }

    /// <summary>What stands in the way of an operation is removed first.</summary>
    public void Free(string path)
    {
        if (!Now.Has(path))
        {
            return;
        }

        if (Now.Names[path] == TreeModel.Directory)
        {
            RemoveDirectory(path);
        }
        else
        {
            Unlink(path);
        }
    }

    public void Create(string path) => Add(
        $"create {path}", session => session.Create(path), model => model.Make(path, FileModel.Durable([])));

    public void MakeDirectory(string path) => Add(
        $"mkdir {path}", session => session.Volume.CreateDirectory(path), model => model.MakeDirectory(path));

    public void RemoveDirectory(string path) => Add(
        $"rmdir {path}", session => session.Volume.DeleteDirectory(path), model => model.Remove(path));

    public void Link(string path, string newPath) => Add(
        $"link {path} {newPath}", session => session.Volume.Link(path, newPath), model => model.Link(path, newPath));

    public void Unlink(string path) => Add(
        $"unlink {path}", session => session.Volume.Delete(path), model => model.Remove(path));

    public void Rename(string path, string newPath) => Add(
        $"rename {path} {newPath}", session => session.Volume.Rename(path, newPath), model => model.Rename(path, newPath));

    public void SetMode(string path, int mode) => Add(
        $"chmod {path} {mode}",
        session => session.Volume.SetMode(path, mode),
        model => model.SetFile(path, model.FileAt(path) with { Mode = mode }));

    public void Sync(string path) => Add(
        $"fsync {path}", session => session.Open(path).Sync(), model => model.SetFile(path, model.FileAt(path).Synced()));

    public void Write(string path, long offset, byte[] bytes) => Add(
        $"write {path} {offset} {bytes.Length}",
        session => session.Open(path).Write(bytes, offset),
        model => model.SetFile(path, model.FileAt(path).Written(Put(model.FileAt(path).Now, offset, bytes))));

    /// <summary>Stores through a view, to bytes that the file has.</summary>
    public void Store(string path, long offset, byte[] bytes, bool isRaw = false) => Add(
        $"store {path} {offset} {bytes.Length}",
        session =>
        {
            using DaxView view = session.Open(path).Map();
            if (isRaw)
            {
                bytes.CopyTo(view.Write(offset, bytes.Length));
            }
            else
            {
                view.CopyFrom(bytes, offset);
            }
        },
        model => model.SetFile(path, model.FileAt(path).Written(Put(model.FileAt(path).Now, offset, bytes))));

    /// <summary>Stores to the first page through a view that stays mapped.</summary>
    public void StoreAgain(string path, long offset, byte[] bytes) => Add(
        $"store again {path} {offset} {bytes.Length}",
        session => session.ViewOf(path).CopyFrom(bytes, offset),
        model => model.SetFile(path, model.FileAt(path).Written(Put(model.FileAt(path).Now, offset, bytes))));

    /// <summary>Stores through a synchronous view, and persists that alone. The sync before leaves nothing else to be lost.</summary>
    public void StoreAndPersist(string path, long offset, byte[] bytes) => Add(
        $"store and persist {path} {offset} {bytes.Length}",
        session =>
        {
            using DaxView view = session.Open(path).Map(MapMode.Shared | MapMode.Sync);
            view.CopyFrom(bytes, offset);
            view.Persist(offset, bytes.Length);
        },
        model =>
        {
            FileModel file = model.FileAt(path);
            byte[] next = Put(file.Now, offset, bytes);

            // While it is under way any bytes may have arrived; when it has returned, all.
            model.SetFile(path, new FileModel([next], false, file.Mode) { Underway = [file.Now, next] });
        });

    public void Truncate(string path, long length) => Add(
        $"truncate {path} {length}",
        session => session.Open(path).SetLength(length),
        model =>
        {
            byte[] next = new byte[length];
            byte[] now = model.FileAt(path).Now;
            now.AsSpan(0, (int)Math.Min(length, now.Length)).CopyTo(next);
            model.SetFile(path, model.FileAt(path).Changed(next));
        });

    public void Allocate(string path, long offset, long length, bool keepSize) => Add(
        $"fallocate {path} {offset} {length}{(keepSize ? " keep size" : "")}",
        session => session.Open(path).Allocate(offset, length, keepSize),
        model =>
        {
            byte[] now = model.FileAt(path).Now;
            model.SetFile(path, model.FileAt(path).Changed(keepSize ? now : Put(now, Math.Max(now.Length, offset + length), [])));
        });

    public void Punch(string path, long offset, long length) => Add(
        $"punch {path} {offset} {length}",
        session => session.Open(path).PunchHole(offset, length),
        model => model.SetFile(path, model.FileAt(path).Written(Zeroed(model.FileAt(path).Now, offset, length))));

    public void Zero(string path, long offset, long length) => Add(
        $"zero {path} {offset} {length}",
        session => session.Open(path).ZeroRange(offset, length),
        model => model.SetFile(path, model.FileAt(path).Written(Zeroed(Put(model.FileAt(path).Now, offset + length, []), offset, length))));

    public void Collapse(string path, long offset, int length) => Add(
        $"collapse {path} {offset} {length}",
        session => session.Open(path).CollapseRange(offset, length),
        model =>
        {
            byte[] now = model.FileAt(path).Now;
            model.SetFile(path, model.FileAt(path).Changed([.. now.AsSpan(0, (int)offset), .. now.AsSpan((int)offset + length)]));
        });

    public void Insert(string path, long offset, int length) => Add(
        $"insert {path} {offset} {length}",
        session => session.Open(path).InsertRange(offset, length),
        model =>
        {
            byte[] now = model.FileAt(path).Now;
            model.SetFile(path, model.FileAt(path).Changed([.. now.AsSpan(0, (int)offset), .. new byte[length], .. now.AsSpan((int)offset)]));
        });

    public void Clone(string path, string target) => Add(
        $"clone {path} {target}",
        session => session.Open(path).CloneTo(session.Open(target)),
        model => model.SetFile(target, model.FileAt(target).Changed(model.FileAt(path).Now)));

    public void CloneRange(string path, long offset, int length, string target, long targetOffset) => Add(
        $"clone {path} {offset} {length} {target} {targetOffset}",
        session => session.Open(path).CloneRange(offset, length, session.Open(target), targetOffset),
        model => model.SetFile(target, model.FileAt(target).Changed(
            Put(model.FileAt(target).Now, targetOffset, model.FileAt(path).Now.AsSpan((int)offset, length)))));

    public void SyncVolume() => Add("sync", session => session.Volume.Sync(), model => model.SyncAll());

    public void Unmount() => Add("unmount", session => session.Dispose(), model => model.SyncAll());

    private static void RunOnAThread(Action act)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                act();
            }
            catch (IOException problem)
            {
                failure = problem;
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null)
        {
            throw failure;
        }
    }

    private static byte[] Put(byte[] now, long offset, ReadOnlySpan<byte> bytes)
    {
        byte[] next = new byte[Math.Max(now.Length, offset + bytes.Length)];
        now.CopyTo(next, 0);
        bytes.CopyTo(next.AsSpan((int)offset));
        return next;
    }

    private static byte[] Zeroed(byte[] now, long offset, long length)
    {
        byte[] next = [.. now];
        int end = (int)Math.Min(now.Length, offset + length);
        if (offset < end)
        {
            next.AsSpan((int)offset, end - (int)offset).Clear();
        }

        return next;
    }
}
