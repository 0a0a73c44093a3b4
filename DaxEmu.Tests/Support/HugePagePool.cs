using System.Globalization;
using NUnit.Framework;

namespace DaxEmu.Tests.Support;

/// <summary>A hugetlbfs of a test's own, and a pool that has pages for it; both as before when it is left.</summary>
internal sealed class HugePagePool : IDisposable
{
    private const string Count = "/proc/sys/vm/nr_hugepages";

    private readonly string before;
    private readonly ScratchDirectory scratch;

    private HugePagePool(string before, ScratchDirectory scratch)
    {
        this.before = before;
        this.scratch = scratch;
    }

    /// <summary>Where it is mounted.</summary>
    public string Folder => scratch.Directory;

    /// <summary>Mounts one, or skips the test: only root may, and not in every container.</summary>
    public static HugePagePool Require(int pages)
    {
        string before;
        try
        {
            before = File.ReadAllText(Count).Trim();
            int wanted = int.Parse(before, CultureInfo.InvariantCulture) + pages;
            File.WriteAllText(Count, wanted.ToString(CultureInfo.InvariantCulture));
            if (int.Parse(File.ReadAllText(Count), CultureInfo.InvariantCulture) < wanted)
            {
                File.WriteAllText(Count, before);
                Assert.Ignore($"the system has no memory in one piece for {pages} huge pages");
            }
        }
        catch (Exception refusal) when (refusal is IOException or UnauthorizedAccessException)
        {
            Assert.Ignore($"the pool of huge pages cannot be enlarged here: {refusal.Message}");
            throw;
        }

        var scratch = new ScratchDirectory();
        if (!Mount(scratch.Directory))
        {
            scratch.Dispose();
            File.WriteAllText(Count, before);
            Assert.Ignore("hugetlbfs cannot be mounted here (only root may, and not in every container)");
        }

        return new HugePagePool(before, scratch);
    }

    public void Dispose()
    {
        _ = Run("umount", Folder);
        scratch.Dispose();
        File.WriteAllText(Count, before);
    }

    private static bool Mount(string folder) => Run("mount", "-t", "hugetlbfs", "-o", "pagesize=2M", "none", folder);

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            _ = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
