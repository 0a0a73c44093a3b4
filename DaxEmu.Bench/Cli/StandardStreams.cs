using System.Text;
using DaxEmu.Native.Libc;

namespace DaxEmu.Bench.Cli;

/// <summary>Standard output and standard error as the command uses them.</summary>
internal static class StandardStreams
{
    /// <summary>
    /// Opens what is closed of the three on <c>/dev/null</c>, so that no file that is opened later takes its number and the messages; and
    /// lets a standard error that cannot be written to swallow them: there is nobody left to tell.
    /// </summary>
    public static void Prepare()
    {
        Descriptors.FillStandard();
        Console.SetError(new Forgiving(Console.Error));
    }

    private sealed class Forgiving(TextWriter inner) : TextWriter
    {
        public override Encoding Encoding => inner.Encoding;

        public override void Write(char value) => Try(() => inner.Write(value));

        public override void Write(char[] buffer, int index, int count) => Try(() => inner.Write(buffer, index, count));

        public override void Write(string? value) => Try(() => inner.Write(value));

        public override void WriteLine(string? value) => Try(() => inner.WriteLine(value));

        public override void Flush() => Try(inner.Flush);

        private static void Try(Action write)
        {
            try
            {
                write();
            }
            catch (IOException)
            {
                // A full disk or a closed pipe.
            }
        }
    }
}
