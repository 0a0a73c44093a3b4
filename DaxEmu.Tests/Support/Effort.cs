namespace DaxEmu.Tests.Support;

/// <summary>How much the tests do: what fits into five minutes, or all (DAXEMU_THOROUGH=1), as the continuous integration does.</summary>
internal static class Effort
{
    /// <summary>Whether searches run whole.</summary>
    public static bool IsThorough { get; } = Environment.GetEnvironmentVariable("DAXEMU_THOROUGH") == "1";

    /// <summary>All of a list, or every so many-th of it.</summary>
    public static IEnumerable<T> Part<T>(IEnumerable<T> all, int every) => IsThorough ? all : all.Where((_, i) => i % every == 0);
}
