using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace DaxEmu.Tests.EndToEnd;

/// <summary>Makes recordings, trace text and archives of them, whole ones and others.</summary>
internal static class Recordings
{
    public const string Header = """{"scenario":"x","kernel":"6.12.0","fs":"xfs","page":4096,"pmd":2097152,"format":2}""";

    /// <summary>The start of the VMA of <see cref="Pmd"/>.</summary>
    public const long Start = 0x7f0000000000;

    public const long Huge = 1 << 21;

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>A scenario: the header, and these lines.</summary>
    public static byte[] Scenario(params string[] lines) => Bytes(Header + "\n" + string.Join('\n', lines) + "\n");

    /// <summary>A line of an op that gave 0.</summary>
    /// <param name="text">The op.</param>
    /// <param name="more">Further fields.</param>
    /// <param name="result">What the call returned.</param>
    /// <param name="events">The events.</param>
    public static string Op(string text, string more = "", long result = 0, string events = "") =>
        $$"""{"op":"{{text}}","ret":{{result}},"errno":0{{(more.Length > 0 ? "," + more : string.Empty)}},"events":[{{events}}]}""";

    /// <summary>The same line many times.</summary>
    public static IEnumerable<string> Times(int count, string line) => Enumerable.Repeat(line, count);

    public static byte[] Gzip(byte[] content)
    {
        using var memory = new MemoryStream();
        using (var stream = new GZipStream(memory, CompressionLevel.Optimal, leaveOpen: true))
        {
            stream.Write(content);
        }

        return memory.ToArray();
    }

    public static byte[] Zip(params (string Name, byte[] Content)[] files)
    {
        using var memory = new MemoryStream();
        using (var archive = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] content) in files)
            {
                using Stream stream = archive.CreateEntry(name).Open();
                stream.Write(content);
            }
        }

        return memory.ToArray();
    }

    /// <summary>The bytes with one bit turned over.</summary>
    public static byte[] Flip(byte[] bytes, Index at)
    {
        byte[] flipped = [.. bytes];
        flipped[at] ^= 1;
        return flipped;
    }

    /// <summary>A 2 MiB fault as two lines of trace text.</summary>
    public static string Pmd(
        long ino = 7, long address = Start, long start = Start, long end = Start + Huge, long page = 0, long lastPage = 512, string result = "NOPAGE", int pid = 1) =>
        Fault("dax_pmd_fault", pid, $"ino 0x{ino:x} shared WRITE|USER address 0x{address:x} vm_start 0x{start:x} vm_end 0x{end:x} pgoff 0x{page:x} max_pgoff 0x{lastPage:x}", result);

    /// <summary>A 4 KiB fault as two lines of trace text.</summary>
    public static string Pte(long ino = 7, long address = Start, long page = 0, string kind = "shared", string result = "NOPAGE", int pid = 1) =>
        Fault("dax_pte_fault", pid, $"ino 0x{ino:x} {kind} WRITE|USER address 0x{address:x} pgoff 0x{page:x}", result);

    private static string Fault(string name, int pid, string fields, string result) => string.Create(
        CultureInfo.InvariantCulture,
        $"t-{pid} [000] ..... 1.000001: {name}: dev 259:0 {fields} \nt-{pid} [000] ..... 1.000002: {name}_done: dev 259:0 {fields} {result}\n");
}
