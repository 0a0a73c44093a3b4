using System.Globalization;
using DaxEmu.Core.Checking;

namespace DaxEmu.Bench.Verification.Checks;

/// <summary>The size of generated scenarios.</summary>
/// <param name="ThreadCount">Threads.</param>
/// <param name="OperationCount">Operations of each.</param>
internal readonly record struct ScenarioSize(int ThreadCount, int OperationCount)
{
    private const int MostOperations = 3;

    /// <summary>Reads <c>2x2</c>: threads, then operations of each.</summary>
    /// <exception cref="FormatException">It is none, or too large.</exception>
    public static ScenarioSize Parse(string text)
    {
        string[] parts = text.Split('x');
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int threads) && threads is >= 1 and <= Choice.MaxThreads
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int operations) && operations is >= 1 and <= MostOperations
            ? new ScenarioSize(threads, operations)
            : throw new FormatException(
                $"'{text}' is not a size of scenarios. Write threads x operations, such as 2x2: 1 to {Choice.MaxThreads} threads, 1 to {MostOperations} operations.");
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{ThreadCount}x{OperationCount}");
}
