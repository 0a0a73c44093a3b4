using System.Globalization;
using System.Text;

namespace DaxEmu.Core.Checking;

/// <summary>All that a run depended on: its scenario, the thread of each step, and each value that was drawn. Replays exactly.</summary>
/// <remarks>
/// <para>As a string: <c>dax1:scenario:profile:tso:a12b3Aa5:0.3</c>. The version; the scenario and its profile; the memory model (<c>tso</c> or
/// <c>sc</c>); the steps, where <c>a12</c> is twelve steps of thread 0, <c>b</c> one of thread 1, and <c>A</c> the drain of thread 0's
/// oldest buffered store; and, if any were drawn, the values.</para>
/// <para>What a thread does before its first step, or after it was woken, belongs to the step that follows.</para>
/// </remarks>
/// <example>
/// <code>
/// string text = failed.Schedule.ToString();
/// ReplayedRun run = CheckRunner.Replay(scenario, Schedule.Parse(text));
/// </code>
/// </example>
public sealed class Schedule
{
    private const string Version = "dax1";
    private const char Separator = ':';

    // Far above the steps that any scenario has, and the length that its name has.
    private const int MostSteps = 1_000_000;
    private const int LongestName = 1000;
    private const int LongestExcerpt = 80;

    private Schedule(string scenario, string profile, MemoryModel model, IReadOnlyList<Choice> choices, IReadOnlyList<ulong> values)
    {
        Scenario = scenario;
        Profile = profile;
        Model = model;
        Choices = choices;
        Values = values;
    }

    /// <summary>The name of its scenario.</summary>
    public string Scenario { get; }

    /// <summary>The profile of its scenario.</summary>
    public string Profile { get; }

    /// <summary>Whether it has buffered stores.</summary>
    public MemoryModel Model { get; }

    /// <summary>Which thread made each step, and which store reached memory.</summary>
    internal IReadOnlyList<Choice> Choices { get; }

    /// <summary>The values that were drawn, in order.</summary>
    internal IReadOnlyList<ulong> Values { get; }

    /// <summary>How many drains are among the choices.</summary>
    internal int DrainCount => Choices.Count(choice => choice.IsDrain);

    /// <summary>How often another thread than before makes the next step.</summary>
    internal int SwitchCount
    {
        get
        {
            int[] steps = [.. Choices.Where(choice => !choice.IsDrain).Select(choice => choice.Thread)];
            return steps.Zip(steps.Skip(1)).Count(pair => pair.First != pair.Second);
        }
    }

    /// <summary>The schedule of a run.</summary>
    internal static Schedule Of(Scenario scenario, IEnumerable<Choice> choices, IEnumerable<ulong> values) =>
        new(scenario.Name, scenario.Profile, scenario.Model, [.. choices], [.. values]);

    /// <summary>Reads a schedule string.</summary>
    /// <param name="text">What <see cref="ToString"/> gave.</param>
    /// <returns>The schedule.</returns>
    /// <exception cref="FormatException">It is no schedule string, or one of another version.</exception>
    public static Schedule Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Trim().Split(Separator);
        if (parts[0] != Version)
        {
            throw new FormatException(
                parts[0].StartsWith("dax", StringComparison.Ordinal)
                    ? $"schedule string of version '{Excerpt(parts[0])}', this build reads '{Version}': replay it with the build that wrote it."
                    : $"'{Excerpt(text)}' is no schedule string: one begins with '{Version}{Separator}'.");
        }

        if (parts.Length is not (5 or 6))
        {
            throw new FormatException($"schedule string with {parts.Length} parts instead of 5 or 6: part of it is missing.");
        }

        MemoryModel model = parts[3] switch
        {
            "tso" => MemoryModel.TotalStoreOrder,
            "sc" => MemoryModel.SequentiallyConsistent,
            _ => throw new FormatException($"memory model '{Excerpt(parts[3])}' in a schedule string: it is tso or sc."),
        };
        if (parts[1].Length > LongestName || parts[2].Length > LongestName)
        {
            throw new FormatException($"the scenario's or the profile's name in a schedule string has more than {LongestName} characters.");
        }

        if (parts[4].Length == 0)
        {
            throw new FormatException("schedule string without any step: its fifth part is empty.");
        }

        return new Schedule(parts[1], parts[2], model, ParseChoices(parts[4]), parts.Length == 6 ? ParseValues(parts[5]) : []);
    }

    /// <summary>The scenario as this schedule needs it: with its memory model.</summary>
    /// <exception cref="ScheduleMismatchException">It is a schedule of another scenario or profile.</exception>
    internal Scenario Fit(Scenario scenario)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        return scenario.Name == Scenario && scenario.Profile == Profile
            ? scenario with { Model = Model }
            : throw new ScheduleMismatchException(
                $"the schedule is of scenario '{Scenario}' with profile '{Profile}', not of '{scenario.Name}' with '{scenario.Profile}'.");
    }

    /// <summary>The schedule string.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(Version).Append(Separator).Append(Scenario).Append(Separator).Append(Profile).Append(Separator)
            .Append(Model == MemoryModel.TotalStoreOrder ? "tso" : "sc").Append(Separator);
        for (int i = 0; i < Choices.Count;)
        {
            int end = i + 1;
            while (end < Choices.Count && Choices[end] == Choices[i])
            {
                end++;
            }

            text.Append((char)((Choices[i].IsDrain ? 'A' : 'a') + Choices[i].Thread));
            if (end - i > 1)
            {
                text.Append(CultureInfo.InvariantCulture, $"{end - i}");
            }

            i = end;
        }

        if (Values.Count > 0)
        {
            text.Append(Separator).AppendJoin('.', Values);
        }

        return text.ToString();
    }

    private static string Excerpt(string text) => text.Length <= LongestExcerpt ? text : text[..LongestExcerpt] + "...";

    private static List<Choice> ParseChoices(string text)
    {
        List<Choice> choices = [];
        for (int i = 0; i < text.Length;)
        {
            char letter = text[i++];
            int thread = char.ToLowerInvariant(letter) - 'a';
            if (thread is < 0 or >= Choice.MaxThreads)
            {
                throw new FormatException(
                    $"'{letter}' at character {i} of the steps of a schedule string: a thread is a letter from a to h, a drain one from A to H.");
            }

            int digits = i;
            while (i < text.Length && char.IsAsciiDigit(text[i]))
            {
                i++;
            }

            int count = 1;
            if (i > digits
                && (!int.TryParse(text.AsSpan(digits, i - digits), NumberStyles.None, CultureInfo.InvariantCulture, out count) || count is 0 or > MostSteps))
            {
                throw new FormatException($"'{Excerpt(text[digits..i])}' steps in a row at character {digits + 1} of the steps of a schedule string: 1 to {MostSteps}.");
            }

            if (choices.Count > MostSteps - count)
            {
                throw new FormatException($"more than {MostSteps} steps up to character {i} of the steps of a schedule string: no scenario has so many.");
            }

            choices.AddRange(Enumerable.Repeat(char.IsUpper(letter) ? Choice.DrainOf(thread) : Choice.StepOf(thread), count));
        }

        return choices;
    }

    private static ulong[] ParseValues(string text) =>
        [.. text.Split('.').Select(part => ulong.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value)
            ? value
            : throw new FormatException($"'{Excerpt(part)}' among the values of a schedule string is no number."))];
}
