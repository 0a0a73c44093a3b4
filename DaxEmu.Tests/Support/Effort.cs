namespace DaxEmu.Tests.Support;

/// <summary>
/// How much the tests do: what fits into five minutes, what fits into twenty (<c>DAXEMU_THOROUGH=1</c>), as the continuous integration does, or all
/// (<c>DAXEMU_THOROUGH=all</c>), by hand.
/// </summary>
internal static class Effort
{
    private const int TimesAsMany = 2;

    private static readonly string? Asked = Environment.GetEnvironmentVariable("DAXEMU_THOROUGH");

    /// <summary>Whether all is done.</summary>
    public static bool IsWhole { get; } = Asked == "all";

    /// <summary>Whether at least what fits into twenty minutes is done.</summary>
    public static bool IsThorough { get; } = IsWhole || Asked == "1";

    /// <summary>How many of something: all, or a third.</summary>
    public static ulong Third(ulong all) => IsThorough ? all : Math.Max(1, all / 3);

    /// <summary>All of a list, or every so many-th of it; twice as many where there is time.</summary>
    public static IEnumerable<T> Part<T>(IEnumerable<T> all, int every)
    {
        int step = IsWhole ? 1 : IsThorough ? Math.Max(1, every / TimesAsMany) : every;
        return all.Where((_, i) => i % step == 0);
    }
}
