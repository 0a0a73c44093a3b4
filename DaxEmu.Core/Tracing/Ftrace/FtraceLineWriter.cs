using System.Globalization;

namespace DaxEmu.Core.Tracing.Ftrace;

/// <summary>Puts the words of one line of trace text one after another; allocates nothing, not even before its code is optimized.</summary>
/// <param name="line">Where to.</param>
internal ref struct FtraceLineWriter(Span<char> line)
{
    private readonly Span<char> line = line;

    /// <summary>Characters written.</summary>
    public int Length { get; private set; }

    /// <summary>Whether all of it fitted.</summary>
    public bool Fits { get; private set; } = true;

    /// <summary>A text as it is.</summary>
    public void Text(scoped ReadOnlySpan<char> text)
    {
        Fits = Fits && text.TryCopyTo(line[Length..]);
        Length += Fits ? text.Length : 0;
    }

    /// <summary>A text at the right of a column of <paramref name="width"/>.</summary>
    public void Right(scoped ReadOnlySpan<char> text, int width)
    {
        Spaces(width - text.Length);
        Text(text);
    }

    /// <summary>Spaces, if <paramref name="count"/> is above 0.</summary>
    public void Spaces(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Text(" ");
        }
    }

    /// <summary>A decimal number in a <paramref name="format"/> such as <c>D3</c>.</summary>
    public void Decimal(long value, scoped ReadOnlySpan<char> format = default)
    {
        Fits = value.TryFormat(line[Length..], out int written, format, CultureInfo.InvariantCulture) && Fits;
        Length += Fits ? written : 0;
    }

    /// <summary>A word and a number in hexadecimal.</summary>
    public void Hex(scoped ReadOnlySpan<char> key, long value)
    {
        Text(key);
        Text("0x");
        Fits = value.TryFormat(line[Length..], out int written, "x", CultureInfo.InvariantCulture) && Fits;
        Length += Fits ? written : 0;
    }
}
