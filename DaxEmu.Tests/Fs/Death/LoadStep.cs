using System.Globalization;

namespace DaxEmu.Tests.Fs.Death;

/// <summary>What a thread of the child does to its directory, in one line of text.</summary>
/// <param name="What">Of which kind.</param>
/// <param name="Name">The file.</param>
/// <param name="Other">Another file, or "-".</param>
/// <param name="Tag">What the content is made from.</param>
/// <param name="Offset">Where it goes.</param>
/// <param name="Length">How long it is.</param>
internal sealed record LoadStep(LoadKind What, string Name, string Other, int Tag, int Offset, int Length)
{
    public static LoadStep Parse(string line)
    {
        string[] words = line.Split(' ');
        return new LoadStep(Enum.Parse<LoadKind>(words[0]), words[1], words[2], Number(words[3]), Number(words[4]), Number(words[5]));
    }

    /// <summary>The bytes that it writes.</summary>
    public byte[] Content()
    {
        byte[] content = new byte[Length];
        for (int i = 0; i < Length; i++)
        {
            content[i] = (byte)((Tag * 31) + (i * 7) + (i >> 8));
        }

        return content;
    }

    /// <summary>What it makes of a directory.</summary>
    public Dictionary<string, byte[]> ApplyTo(Dictionary<string, byte[]> before)
    {
        var after = new Dictionary<string, byte[]>(before);
        switch (What)
        {
            case LoadKind.Create:
                after.Add(Name, []);
                break;
            case LoadKind.Append:
                after[Name] = [.. before[Name], .. Content()];
                break;
            case LoadKind.Store:
                byte[] changed = [.. before[Name]];
                Content().CopyTo(changed, Offset);
                after[Name] = changed;
                break;
            case LoadKind.Truncate:
                after[Name] = before[Name][..Length];
                break;
            case LoadKind.Rename:
                after.Remove(Name);
                after[Other] = before[Name];
                break;
            case LoadKind.Clone:
                after[Other] = before[Name];
                break;
            default:
                after.Remove(Name);
                break;
        }

        return after;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{What} {Name} {Other} {Tag} {Offset} {Length}");

    private static int Number(string word) => int.Parse(word, CultureInfo.InvariantCulture);
}
