using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using DaxEmu.Core.Checking;

namespace DaxEmu.Bench.Verification.Conflicts;

/// <summary>What the pairs of an engine came to, in words.</summary>
internal sealed class ConflictReport(IConflictEngine engine, IReadOnlyList<ConflictPair> pairs)
{
    /// <summary>The least part of the pairs that must share no written line.</summary>
    public const double Wanted = 0.95;

    private const string NoReason = "no reason is known: it should not be";

    /// <summary>The engine.</summary>
    public string Engine => engine.Name;

    /// <summary>The pairs that count: those that no rule of the kernel's lets take turns.</summary>
    public IReadOnlyList<ConflictPair> Counted { get; } = [.. pairs.Where(pair => pair.Relation.IsCounted)];

    /// <summary>The others.</summary>
    public IReadOnlyList<ConflictPair> Excluded { get; } = [.. pairs.Where(pair => !pair.Relation.IsCounted)];

    /// <summary>Those that do not commute, against what is said of them.</summary>
    public IReadOnlyList<ConflictPair> Different { get; } = [.. pairs.Where(pair => pair.Difference is not null)];

    /// <summary>Shared lines of counted pairs for which there is no reason.</summary>
    public IReadOnlyList<string> Unexplained { get; } =
    [
        .. pairs.Where(pair => pair.Relation.IsCounted).SelectMany(pair => pair.Lines).Select(line => line.ToString()).Distinct().Where(line => engine.ReasonFor(line) is null),
    ];

    /// <summary>The part of the counted pairs that share no written line.</summary>
    public double FreePart => Counted.Count == 0 ? 1 : (double)Counted.Count(pair => pair.IsFree) / Counted.Count;

    /// <summary>Whether all commute and enough share nothing.</summary>
    public bool IsGood => Different.Count == 0 && FreePart >= Wanted;

    /// <summary>Whether the orders agree, and each pair that shares a line has a reason: a medium's bandwidth is shared by design.</summary>
    public bool HasReasons => Different.Count == 0 && Unexplained.Count == 0;

    /// <summary>The matrices, the pairs that share lines, the sum.</summary>
    public string Text()
    {
        var text = new StringBuilder();
        foreach (IGrouping<ConflictRelation, ConflictPair> relation in pairs.GroupBy(pair => pair.Relation))
        {
            AddMatrix(text, relation.Key, [.. relation]);
        }

        foreach (ConflictPair pair in Different)
        {
            text.Append(CultureInfo.InvariantCulture, $"{TitleOf(pair)}: the two orders differ\n{pair.Difference}\n");
        }

        return text.Append(Sum()).Append('\n').ToString();
    }

    /// <summary>The same for a program.</summary>
    public JsonObject Json() => new()
    {
        ["engine"] = Engine,
        ["pairs"] = Counted.Count,
        ["free"] = Counted.Count(pair => pair.IsFree),
        ["free_percent"] = Math.Round(FreePart * 100, 1),
        ["excluded_pairs"] = Excluded.Count,
        ["excluded_free"] = Excluded.Count(pair => pair.IsFree),
        ["conflicts"] = new JsonArray([.. pairs.Where(pair => !pair.IsFree || pair.Difference is not null).Select(JsonOf)]),
    };

    private JsonObject JsonOf(ConflictPair pair) => new()
    {
        ["relation"] = pair.Relation.Name,
        ["one"] = pair.One.Name,
        ["other"] = pair.Other.Name,
        ["counted"] = pair.Relation.IsCounted,
        ["commutes"] = pair.Difference is null,
        ["lines"] = new JsonArray([.. pair.Lines.Select(line => (JsonNode)new JsonObject { ["line"] = line.ToString(), ["reason"] = engine.ReasonFor(line.ToString()) })]),
    };

    private string Sum()
    {
        int free = Counted.Count(pair => pair.IsFree);
        string sum = string.Create(
            CultureInfo.InvariantCulture, $"{Engine}: {free} of {Counted.Count} commuting pairs share no written line ({FreePart * 100:0.0} %)");
        return Excluded.Count == 0
            ? sum + "."
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{sum}; of {Excluded.Count} more that are not counted, {Excluded.Count(pair => pair.IsFree)} share none.");
    }

    private void AddMatrix(StringBuilder text, ConflictRelation relation, ConflictPair[] inRelation)
    {
        ConflictOperation[] rows = [.. engine.Operations.Where(operation => inRelation.Any(pair => pair.One == operation || pair.Other == operation))];
        int width = rows.Max(row => row.Name.Length);
        text.Append(CultureInfo.InvariantCulture, $"{Engine}, {relation.Name}: {relation.Description}\n\n");
        text.Append(' ', width + 4);
        for (int column = 0; column < rows.Length; column++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{column + 1,3}");
        }

        text.Append('\n');
        for (int row = 0; row < rows.Length; row++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{row + 1,3} {rows[row].Name.PadRight(width)}");
            for (int column = 0; column <= row; column++)
            {
                ConflictPair? pair = inRelation.FirstOrDefault(p => (p.One == rows[column] && p.Other == rows[row]) || (p.One == rows[row] && p.Other == rows[column]));
                text.Append(pair is null ? "   " : pair.IsFree ? "  ." : string.Create(CultureInfo.InvariantCulture, $"{pair.Lines.Count,3}"));
            }

            text.Append('\n');
        }

        text.Append('\n');
        if (!relation.IsCounted)
        {
            foreach (IGrouping<string, string> line in from pair in inRelation from line in pair.Lines group pair.One.Name by KindOf(line) into same orderby same.Key select same)
            {
                text.Append(CultureInfo.InvariantCulture, $"    {line.Key}: {line.Count()} {(line.Count() == 1 ? "pair" : "pairs")}\n");
            }

            text.Append('\n');
            return;
        }

        foreach (ConflictPair pair in inRelation.Where(pair => !pair.IsFree))
        {
            text.Append(CultureInfo.InvariantCulture, $"{TitleOf(pair)}\n");
            foreach (SharedLine line in pair.Lines)
            {
                text.Append(CultureInfo.InvariantCulture, $"    {line}\n        {engine.ReasonFor(line.ToString()) ?? NoReason}\n");
            }
        }

        text.Append('\n');
    }

    // Every line's kind but once, whichever page it is of.
    private static string KindOf(SharedLine line) => string.Join(", ", line.One.Concat(line.Other).Select(part => SharedPart.KindOf(part.Name)).Distinct().Order(StringComparer.Ordinal));

    private static string TitleOf(ConflictPair pair) => $"{pair.One.Name} / {pair.Other.Name} ({pair.Relation.Name})";
}
