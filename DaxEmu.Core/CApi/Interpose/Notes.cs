using System.Text;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi.Interpose;

/// <summary>Lines for the user, each of them once: on standard error, by one system call, since the program's own output may be at any state.</summary>
internal sealed unsafe class Notes(Action<string>? receiver)
{
    private const int StandardError = 2;
    private readonly Lock gate = new();
    private readonly HashSet<string> given = [];

    /// <summary>Gives a line, if it was not given before.</summary>
    public void Give(string line)
    {
        lock (gate)
        {
            if (!given.Add(line))
            {
                return;
            }
        }

        if (receiver is not null)
        {
            receiver(line);
            return;
        }

        byte[] bytes = Encoding.UTF8.GetBytes($"daxemu: {line}\n");
        fixed (byte* start = bytes)
        {
            _ = RawSystemCall.Invoke(Sys.Write, StandardError, (nint)start, bytes.Length);
        }
    }
}
