using DaxEmu.Core;
using DaxEmu.Tests.Support;

namespace DaxEmu.Tests.Fs;

/// <summary>What a random test does to a file.</summary>
internal enum ModelOpKind
{
    Write,
    Read,
    ViewWrite,
    ViewRead,
    SetLength,
    PunchHole,
    ZeroRange,
    Collapse,
    Insert,
    Allocate,
    Sync,
    ViewSync,
    DontNeed,
    Clone,
    Unshare,
    Compare,
}

/// <summary>
/// One step. Offsets and lengths are cut to what the file allows when it is carried out, so any list of steps makes sense.
/// </summary>
internal readonly record struct ModelOp(ModelOpKind Kind, int File, int View, int Offset, int Length, int Other, int Seed);

/// <summary>
/// Two files, each with a shared, a private and a synchronous view, beside plain arrays that say what every byte must be.
/// </summary>
internal sealed class FileModel : IDisposable
{
    private const int Page = FileFixture.Page;
    private const int LargestFile = 3 * FileFixture.Pmd / 2;
    private static readonly MapMode[] Modes = [MapMode.Shared, MapMode.Private, MapMode.Shared | MapMode.Sync];

    private readonly FileFixture fixture;
    private readonly ModelledFile[] files;

    private FileModel(FileSystemModel fileSystem, KernelBehaviour behaviour)
    {
        fixture = new FileFixture(DaxFileOptions.Default with { FileSystem = fileSystem, Behaviour = behaviour });
        files = [new ModelledFile(fixture.Create()), new ModelledFile(fixture.Create())];
    }

    /// <summary>A list of steps from a seed.</summary>
    public static IReadOnlyList<ModelOp> Generate(int seed, int count)
    {
        var random = new Random(seed);
        var ops = new List<ModelOp>();
        for (int i = 0; i < count; i++)
        {
            var kind = (ModelOpKind)random.Next((int)ModelOpKind.Compare + 1);
            ops.Add(new ModelOp(kind, random.Next(2), random.Next(3), Offset(random), Length(random), Offset(random), random.Next()));
        }

        return ops;
    }

    /// <summary>Carries steps out and compares after each.</summary>
    /// <returns>What went wrong; null if nothing.</returns>
    public static string? Run(IReadOnlyList<ModelOp> ops, FileSystemModel fileSystem, KernelBehaviour behaviour)
    {
        using var model = new FileModel(fileSystem, behaviour);
        for (int i = 0; i < ops.Count; i++)
        {
            string? wrong;
            try
            {
                wrong = model.Step(ops[i]);
            }
            catch (Exception e) when (e is not NUnit.Framework.AssertionException)
            {
                wrong = e.ToString();
            }

            if (wrong is not null)
            {
                return $"step {i}, {ops[i]}: {wrong}";
            }
        }

        return model.CompareAll();
    }

    /// <summary>Leaves steps out as long as what remains still goes wrong.</summary>
    public static IReadOnlyList<ModelOp> Shrink(IReadOnlyList<ModelOp> ops, Func<IReadOnlyList<ModelOp>, bool> isWrong)
    {
        List<ModelOp> best = [.. ops];
        for (int size = best.Count / 2; size > 0; size /= 2)
        {
            for (int at = 0; at + size <= best.Count;)
            {
                List<ModelOp> shorter = [.. best[..at], .. best[(at + size)..]];
                if (isWrong(shorter))
                {
                    best = shorter;
                }
                else
                {
                    at += size;
                }
            }
        }

        return best;
    }

    public void Dispose()
    {
        foreach (ModelledFile file in files)
        {
            file.Dispose();
        }

        fixture.Dispose();
    }

    // Places near page and 2 MiB boundaries, where the bugs live.
    private static int Offset(Random random) => random.Next(4) switch
    {
        0 => random.Next(12) * Page,
        1 => random.Next(12 * Page),
        2 => FileFixture.Pmd + (random.Next(-6, 6) * Page),
        _ => FileFixture.Pmd + random.Next(-6 * Page, 6 * Page),
    };

    private static int Length(Random random) => random.Next(5) switch
    {
        0 => 1 + random.Next(100),
        1 => Page,
        2 => (1 + random.Next(8)) * Page,
        3 => 1 + random.Next(8 * Page),
        _ => FileFixture.Pmd,
    };

    private string? Step(ModelOp op)
    {
        ModelledFile file = files[op.File];
        int length = Math.Min(op.Length, LargestFile - op.Offset);
        byte[] data = FileFixture.Pattern(op.Kind is ModelOpKind.Write or ModelOpKind.ViewWrite ? length : 0, op.Seed);
        switch (op.Kind)
        {
            case ModelOpKind.Write:
                file.Write(op.Offset, data);
                break;
            case ModelOpKind.Read:
                return file.CheckRead(op.Offset, length);
            case ModelOpKind.ViewWrite:
                file.ViewWrite(op.View, op.Offset, data);
                break;
            case ModelOpKind.ViewRead:
                return file.CheckView(op.View, op.Offset, length);
            case ModelOpKind.SetLength:
                file.SetLength(op.Offset);
                break;
            case ModelOpKind.PunchHole:
                file.PunchHole(op.Offset, length);
                break;
            case ModelOpKind.ZeroRange:
                file.ZeroRange(op.Offset, length);
                break;
            case ModelOpKind.Collapse:
                file.Collapse(op.Offset / Page * Page, ((length / Page) + 1) * Page);
                break;
            case ModelOpKind.Insert:
                file.Insert(op.Offset / Page * Page, ((length / Page) + 1) * Page, LargestFile);
                break;
            case ModelOpKind.Allocate:
                file.Allocate(op.Offset, length, keepSize: op.View == 0);
                break;
            case ModelOpKind.Sync:
                file.File.Sync();
                break;
            case ModelOpKind.ViewSync:
                file.Views[op.View].Sync(op.Offset, length);
                break;
            case ModelOpKind.DontNeed:
                file.DontNeed(op.View, op.Offset, length);
                break;
            case ModelOpKind.Clone:
                file.Clone(op.Offset / Page * Page, length, files[op.View % 2], op.Other / Page * Page, LargestFile);
                break;
            case ModelOpKind.Unshare:
                file.File.Unshare(op.Offset, length);
                break;
            case ModelOpKind.Compare:
                return file.CheckCompare(op.Offset, length, files[1 - op.File], op.Other);
            default:
                throw new InvalidOperationException($"no such step: {op.Kind}");
        }

        return file.CheckView(op.Seed % 3, op.Offset, Math.Min(length, 3 * Page)) ?? file.CheckRead(op.Offset, length);
    }

    private string? CompareAll()
    {
        foreach (ModelledFile file in files)
        {
            for (int view = 0; view < Modes.Length; view++)
            {
                if (file.CheckView(view, 0, LargestFile) is { } wrong)
                {
                    return $"at the end, {wrong}";
                }
            }

            if (file.CheckRead(0, LargestFile) is { } unread)
            {
                return $"at the end, {unread}";
            }
        }

        return null;
    }

    /// <summary>A file and what it must hold.</summary>
    private sealed class ModelledFile(DaxFile file) : IDisposable
    {
        private readonly Dictionary<int, byte[]> copies = [];
        private byte[] bytes = [];

        public DaxFile File { get; } = file;

        public DaxView[] Views { get; } = [.. Modes.Select(m => file.Map(0, LargestFile, m))];

        public void Write(int offset, byte[] data)
        {
            File.Write(data, offset);
            Grow(data.Length == 0 ? 0 : offset + data.Length);
            data.CopyTo(bytes, Math.Min(offset, bytes.Length));
        }

        public void ViewWrite(int view, int offset, byte[] data)
        {
            data = data[..Math.Clamp(bytes.Length - offset, 0, data.Length)];
            Views[view].CopyFrom(data, offset);
            if (Modes[view] != MapMode.Private)
            {
                data.CopyTo(bytes, Math.Min(offset, bytes.Length));
                return;
            }

            for (int i = 0; i < data.Length; i++)
            {
                int page = (offset + i) / Page;
                if (!copies.TryGetValue(page, out byte[]? copy))
                {
                    copy = new byte[Page];
                    bytes.AsSpan(page * Page, Math.Min(Page, bytes.Length - (page * Page))).CopyTo(copy);
                    copies.Add(page, copy);
                }

                copy[(offset + i) % Page] = data[i];
            }
        }

        public void SetLength(int length)
        {
            File.SetLength(length);
            foreach (int page in copies.Keys.Where(p => p * Page >= length).ToArray())
            {
                copies.Remove(page);
            }

            Array.Resize(ref bytes, length);
        }

        public void PunchHole(int offset, int length)
        {
            File.PunchHole(offset, length);
            Clear(offset, length);
        }

        public void ZeroRange(int offset, int length)
        {
            File.ZeroRange(offset, length);
            Grow(offset + length);
            Clear(offset, length);
        }

        public void Collapse(int offset, int length)
        {
            if (offset + length < bytes.Length)
            {
                File.CollapseRange(offset, length);
                bytes = [.. bytes[..offset], .. bytes[(offset + length)..]];
            }
        }

        public void Insert(int offset, int length, int largest)
        {
            if (offset < bytes.Length && bytes.Length + length <= largest)
            {
                File.InsertRange(offset, length);
                bytes = [.. bytes[..offset], .. new byte[length], .. bytes[offset..]];
            }
        }

        public void Allocate(int offset, int length, bool keepSize)
        {
            File.Allocate(offset, length, keepSize);
            Grow(keepSize ? 0 : offset + length);
        }

        public void DontNeed(int view, int offset, int length)
        {
            Views[view].DontNeed(offset, length);
            for (int page = offset / Page; Modes[view] == MapMode.Private && page <= (offset + length - 1) / Page; page++)
            {
                copies.Remove(page);
            }
        }

        public void Clone(int offset, int length, ModelledFile target, int targetOffset, int largest)
        {
            length = Math.Min(length, Math.Min(bytes.Length - offset, largest - targetOffset));
            bool endsBoth = offset + length == bytes.Length && targetOffset + length >= target.bytes.Length;
            length = endsBoth ? length : length / Page * Page;
            int rounded = (length + Page - 1) / Page * Page;
            bool overlaps = target == this && offset < targetOffset + rounded && targetOffset < offset + rounded;
            if (length <= 0 || overlaps)
            {
                return;
            }

            File.CloneRange(offset, length, target.File, targetOffset);
            byte[] data = bytes[offset..(offset + length)];
            target.Grow(targetOffset + length);
            data.CopyTo(target.bytes, targetOffset);
        }

        public string? CheckRead(int offset, int length)
        {
            var read = new byte[length];
            int count = File.Read(read, offset);
            int expected = Math.Clamp(bytes.Length - offset, 0, length);
            return count != expected
                ? $"read at {offset} gave {count} bytes, not {expected}"
                : Differ("read", offset, read.AsSpan(0, count), bytes.AsSpan(Math.Min(offset, bytes.Length), count));
        }

        public string? CheckView(int view, int offset, int length)
        {
            length = Math.Clamp(bytes.Length - offset, 0, length);
            if (length == 0)
            {
                return null;
            }

            var expected = bytes[offset..(offset + length)];
            foreach ((int page, byte[] copy) in copies.Where(_ => Modes[view] == MapMode.Private))
            {
                int first = Math.Max(page * Page, offset);
                int end = Math.Min((page + 1) * Page, offset + length);
                for (int i = first; i < end; i++)
                {
                    expected[i - offset] = copy[i % Page];
                }
            }

            return Differ($"view {Modes[view]}", offset, FileFixture.Bytes(Views[view], offset, length), expected);
        }

        public string? CheckCompare(int offset, int length, ModelledFile other, int otherOffset)
        {
            length = Math.Min(length, Math.Min(bytes.Length - offset, other.bytes.Length - otherOffset));
            if (length <= 0)
            {
                return null;
            }

            long equal = File.Compare(offset, other.File, otherOffset, length);
            int expected = bytes.AsSpan(offset, length).CommonPrefixLength(other.bytes.AsSpan(otherOffset, length));
            return equal == expected ? null : $"compare says {equal} bytes are alike, not {expected}";
        }

        public void Dispose()
        {
            foreach (DaxView view in Views)
            {
                view.Dispose();
            }
        }

        private static string? Differ(string what, int offset, ReadOnlySpan<byte> seen, ReadOnlySpan<byte> expected)
        {
            int at = seen.CommonPrefixLength(expected);
            return at == expected.Length ? null : $"{what} at {offset + at} (page {(offset + at) / Page}) gave {seen[at]}, not {expected[at]}";
        }

        private void Grow(int length) => Array.Resize(ref bytes, Math.Max(bytes.Length, length));

        private void Clear(int offset, int length)
        {
            int first = Math.Min(offset, bytes.Length);
            bytes.AsSpan(first, Math.Min(length, bytes.Length - first)).Clear();
        }
    }
}
