using DaxEmu.Core;
using DaxEmu.Native;

namespace DaxEmu.Tests.Fs;

/// <summary>Operations on a volume, and what must be there after each that returned; other files do not count. One that threw may have happened or not.</summary>
internal sealed class AcknowledgedFiles
{
    private const string Prefix = "file ";
    private const int OperationCount = 16;

    // What may be there: each state is the content of every file.
    private List<Dictionary<string, byte[]>> states = [[]];

    /// <summary>Runs operations of all kinds. Those that fail are survived.</summary>
    public void RunAll(DaxVolume volume)
    {
        for (int i = 0; i < OperationCount; i++)
        {
            Run(volume, i);
        }
    }

    /// <summary>Runs one operation.</summary>
    public void Run(DaxVolume volume, int number)
    {
        List<Dictionary<string, byte[]>> before = [.. states.Select(Copy)];
        try
        {
            Operate(volume, number);
        }
        catch (Exception problem) when (problem is DaxException or VolumeException or DaxEnvironmentException or FileNotFoundException or IOException)
        {
            states.AddRange(before);
            states = [.. states.DistinctBy(Key)];
        }
    }

    /// <summary>What a volume has that it must not have, or lacks; null if it is as one of the states.</summary>
    public string? Wrong(DaxVolume volume)
    {
        var found = new Dictionary<string, byte[]>();
        foreach (string name in volume.FileNames.Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using DaxFile file = volume.Open(name, access: FileAccess.Read);
            byte[] bytes = new byte[file.Length];
            file.Read(bytes, 0);
            found.Add(name, bytes);
        }

        string key = Key(found);
        return states.Any(state => Key(state) == key) ? null : $"found {key}, and could be: {string.Join(" or ", states.Select(Key))}";
    }

    // Each step changes all states that are possible before the volume is asked: what throws then may have happened.
    private void Operate(DaxVolume volume, int number)
    {
        string name = $"{Prefix}{number % 5}";
        switch (number % 4)
        {
            case 0 when !volume.Exists(name):
                Change(state => state.TryAdd(name, []));
                volume.Create(name).Dispose();
                break;
            case 0 or 1 when volume.Exists(name):
                using (DaxFile file = volume.Open(name))
                {
                    long length = file.Length;
                    byte[] content = [.. Enumerable.Repeat((byte)(number + 1), 3000)];

                    // Nothing is promised before the sync returns. A write that finds no block for its second page ends after the first.
                    List<Dictionary<string, byte[]>> inPart = [.. states.Select(Copy)];
                    int firstPage = (int)Math.Min(content.Length, DaxConstants.PageSize - (length % DaxConstants.PageSize));
                    inPart.ForEach(state => state[name] = [.. Old(state, name, length), .. content.AsSpan(0, firstPage)]);
                    Change(state => state[name] = [.. Old(state, name, length), .. content]);
                    try
                    {
                        for (int written = 0; written < content.Length;)
                        {
                            written += file.Write(content.AsSpan(written), length + written);
                        }

                        file.Sync();
                    }
                    catch
                    {
                        states.AddRange(inPart);
                        throw;
                    }
                }

                break;
            case 2:
                string other = $"{Prefix}{(number + 2) % 5}";
                Change(state =>
                {
                    if (name != other && state.Remove(name, out byte[]? moved))
                    {
                        state[other] = moved;
                    }
                });
                volume.Rename(name, other);
                break;
            default:
                Change(state => state.Remove(name));
                volume.Delete(name);
                break;
        }
    }

    private static byte[] Old(Dictionary<string, byte[]> state, string name, long length) =>
        state.TryGetValue(name, out byte[]? old) && old.Length == length ? old : new byte[length];

    private void Change(Action<Dictionary<string, byte[]>> change) => states.ForEach(change);

    private static Dictionary<string, byte[]> Copy(Dictionary<string, byte[]> state) => new(state);

    private static string Key(Dictionary<string, byte[]> state) => string.Join(
        ", ", state.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => $"{f.Key}: {f.Value.Length} bytes of {string.Join('-', f.Value.Distinct())}"));
}
