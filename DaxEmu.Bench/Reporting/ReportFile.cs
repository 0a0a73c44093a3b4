using System.Text.Json;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Documents;
using DaxEmu.Native;

namespace DaxEmu.Bench.Reporting;

/// <summary>A JSON file that the command wrote.</summary>
/// <param name="Name">What pages call it.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Document">What it says: of the type of its kind.</param>
internal sealed record ReportFile(string Name, DocumentKind Kind, object Document)
{
    /// <summary>Standard input.</summary>
    public const string Standard = "-";

    private const int MostBytes = 64 << 20;

    /// <summary>Reads it.</summary>
    /// <exception cref="FormatException">It is not what the command wrote; the message says in one line what is wrong.</exception>
    /// <exception cref="DaxEnvironmentException">It cannot be read.</exception>
    public static ReportFile Read(string path)
    {
        byte[] bytes = Bytes(path);
        string name = path == Standard ? "standard input" : Printable.Of(Path.GetFileName(path));
        DocumentKind kind;
        try
        {
            using JsonDocument document = JsonDocument.Parse(WithoutMark(bytes));
            kind = DocumentKind.Of(document.RootElement) ?? throw new FormatException(
                $"{name}: this is JSON, but not what a verb of daxemu wrote with --output-format=json.");
        }
        catch (JsonException e)
        {
            throw new FormatException($"{name}: this is not JSON, or only a part of it: {Where(e)}.", e);
        }

        try
        {
            return new ReportFile(name, kind, JsonSerializer.Deserialize(WithoutMark(bytes).Span, kind.Type)!);
        }
        catch (JsonException e)
        {
            throw new FormatException($"{name}: this is of 'daxemu {kind.Name}', but damaged or of another version: {Printable.Excerpt(e.Message, 160)}", e);
        }
    }

    private static byte[] Bytes(string path)
    {
        try
        {
            using Stream stream = path == Standard ? Console.OpenStandardInput() : File.OpenRead(path);
            using var content = new MemoryStream();
            byte[] buffer = new byte[1 << 16];
            while (stream.Read(buffer) is > 0 and var count)
            {
                content.Write(buffer, 0, count);
                if (content.Length > MostBytes)
                {
                    throw new FormatException($"{Printable.Of(path)} has more than {MostBytes >> 20} MiB: no report of daxemu has so much.");
                }
            }

            return content.ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DaxEnvironmentException($"'{Printable.Of(path)}' cannot be read: {e.Message}", "Name a file that a verb of daxemu wrote with --output-format=json.", path: path);
        }
    }

    private static ReadOnlyMemory<byte> WithoutMark(byte[] bytes) =>
        bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsMemory(3) : bytes;

    private static string Where(JsonException e) => e.LineNumber is { } line ? $"line {line + 1}, byte {e.BytePositionInLine + 1}" : Printable.Excerpt(e.Message, 160);
}
