using System.Globalization;

namespace DaxEmu.Bench.Cli;

/// <summary>A part of a work that is spread over processes or machines: every N-th piece, from the I-th on.</summary>
/// <param name="Index">From 1 to <paramref name="Count"/>.</param>
/// <param name="Count">Parts.</param>
internal readonly record struct Shard(int Index, int Count)
{
    /// <summary>The most parts.</summary>
    public const int Most = 1_000_000;

    /// <summary>The variable with the number of parts, for a Kubernetes indexed Job, which has none of its own.</summary>
    public const string CountVariable = "DAXEMU_SHARDS";

    /// <summary>The variable with the number of a pod of a Kubernetes indexed Job, from 0.</summary>
    public const string JobIndexName = "JOB_COMPLETION_INDEX";

    /// <summary>The variable with the number of a task of a Slurm job array.</summary>
    public const string TaskIdName = "SLURM_ARRAY_TASK_ID";

    private const string TaskCount = "SLURM_ARRAY_TASK_COUNT";
    private const string TaskMin = "SLURM_ARRAY_TASK_MIN";
    private const string TaskStep = "SLURM_ARRAY_TASK_STEP";

    /// <summary>All of it.</summary>
    public static Shard Whole { get; } = new(1, 1);

    /// <summary>Whether it is all of it.</summary>
    public bool IsWhole => Count == 1;

    /// <summary>Reads <c>2/8</c>: the second of eight.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static Shard Parse(string text)
    {
        string[] parts = text.Split('/');
        return parts.Length == 2 && Number(parts[0]) is { } index && Number(parts[1]) is { } count && index >= 1 && index <= count && count <= Most
            ? new Shard((int)index, (int)count)
            : throw new FormatException($"'{text}' is no shard. Write I/N, from 1/N to N/N, as in 2/8 for the second of eight; 1/1 is all.");
    }

    /// <summary>What the variables of a Kubernetes indexed Job or of a Slurm job array say; all of it without them.</summary>
    /// <param name="variable">A variable's value, or null.</param>
    /// <exception cref="FormatException">They contradict each other, or do not say of how many parts this is one.</exception>
    public static Shard FromEnvironment(Func<string, string?> variable)
    {
        if (Value(JobIndexName) is { } completion)
        {
            return Value(CountVariable) is { } completions
                ? Of(JobIndexName, completion, CountVariable, completions)
                : throw new FormatException($"{JobIndexName} is {completion}, but not of how many: set {CountVariable} to the Job's completions, or give --shard I/N (1/1 for all).");
        }

        if (Value(TaskIdName) is { } task)
        {
            long first = Value(TaskMin) ?? 0;
            long step = Math.Max(1, Value(TaskStep) ?? 1);
            string counted = Value(CountVariable) is null ? TaskCount : CountVariable;
            long count = Value(counted)
                ?? throw new FormatException($"{TaskIdName} is {task}, but not of how many: {TaskCount} is not set. Set {CountVariable}, or give --shard I/N (1/1 for all).");
            // A part of an array that is submitted again has another first task and another count; with a count of its own it keeps its numbers, which begin at 0.
            return Value(CountVariable) is not null ? Of(TaskIdName, task, counted, count)
                : (task - first) % step == 0 ? Of(TaskIdName, (task - first) / step, counted, count)
                : throw new FormatException($"{TaskIdName} is {task}, which no step of {step} from {first} leads to. Give --shard I/N.");
        }

        return Whole;

        long? Value(string name) => variable(name) is not { Length: > 0 } text ? null
            : Number(text) ?? throw new FormatException($"{name} is '{text}', which is no number. Give --shard I/N (1/1 for all).");
    }

    /// <summary>The pieces of this part, in their order.</summary>
    public IReadOnlyList<T> Of<T>(IReadOnlyList<T> pieces)
    {
        (int first, int step) = (Index - 1, Count);
        return IsWhole ? pieces : [.. pieces.Where((_, i) => i % step == first)];
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Index}/{Count}");

    // Counted from 0, as clusters do.
    private static Shard Of(string indexName, long index, string countName, long count) => index < count && count <= Most
        ? new Shard((int)index + 1, (int)count)
        : throw new FormatException(string.Create(
            CultureInfo.InvariantCulture, $"{indexName} leads to shard {index + 1}, but {countName} is {count}: there is no such shard of so many. Give --shard I/N."));

    private static long? Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : null;
}
