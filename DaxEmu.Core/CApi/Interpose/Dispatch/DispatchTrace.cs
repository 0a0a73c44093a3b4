using System.Text;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi.Interpose.Dispatch;

/// <summary>Appends trace text to a file by system calls of its own, in whole lines, so that the processes of a run can share it.</summary>
internal sealed unsafe class DispatchTrace(string path) : TextWriter
{
    private const int FlushCharacters = 64 << 10;
    private const int AppendForWriting = 0x400 | 0x40 | 0x80000 | 1; // O_APPEND, O_CREAT, O_CLOEXEC, O_WRONLY

    private readonly Lock gate = new();
    private readonly StringBuilder lines = new();

    /// <inheritdoc/>
    public override Encoding Encoding => Encoding.ASCII;

    /// <inheritdoc/>
    public override void Write(char value)
    {
        lock (gate)
        {
            _ = lines.Append(value);
        }
    }

    /// <inheritdoc/>
    public override void WriteLine(ReadOnlySpan<char> buffer)
    {
        lock (gate)
        {
            _ = lines.Append(buffer).Append('\n');
            if (lines.Length >= FlushCharacters)
            {
                Flush();
            }
        }
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        lock (gate)
        {
            byte[] text = Encoding.GetBytes(lines.ToString());
            _ = lines.Clear();
            byte[] name = Encoding.UTF8.GetBytes(path + '\0');
            fixed (byte* pathStart = name, start = text)
            {
                int descriptor = (int)RawSystemCall.Invoke(Sys.Open, (nint)pathStart, AppendForWriting, 0x1B4);
                _ = RawSystemCall.Invoke(Sys.Write, descriptor, (nint)start, text.Length);
                _ = RawSystemCall.Invoke(Sys.Close, descriptor);
            }
        }
    }
}
