using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.EndToEnd;

/// <summary>Limits of the environment: streams that are full or closed, memory, file sizes, storage that goes away.</summary>
[Parallelizable(ParallelScope.Self)] // processes of their own, which mostly wait
public sealed class LimitTests
{
    private const string Quick = "$DAXEMU bench --size 4m --bs 4k --numjobs 1 --runtime 5ms --ramp-time 1ms --engine emu";
    private const string Group = "/sys/fs/cgroup/memory/daxemu-test";

    [OneTimeTearDown]
    public void RemoveTheGroup()
    {
        if (Directory.Exists(Group))
        {
            Command.RunInShell($"rmdir {Group}");
        }
    }

    // A file size limit of a few MiB: below that the runtime itself does not start.
    [TestCase("$DAXEMU bench --size 0 2>/dev/full", 2, "")]
    [TestCase("$DAXEMU bench --size 0 2>&-", 2, "")]
    [TestCase("$DAXEMU bench --size 0 >&- 2>&- <&-", 2, "")]
    [TestCase("$DAXEMU --help >/dev/full", 3, "standard output")]
    [TestCase("$DAXEMU bench --help >/dev/full 2>/dev/full", 3, "")]
    [TestCase("$DAXEMU info /nowhere >&-", 3, "/nowhere")]
    [TestCase(Quick + " >/dev/full", 3, "standard output")]
    [TestCase(Quick + " >&-", 0, "")]
    [TestCase(Quick + " <&-", 0, "")]
    [TestCase(Quick + " --output-format=json | head -c 1 >/dev/null", 0, "")]
    [TestCase("ulimit -f 20000; $DAXEMU bench --size 64m", 3, "limit")]
    [TestCase("ulimit -f 20000; $DAXEMU soak --duration 1s", 3, "limit")]
    [TestCase("$DAXEMU bench --filename @x/@x --size 4m", 3, "@x")]
    public void AStreamOrALimitEndsWithOneLineAtMost(string line, int code, string expected)
    {
        CommandResult result = Command.RunInShell(line);
        Assert.That(result.Code, Is.EqualTo(code), result.Error);
        Assert.That(result.ErrorLines, Has.Length.EqualTo(expected.Length == 0 ? 0 : 1), result.Error);
        Assert.That(result.Error, Does.Contain(expected));
    }

    [TestCase("bench", "--engine", "kernel", "--rw", "randwrite", "--bs", "4k", "--numjobs", "2", "--runtime", "20s", "--output-format=json")]
    [TestCase("soak", "--profile", "v4.20", "--duration", "20s", "--numjobs", "1")]
    public void StorageThatIsCutUnderARunEndsItWithOneLine(params string[] arguments)
    {
        using var scratch = new ScratchDirectory();
        string path = scratch["device"];
        using FileStream file = File.Create(path);
        file.SetLength(32 << 20);
        using Process process = Command.Start([.. arguments, "--filename", path]);

        // The mark of a device in use stands in its first page.
        byte[] page = new byte[64];
        bool hasBegun = SpinWait.SpinUntil(
            () => RandomAccess.Read(file.SafeFileHandle, page, 0) > 0 && page.AsSpan(16).ContainsAnyExcept((byte)0),
            TimeSpan.FromSeconds(30));
        Assert.That(hasBegun);
        Thread.Sleep(500);
        file.SetLength(1 << 20);
        CommandResult result = Command.End(process);
        Assert.That(result.Code, Is.EqualTo(3), result.Error);
        Assert.That(result.ErrorLines, Has.Length.EqualTo(1), result.Error);
        Assert.That(result.Error, Does.StartWith("daxemu: ").And.Contain(path).And.Contain("gone"));
    }

    [TestCase(96, 3, "bench")]
    [TestCase(512, 0, "bench", "--runtime", "2ms", "--ramp-time", "1ms", "--output-format=json")]
    [TestCase(512, 3, "soak", "--size", "512m")]
    public void AMemoryGroupIsAskedBeforeMemoryIsTaken(int limitMiB, int code, params string[] arguments)
    {
        string limit = (limitMiB * 1024L * 1024).ToString(CultureInfo.InvariantCulture);
        CommandResult result = Command.RunInShell(
            $"mkdir -p {Group} 2>/dev/null && echo {limit} 2>/dev/null > {Group}/memory.limit_in_bytes && echo $$ > {Group}/cgroup.procs || exit 77; exec $DAXEMU {string.Join(' ', arguments)}");
        if (result.Code == 77)
        {
            Assert.Ignore("this system does not allow a memory group here");
        }

        Assert.That(result.Code, Is.EqualTo(code), result.Error);
        if (code == 3)
        {
            Assert.That(result.ErrorLines, Has.Length.EqualTo(1), result.Error);
            Assert.That(result.Error, Does.Contain("MiB"));
            return;
        }

        using var document = JsonDocument.Parse(result.Output);
        Assert.That(document.RootElement.GetProperty("jobs").EnumerateArray().Any(j => !j.TryGetProperty("refused", out _)));
    }
}
