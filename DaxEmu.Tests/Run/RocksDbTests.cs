using System.Diagnostics;
using DaxEmu.Tests.CApi;
using DaxEmu.Tests.EndToEnd;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Run;

/// <summary>docs/samples/rocksdb-2019: RocksDB, which hung on fs-dax in 2019, on a volume.</summary>
[Parallelizable(ParallelScope.Self)] // processes of its own
public sealed class RocksDbTests : IDisposable
{
    private const string Header = "/usr/include/rocksdb/c.h";
    private const string WholeLoad = "a load of minutes, whose hang is a matter of pace; set DAXEMU_ROCKSDB=1";

    private static bool IsWholeLoadAsked { get; } = Environment.GetEnvironmentVariable("DAXEMU_ROCKSDB") == "1";
    private static readonly string[] Small = ["--keys", "2000", "--readers", "2"];
    private static readonly TimeSpan Most = TimeSpan.FromMinutes(6);

    private readonly ScratchDirectory scratch = new();
    private string driver = null!;

    [OneTimeSetUp]
    public void Build()
    {
        RunFixture.RequireLibrary();
        CCompiler.Require("gcc", "gcc");
        if (!File.Exists(Header))
        {
            Assert.Ignore($"There is no {Header}. Install it: apt-get install librocksdb-dev.");
        }

        driver = scratch["rocksdb-2019"];
        CCompiler.Compile(
            "gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", driver,
            Path.Combine(Solution.Root, "docs", "samples", "rocksdb-2019", "rocksdb-2019.c"), "-lrocksdb", "-pthread");
    }

    /// <inheritdoc/>
    public void Dispose() => scratch.Dispose();

    [TestCase("0")]
    [TestCase("1")]
    public void EveryValueIsRightWithTablesWrittenThroughMemoryAndByCalls(string mappedWrites)
    {
        CommandResult result = Run(["--", driver, "run", "/dax/db", "--mmap-writes", mappedWrites, .. Small]);
        Assert.That(result.Code, Is.Zero, result.Output + result.Error);
        Assert.That(result.Output, Does.Contain("load: 8000 puts").And.Contain("verified: 8000 gets, 4000 records in order, 0 wrong"));
    }

    [Test]
    public void WhatWasAcknowledgedIsThereAfterTheProcessWasKilled()
    {
        string volume = scratch["volume"];
        string log = scratch["log"];
        Assert.That(Command.Run("volume", "format", volume, "--size", "256m").Code, Is.Zero);
        for (int round = 0; round < (Effort.IsThorough ? 2 : 1); round++)
        {
            Kill(volume, log);
            CommandResult check = Command.Run("volume", "check", volume);
            Assert.That(check.Code, Is.Zero, check.Output + check.Error);
            CommandResult verified = Run(["--volume", volume, "--", driver, "verify", "/dax/db", "--log", log, .. Small]);
            Assert.That(verified.Code, Is.Zero, verified.Output + verified.Error);
            Assert.That(verified.Output, Does.Contain(" 0 wrong"));
        }
    }

    [Test]
    public void ALostRecordIsFound()
    {
        // The judge of the others: a record that was acknowledged and is not there.
        string volume = scratch["other"];
        string log = scratch["other-log"];
        Assert.That(Command.Run("volume", "format", volume, "--size", "256m").Code, Is.Zero);
        Assert.That(Run(["--volume", volume, "--", driver, "run", "/dax/db", "--rounds", "1", "--log", log, .. Small]).Code, Is.Zero);
        using (FileStream counts = File.OpenWrite(log))
        {
            counts.Write(BitConverter.GetBytes(2001L)); // the first key a second time
        }

        CommandResult verified = Run(["--volume", volume, "--", driver, "verify", "/dax/db", "--log", log, .. Small]);
        Assert.That(verified.Code, Is.EqualTo(1));
        Assert.That(verified.Error, Does.Contain("writer 0, key 0: its value is older than one that was acknowledged"));
    }

    [Test]
    public void ItHangsAsIn2019AndTheWaitGraphNamesBothKeys()
    {
        if (!IsWholeLoadAsked)
        {
            Assert.Ignore(WholeLoad);
        }

        // Whether two threads meet is a matter of their pace.
        CommandResult result = default!;
        for (int attempt = 0; attempt < 3; attempt++)
        {
            result = Run("--profile", "v4.20", "--hold", "50us", "--watchdog", "10s", "--", driver, "run", "/dax/db", "--aged", "1");
            if (result.Code != 0)
            {
                break;
            }
        }

        if (result.Code == 0)
        {
            Assert.Inconclusive("No two threads met in three runs, so nothing is shown. Run it again, or on a machine that is less busy.");
        }

        Assert.That(result.Code, Is.EqualTo(1), result.Error);
        Assert.That(result.Error, Does.Contain("a thread hangs"));
        Assert.That(result.Error, Does.Match(@"entry at page [0-9]+, 4 KiB, (not locked|gone).*; slept on under key (0|[0-9]+)"));
        Assert.That(result.Error, Does.Match(@"looks for page [0-9]+, 2 MiB, exclusive"));
    }

    [Test]
    public void ItRunsToTheEndWithTheKernelsFix()
    {
        if (!IsWholeLoadAsked)
        {
            Assert.Ignore(WholeLoad);
        }

        CommandResult result = Run("--profile", "fixed", "--hold", "50us", "--", driver, "run", "/dax/db", "--aged", "1");
        Assert.That(result.Code, Is.Zero, result.Error);
        Assert.That(result.Output, Does.Contain("verified: 360000 gets, 60000 records in order, 0 wrong"));
    }

    private static CommandResult Run(params string[] arguments)
    {
        using Process process = Command.Start(["run", .. arguments]);
        Task<string> error = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Most))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"daxemu run {string.Join(' ', arguments)} has not ended after {Most}.");
        }

        return new CommandResult(process.ExitCode, output.Result, error.Result);
    }

    // Both processes at once, while the writers are busy.
    private void Kill(string volume, string log)
    {
        File.Delete(log);
        using Process process = Command.Start(
            ["run", "--volume", volume, "--", driver, "run", "/dax/db", "--sync", "1", "--rounds", "100000", "--log", log, .. Small]);
        var patience = Stopwatch.StartNew();
        while (!(File.Exists(log) && First(log) > 3000) && patience.Elapsed < Most && !process.HasExited)
        {
            Thread.Sleep(20);
        }

        Assert.That(process.HasExited, Is.False, "it was to be killed");
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
    }

    private static long First(string log)
    {
        using FileStream file = File.Open(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        Span<byte> count = stackalloc byte[sizeof(long)];
        return file.ReadAtLeast(count, count.Length, throwOnEndOfStream: false) == count.Length ? BitConverter.ToInt64(count) : 0;
    }
}
