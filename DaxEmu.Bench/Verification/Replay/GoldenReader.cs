using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using DaxEmu.Bench.Cli;
using DaxEmu.Core;
using DaxEmu.Core.Tracing.Ftrace;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>Reads a recorded scenario: JSON Lines; the first line is a header, each further one an op.</summary>
internal static class GoldenReader
{
    private const int SupportedFormat = 2;
    private const int LargestErrno = 4095;
    private const int LargestSignal = 64;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = ReplayLimits.JsonDepth };

    /// <summary>Reads a scenario.</summary>
    /// <param name="content">The text in UTF-8.</param>
    /// <param name="name">How errors call it.</param>
    /// <param name="cancellation">Ends the reading between two lines.</param>
    /// <exception cref="FormatException">A line is not what it should be; the message names file, line and value.</exception>
    public static GoldenScenario Read(Stream content, string name, CancellationToken cancellation = default)
    {
        var lines = new LineReader(
            content, name, ReplayLimits.LineBytes, $"it is longer than {ReplayLimits.LineBytes >> 20} MiB, the longest that is read.");
        GoldenScenario? header = null;
        var ops = new List<GoldenOp>();
        long bytes = 0;
        while (lines.TryRead(out ReadOnlyMemory<byte> line))
        {
            cancellation.ThrowIfCancellationRequested();
            bytes += line.Length;
            if (line.Span.IndexOfAnyExcept(" \t\r"u8) < 0)
            {
                continue;
            }

            try
            {
                Require(bytes <= ReplayLimits.ScenarioBytes, $"the scenario is larger than {ReplayLimits.ScenarioBytes >> 20} MiB");
                Require(ops.Count < ReplayLimits.ScenarioOps, $"the scenario has more than {ReplayLimits.ScenarioOps} ops");
                Require(Utf8.IsValid(line.Span), "it is not UTF-8");
                using var document = JsonDocument.Parse(line, Options);
                if (header is null)
                {
                    header = Header(document.RootElement);
                }
                else
                {
                    ops.Add(Op(document.RootElement, (int)lines.Number));
                }
            }
            catch (JsonException e)
            {
                throw new FormatException($"{name}, line {lines.Number}: {NoJson(line.Span, e)}", e);
            }
            catch (InvalidOperationException e)
            {
                throw new FormatException($"{name}, line {lines.Number}: not a line of a recorded scenario: half of a surrogate pair is escaped in it.", e);
            }
            catch (FormatException e)
            {
                throw new FormatException($"{name}, line {lines.Number}: not a line of a recorded scenario: {e.Message}.", e);
            }
        }

        return header is null ? throw new FormatException($"{name}: it is empty.") : header with { Ops = ops, Source = name };
    }

    private static string NoJson(ReadOnlySpan<byte> line, JsonException e)
    {
        long at = Math.Clamp(e.BytePositionInLine ?? 0, 0, line.Length);
        string start = Encoding.UTF8.GetString(line[..Math.Min(line.Length, 160)]);
        return $"no JSON, or nested deeper than {ReplayLimits.JsonDepth}, from byte {at} on. The line: {Printable.Excerpt(start.TrimEnd('\r'))}";
    }

    private static void Require(bool isMet, string problem)
    {
        if (!isMet)
        {
            throw new FormatException(problem);
        }
    }

    private static GoldenScenario Header(JsonElement line)
    {
        RequireNumber(line, "format", SupportedFormat);
        RequireNumber(line, "page", DaxConstants.PageSize);
        RequireNumber(line, "pmd", DaxConstants.PmdSize);
        string fileSystem = RecordedFields.TextOf(line, "fs");
        Require(
            fileSystem.StartsWith("xfs", StringComparison.Ordinal) || fileSystem.StartsWith("ext4", StringComparison.Ordinal),
            $"the header's 'fs' is '{fileSystem}'; only xfs and ext4 can be replayed");
        return new GoldenScenario(RecordedFields.TextOf(line, "scenario"), RecordedFields.TextOf(line, "kernel"), fileSystem, []);
    }

    private static void RequireNumber(JsonElement line, string field, int wanted)
    {
        long value = RecordedFields.NumberOf(line, field, 0, int.MaxValue);
        Require(value == wanted, $"the header's '{field}' is {value}; only {wanted} can be replayed");
    }

    private static GoldenOp Op(JsonElement line, int number)
    {
        string text = RecordedFields.TextOf(line, "op");
        GoldenOp op = GoldenOpText.Read(text);
        (List<string> events, List<(long, long)> ranges) = RecordedEvents.Of(line);
        return op with
        {
            Line = number,
            Return = RecordedFields.NumberOf(line, "ret", -1, ReplayLimits.FileBytes),
            Errno = (int)RecordedFields.NumberOf(line, "errno", 0, LargestErrno),
            Signal = (int)(Optional(line, "sig", LargestSignal) ?? 0),
            Byte = (byte?)Optional(line, "byte", byte.MaxValue),
            Checksum = (uint?)Optional(line, "fnv1a", uint.MaxValue),
            Extents = RecordedRows.Extents(line),
            Entries = RecordedRows.Entries(line),
            Tables = [RecordedRows.Table(line, "pt0"), RecordedRows.Table(line, "pt1")],
            Events = events,
            WritebackRanges = ranges,
        };
    }

    private static long? Optional(JsonElement line, string name, long most) =>
        RecordedFields.TryField(line, name) is { } value ? RecordedFields.Number(value, name, 0, most) : null;
}
