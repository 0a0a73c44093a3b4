using System.Text;

namespace DaxEmu.Tests.Fuzzing;

/// <summary>What a case prints, up to a bound: output without end costs time, but not the fuzzer's memory.</summary>
internal sealed class LimitedWriter : TextWriter
{
    private const int MostCharacters = 16 << 20;
    private readonly StringBuilder text = new();
    private readonly Lock gate = new();

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value)
    {
        lock (gate)
        {
            if (text.Length < MostCharacters)
            {
                text.Append(value);
            }
        }
    }

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(string? value) => Write(value.AsSpan());

    public override void Write(ReadOnlySpan<char> buffer)
    {
        lock (gate)
        {
            text.Append(buffer[..Math.Min(buffer.Length, Math.Max(0, MostCharacters - text.Length))]);
        }
    }

    /// <summary>What has been written so far.</summary>
    public override string ToString()
    {
        lock (gate)
        {
            return text.ToString();
        }
    }
}
