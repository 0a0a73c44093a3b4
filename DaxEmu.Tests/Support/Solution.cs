namespace DaxEmu.Tests.Support;

/// <summary>The solution's folder, for tests that look at sources and documents.</summary>
internal static class Solution
{
    /// <summary>The folder with DaxEmu.sln, found by walking up: a reproducible build has no source paths in it.</summary>
    public static string Root { get; } = Find();

    /// <summary>The sources of a project.</summary>
    public static IEnumerable<string> Sources(string project) => Directory.EnumerateFiles(Path.Combine(Root, project), "*.cs", SearchOption.AllDirectories)
        .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal));

    private static string Find()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "DaxEmu.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("the tests do not run below the solution's folder");
    }
}
