namespace DaxEmu.Tests.Support;

/// <summary>How much the tests do: what fits into five minutes, or all (DAXEMU_THOROUGH=1), as the continuous integration does.</summary>
internal static class Effort
{
    /// <summary>Whether searches run whole.</summary>
    public static bool IsThorough { get; } = Environment.GetEnvironmentVariable("DAXEMU_THOROUGH") == "1";

    /// <summary>How many of something: all, or a third.</summary>
    public static ulong Third(ulong all) => IsThorough ? all : Math.Max(1, all / 3);

    /// <summary>All of a list, or every so many-th of it.</summary>
    public static IEnumerable<T> Part<T>(IEnumerable<T> all, int every) => IsThorough ? all : all.Where((_, i) => i % every == 0);
}
