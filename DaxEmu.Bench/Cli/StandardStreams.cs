using System.Text;
using DaxEmu.Native;
using DaxEmu.Native.Libc;

namespace DaxEmu.Bench.Cli;

/// <summary>Standard output and standard error as the command uses them.</summary>
internal static class StandardStreams
{
    /// <summary>
    /// Makes them safe: what is closed counts as <c>/dev/null</c>, so that no file that is opened later takes its number and the messages; a
    /// standard error that cannot be written to drops them, since no other place is left; and a standard output that cannot be
    /// written to is the environment's refusal.
    /// </summary>
    public static void Prepare()
    {
        Descriptors.FillStandard();
        Console.SetError(Descriptors.IsStandard(2) ? new Relay(Console.Error, _ => { }) : TextWriter.Null);
        Console.SetOut(Descriptors.IsStandard(1) ? new Relay(Console.Out, Refuse) : TextWriter.Null);
    }

    /// <summary>Whether what is printed goes to a file that the user named.</summary>
    public static bool IsOutputInFile { get; private set; }

    /// <summary>Writes what is printed to a file instead, until what is returned is disposed.</summary>
    /// <param name="path">The file, which is replaced.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static IDisposable SendTo(string path) => new ToFile(path);

    private static void Refuse(IOException e) => throw new DaxEnvironmentException(
        $"standard output cannot be written to: {e.Message}. Free space there, or send it elsewhere.", e);

    private sealed class Relay(TextWriter inner, Action<IOException> onError) : TextWriter
    {
        public override Encoding Encoding => inner.Encoding;

        public override void Write(char value) => Try(() => inner.Write(value));

        public override void Write(char[] buffer, int index, int count) => Try(() => inner.Write(buffer, index, count));

        public override void Write(string? value) => Try(() => inner.Write(value));

        public override void WriteLine(string? value) => Try(() => inner.WriteLine(value));

        public override void Flush() => Try(inner.Flush);

        private void Try(Action write)
        {
            try
            {
                write();
            }
            catch (IOException e)
            {
                onError(e);
            }
        }
    }

    private sealed class ToFile : IDisposable
    {
        private readonly TextWriter before = Console.Out;
        private readonly StreamWriter file;

        public ToFile(string path)
        {
            file = new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\n" };
            Console.SetOut(file);
            IsOutputInFile = true;
        }

        public void Dispose()
        {
            Console.SetOut(before);
            IsOutputInFile = false;
            file.Dispose();
        }
    }
}
