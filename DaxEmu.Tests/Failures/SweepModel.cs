using DaxEmu.Core;

namespace DaxEmu.Tests.Failures;

/// <summary>What is to be seen of a file.</summary>
internal sealed class FileState
{
    public byte[] Bytes { get; private set; } = [];

    /// <summary>Whether it is open.</summary>
    public bool IsOpen { get; set; } = true;

    /// <summary>Whether the volume knows its name.</summary>
    public bool IsNamed { get; set; }

    /// <summary>Pages whose memory is lost.</summary>
    public HashSet<long> Lost { get; } = [];

    /// <summary>Pages of the private view that have copies.</summary>
    public Dictionary<long, byte[]> Copies { get; } = [];

    public FileState Clone()
    {
        var clone = new FileState { Bytes = [.. Bytes], IsOpen = IsOpen, IsNamed = IsNamed };
        clone.Lost.UnionWith(Lost);
        foreach ((long page, byte[] copy) in Copies)
        {
            clone.Copies.Add(page, [.. copy]);
        }

        return clone;
    }

    public void SetLength(long sizeBytes)
    {
        byte[] bytes = Bytes;
        Array.Resize(ref bytes, (int)sizeBytes);
        Bytes = bytes;
        foreach (long page in Copies.Keys.Where(p => p << DaxConstants.PageShift >= sizeBytes).ToArray())
        {
            Copies.Remove(page);
        }
    }

    public void Grow(long sizeBytes)
    {
        if (sizeBytes > Bytes.Length)
        {
            SetLength(sizeBytes);
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 0)
        {
            Grow(offset + bytes.Length);
            bytes.CopyTo(Bytes.AsSpan((int)offset));
        }
    }

    public void Zero(long offset, long length)
    {
        int first = (int)Math.Min(offset, Bytes.Length);
        Bytes.AsSpan(first, (int)Math.Min(length, Bytes.Length - first)).Clear();
    }

    public void Collapse(int offset, int length) => Bytes = [.. Bytes[..offset], .. Bytes[(offset + length)..]];

    public void Insert(int offset, int length) => Bytes = [.. Bytes[..offset], .. new byte[length], .. Bytes[offset..]];

    public void CopyPrivately(long offset, ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            long page = (offset + i) >> DaxConstants.PageShift;
            if (!Copies.TryGetValue(page, out byte[]? copy))
            {
                copy = new byte[DaxConstants.PageSize];
                long first = page << DaxConstants.PageShift;
                Bytes.AsSpan((int)first, (int)Math.Min(copy.Length, Bytes.Length - first)).CopyTo(copy);
                Copies.Add(page, copy);
            }

            copy[(offset + i) % DaxConstants.PageSize] = bytes[i];
        }
    }
}

/// <summary>What is to be seen of a scenario: plain arrays, to compare with.</summary>
internal sealed class SweepModel
{
    private readonly SortedDictionary<string, FileState> files = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, FileState> Files => files;

    public FileState this[string name] => files[name];

    public FileState Add(string name)
    {
        var state = new FileState();
        files.Add(name, state);
        return state;
    }

    public SweepModel Clone()
    {
        var clone = new SweepModel();
        foreach ((string name, FileState state) in files)
        {
            clone.files.Add(name, state.Clone());
        }

        return clone;
    }
}
