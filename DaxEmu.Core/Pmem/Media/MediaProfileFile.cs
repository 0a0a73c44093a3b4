using System.Text.Json;
using DaxEmu.Native;

namespace DaxEmu.Core.Pmem.Media;

/// <summary>Reads a <see cref="MediaProfile"/> from JSON. Every refusal names the file, the member and what would do.</summary>
internal static class MediaProfileFile
{
    // A profile is some lines long; what is larger is another file.
    private const int MostBytes = 64 << 10;

    private static readonly Dictionary<string, Func<MediaProfile, JsonElement, MediaProfile>> Members = new(StringComparer.Ordinal)
    {
        ["name"] = (profile, value) => profile with { Name = Text(value) },
        ["read_ns"] = (profile, value) => profile with { ReadNs = Number(value) },
        ["sequential_read_ns"] = (profile, value) => profile with { SequentialReadNs = Number(value) },
        ["write_ns"] = (profile, value) => profile with { WriteNs = Number(value) },
        ["flush_ns"] = (profile, value) => profile with { FlushNs = Number(value) },
        ["fence_ns"] = (profile, value) => profile with { FenceNs = Number(value) },
        ["read_bytes_per_second"] = (profile, value) => profile with { ReadBytesPerSecond = Number(value) },
        ["write_bytes_per_second"] = (profile, value) => profile with { WriteBytesPerSecond = Number(value) },
        ["line_bytes"] = (profile, value) => profile with { LineBytes = (int)Math.Clamp(Number(value), int.MinValue, int.MaxValue) },
        ["eadr"] = (profile, value) => profile with { HasEadr = Flag(value) },
    };

    /// <summary>The profile in a file.</summary>
    /// <exception cref="FormatException">It is none; the message names file and member.</exception>
    /// <exception cref="DaxEnvironmentException">The file cannot be read.</exception>
    public static MediaProfile Load(string path)
    {
        using JsonDocument document = Parse(path, Read(path));
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException($"'{path}' is not a medium: it holds no JSON object. Write {{ \"name\": \"...\", \"read_ns\": 300 }}; the members are {Names}.");
        }

        var profile = new MediaProfile { Name = Path.GetFileNameWithoutExtension(path) };
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonProperty member in document.RootElement.EnumerateObject())
        {
            if (!Members.TryGetValue(member.Name, out Func<MediaProfile, JsonElement, MediaProfile>? set))
            {
                throw new FormatException($"'{path}': there is no member '{member.Name}'. The members are {Names}.");
            }

            if (!seen.Add(member.Name))
            {
                throw new FormatException($"'{path}': the member '{member.Name}' is there twice. Leave one away.");
            }

            profile = Set(path, profile, member, set);
        }

        return seen.Contains("sequential_read_ns") ? profile : profile with { SequentialReadNs = profile.ReadNs };
    }

    private static string Names => string.Join(", ", Members.Keys);

    private static MediaProfile Set(string path, MediaProfile profile, JsonProperty member, Func<MediaProfile, JsonElement, MediaProfile> set)
    {
        try
        {
            return set(profile, member.Value);
        }
        catch (ArgumentOutOfRangeException refusal)
        {
            string reason = refusal.Message[..refusal.Message.IndexOf('(', StringComparison.Ordinal)].TrimEnd();
            throw new FormatException($"'{path}': {member.Name} is {member.Value.GetRawText()}; {reason}", refusal);
        }
        catch (FormatException refusal)
        {
            throw new FormatException($"'{path}': {member.Name} is {member.Value.GetRawText()}; {refusal.Message}", refusal);
        }
    }

    private static byte[] Read(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            byte[] bytes = new byte[MostBytes + 1];
            int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return length <= MostBytes
                ? bytes[..length]
                : throw new FormatException($"'{path}' is not a medium: it has more than {MostBytes} bytes. Name a file of JSON with the figures of one.");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new DaxEnvironmentException($"cannot read '{path}': {problem.Message}", "Name a readable file of JSON.", path: path);
        }
    }

    private static JsonDocument Parse(string path, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return JsonDocument.Parse(bytes, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, MaxDepth = 4 });
        }
        catch (JsonException problem)
        {
            throw new FormatException($"'{path}', line {problem.LineNumber + 1}: this is not JSON. Correct it; the members of a medium are {Names}.", problem);
        }
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 and <= 64 } text
        ? text
        : throw new FormatException("give a text of at most 64 characters.");

    private static long Number(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number)
        ? number
        : throw new FormatException("give a whole number.");

    private static bool Flag(JsonElement value) => value.ValueKind is JsonValueKind.True or JsonValueKind.False
        ? value.GetBoolean()
        : throw new FormatException("give true or false.");
}
