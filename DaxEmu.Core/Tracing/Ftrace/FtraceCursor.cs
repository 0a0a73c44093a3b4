using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace DaxEmu.Core.Tracing.Ftrace;

/// <summary>Walks the words of one line of trace text.</summary>
/// <param name="line">The line in ASCII, without its end.</param>
internal ref struct FtraceCursor(ReadOnlySpan<byte> line)
{
    private const byte Space = (byte)' ';
    private const int MostShown = 80;
    private ReadOnlySpan<byte> rest = line;

    /// <summary>The next word; empty at the end of the line.</summary>
    public ReadOnlySpan<byte> Word()
    {
        SkipSpaces();
        int end = rest.IndexOf(Space);
        ReadOnlySpan<byte> word = end < 0 ? rest : rest[..end];
        rest = rest[word.Length..];
        return word;
    }

    /// <summary>Takes the next word if it is <paramref name="word"/>.</summary>
    public bool TryTake(ReadOnlySpan<byte> word)
    {
        SkipSpaces();
        if (!rest.StartsWith(word) || (rest.Length > word.Length && rest[word.Length] != Space))
        {
            return false;
        }

        rest = rest[word.Length..];
        return true;
    }

    /// <summary>The number after the word <paramref name="key"/>, in hexadecimal with or without 0x.</summary>
    /// <param name="key">The word before it.</param>
    /// <param name="most">The largest that is allowed.</param>
    public long Hex(ReadOnlySpan<byte> key, long most)
    {
        Expect(key);
        return HexValue(key, Word(), most);
    }

    /// <summary>As <see cref="Hex"/>, with the word <paramref name="key"/> read already.</summary>
    public long HexWord(ReadOnlySpan<byte> key, long most) => HexValue(key, Word(), most);

    /// <summary>The word after <paramref name="key"/> as a number in hexadecimal: all 64 bits.</summary>
    public ulong HexBits(ReadOnlySpan<byte> key)
    {
        Expect(key);
        return HexWordBits(key, Word());
    }

    /// <summary>The two numbers joined by '-' after the word <paramref name="key"/>.</summary>
    public (long First, long Last) HexRange(ReadOnlySpan<byte> key, long most)
    {
        Expect(key);
        ReadOnlySpan<byte> word = Word();
        int middle = word.IndexOf((byte)'-');
        return middle < 0
            ? throw Wrong($"'{Text(key)}' has no range of pages but '{Text(word)}'")
            : (HexValue(key, word[..middle], most), HexValue(key, word[(middle + 1)..], most));
    }

    /// <summary>Takes the word <paramref name="word"/>.</summary>
    /// <exception cref="FormatException">There is another.</exception>
    public void Expect(ReadOnlySpan<byte> word)
    {
        if (!TryTake(word))
        {
            throw Wrong($"'{Text(word)}' was expected where '{Text(Word())}' stands");
        }
    }

    /// <summary>A decimal number that fills <paramref name="digits"/>.</summary>
    public static int Decimal(ReadOnlySpan<byte> digits, string what) =>
        Utf8Parser.TryParse(digits, out int value, out int used) && used == digits.Length && char.IsAsciiDigit((char)digits[0])
            ? value
            : throw Wrong($"{what} is no number: '{Text(digits)}'");

    /// <summary>Bytes for a message, cut if they are many.</summary>
    public static string Text(ReadOnlySpan<byte> bytes) =>
        bytes.Length <= MostShown ? Encoding.UTF8.GetString(bytes) : Encoding.UTF8.GetString(bytes[..MostShown]) + "...";

    /// <summary>The error of a line.</summary>
    public static FormatException Wrong(string problem) => new(problem);

    private static long HexValue(ReadOnlySpan<byte> key, ReadOnlySpan<byte> word, long most)
    {
        ulong value = HexWordBits(key, word);
        return value <= (ulong)most ? (long)value : throw Wrong($"'{Text(key)}' is '{Text(word)}'; the largest is 0x{most:x}");
    }

    private static ulong HexWordBits(ReadOnlySpan<byte> key, ReadOnlySpan<byte> word)
    {
        ReadOnlySpan<byte> digits = word.StartsWith("0x"u8) ? word[2..] : word;
        return ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value)
            ? value
            : throw Wrong($"'{Text(key)}' has no number but '{Text(word)}'");
    }

    private void SkipSpaces() => rest = rest.TrimStart(Space);
}
