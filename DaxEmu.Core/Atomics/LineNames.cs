namespace DaxEmu.Core.Atomics;

/// <summary>Names for people of the words and objects that threads share, for a report of the cache lines that two operations share.</summary>
internal sealed class LineNames
{
    private readonly List<Range> ranges = [];
    private readonly Dictionary<object, string> objects = new(ReferenceEqualityComparer.Instance);

    /// <summary>Names the elements of an array in native memory.</summary>
    /// <param name="start">The first byte.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="elementBytes">Bytes of one.</param>
    /// <param name="nameOf">The name of one, by its number.</param>
    public unsafe void Add(void* start, long count, int elementBytes, Func<long, string> nameOf) =>
        ranges.Add(new Range((nint)start, (nint)start + (nint)(count * elementBytes), elementBytes, nameOf));

    /// <summary>Names one word.</summary>
    public unsafe void Add(ulong* word, string name) => Add(word, 1, sizeof(ulong), _ => name);

    /// <summary>Names an object whose fields are shared.</summary>
    public void Add(object owner, string name) => objects[owner] = name;

    /// <summary>The name of a word; of one that is not known, the step that accessed it.</summary>
    public string Of(nint address, Site site)
    {
        foreach (Range range in ranges)
        {
            if (address >= range.Start && address < range.End)
            {
                return range.NameOf((address - range.Start) / range.ElementBytes);
            }
        }

        return $"a word of {site}";
    }

    /// <summary>The name of a field or lock of an object.</summary>
    public string Of(object owner, string part) => objects.TryGetValue(owner, out string? name) ? $"{part} of {name}" : part;

    private sealed record Range(nint Start, nint End, int ElementBytes, Func<long, string> NameOf);
}
