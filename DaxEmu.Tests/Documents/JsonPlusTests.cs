using System.Diagnostics;
using System.Text.Json.Nodes;
using DaxEmu.Tests.EndToEnd;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Documents;

/// <summary>fio's readers read what bench writes.</summary>
[NonParallelizable]
public sealed class JsonPlusTests
{
    private const string Reader = "fio_jsonplus_clat2csv";
    private string json = string.Empty;

    [OneTimeSetUp]
    public void Measure() => json = Command.RunHere(
        "bench", "--size", "4m", "--numjobs", "1", "--runtime", "1ms", "--ramp-time", "1ms", "--engine", "emu,floor", "--bs", "4k", "--rw", "read,randwrite", "--phase", "refault", "--output-format=json+").Output;

    [Test]
    public void FiosOwnReaderOfLatenciesReadsJsonPlusAndFindsTheSameCounts()
    {
        string? reader = ((string[])["/usr/bin", "/usr/local/bin"]).Select(d => Path.Combine(d, Reader)).FirstOrDefault(File.Exists);
        if (reader is null)
        {
            Assert.Ignore($"there is no {Reader}: install fio");
        }

        using var scratch = new ScratchDirectory();
        File.WriteAllText(scratch["b.json"], json);
        Assert.That(Run(reader!, scratch["b.json"], scratch["b.csv"]), Is.Zero);
        Assert.That(Run(reader!, scratch["b.json"], scratch["b.csv"], "--validate"), Is.Zero);
        Assert.That(File.ReadLines(scratch["b_job0.csv"]).Count(), Is.GreaterThan(2), "a line for each latency");
    }

    [Test]
    public void AJobHasItsFiguresInTheDirectionOfItsPattern()
    {
        JsonNode[] jobs = [.. JsonNode.Parse(json)!["jobs"]!.AsArray().Select(j => j!)];
        Assert.That(jobs, Has.Length.EqualTo(4));
        foreach (JsonNode job in jobs)
        {
            string used = (string)job["rw"]! == "read" ? "read" : "write";
            JsonNode direction = job[used]!;
            Assert.That((double)job[used == "read" ? "write" : "read"]!["iops"]! + (double)job["trim"]!["iops"]!, Is.Zero);
            Assert.That((double)direction["iops"]!, Is.EqualTo((double)job["iops"]!));
            Assert.That((long)direction["total_ios"]!, Is.EqualTo((long)job["total_ios"]!));
            Assert.That((long)direction["io_bytes"]!, Is.EqualTo(4096 * (long)job["total_ios"]!));
            Assert.That((double)direction["bw_bytes"]!, Is.EqualTo(4096 * (double)job["iops"]!).Within(1).Percent);
            Assert.That((double)direction["bw"]!, Is.EqualTo((double)direction["bw_bytes"]! / 1024).Within(1).Percent);
            Assert.That((long)direction["clat_ns"]!["percentile"]!["99.000000"]!, Is.EqualTo((long)job["clat_ns"]!["percentile"]!["99.000000"]!));
            Assert.That(direction["clat_ns"]!["bins"]!.AsObject().Sum(b => (long)b.Value!), Is.EqualTo((long)direction["clat_ns"]!["N"]!));
            Assert.That(job["ns_per_fault_rounds"]!.AsArray(), Has.Count.EqualTo(5).And.Count.EqualTo(job["ns_per_fault_quiet_rounds"]!.AsArray().Count));
            double[] rounds = [.. job["ns_per_fault_rounds"]!.AsArray().Select(r => (double)r!)];
            Assert.That(rounds.Order().ElementAt(2), Is.EqualTo((double)job["ns_per_fault"]!));
        }
    }

    private static int Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.That(error, Is.Empty);
        return process.ExitCode;
    }
}
