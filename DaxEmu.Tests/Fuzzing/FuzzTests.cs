using System.Globalization;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fuzzing;

/// <summary>Whatever the command is given, it ends as documented: within its time and memory, with one of its codes and a line.</summary>
[NonParallelizable]
public sealed class FuzzTests
{
    private const int ShownFailures = 10;
    private const string Unset = "";

    [Test]
    public void FuzzedInputEndsAsDocumented()
    {
        int count = int.Parse(Setting("DAXEMU_FUZZ_CASES", Effort.IsThorough ? "1500" : "600"), CultureInfo.InvariantCulture);
        ulong seed = ulong.Parse(Setting("DAXEMU_FUZZ_SEED", "1"), CultureInfo.InvariantCulture);
        var run = new FuzzRun(kind: null, seed, FuzzLimits.Promised);
        IReadOnlyList<FuzzFailure> failures = run.Run(0, count);
        string folder = Path.Combine(Path.GetTempPath(), "daxemu-fuzz");
        Assert.That(run.DoneCount, Is.GreaterThanOrEqualTo(count), "every case has run");
        Assert.That(failures, Is.Empty, () => string.Join('\n', failures.DistinctBy(f => f.Signature).Take(ShownFailures).Select(f => $"{f}; its input is in {f.Keep(folder)}")));
    }

    private static string Setting(string name, string otherwise) => Environment.GetEnvironmentVariable(name) is { } value && value != Unset ? value : otherwise;
}
