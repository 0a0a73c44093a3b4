using System.Globalization;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs.Damage;

/// <summary>
/// Damaged volumes: refused with a reason, or mounted as they were; repaired as far as a copy goes. <c>DAXEMU_DAMAGED_IMAGES=100000</c> tries more of
/// them, <c>DAXEMU_DAMAGED_FIRST=N</c> begins at another one.
/// </summary>
public sealed class DamagedVolumeTests
{
    private const int FewCases = 2000;
    private const int ShownFailures = 10;

    [Test]
    public void ADamagedVolumeIsRefusedOrMountedAsItWasAndRepairedFromEitherCopy()
    {
        int count = Setting("DAXEMU_DAMAGED_IMAGES", FewCases);
        int first = Setting("DAXEMU_DAMAGED_FIRST", 1);
        IReadOnlyList<DamageSample> samples = DamageSample.MakeAll();
        byte[] image = new byte[DamageSample.SizeBytes];
        var failures = new List<string>();
        using var trial = new DamageTrial();
        for (int seed = first; seed < first + count && failures.Count < ShownFailures; seed++)
        {
            var damage = new DamageCase(samples, seed, image);
            if (trial.Try(damage) is { } problem)
            {
                failures.Add($"{damage}\n    {problem}");
            }
        }

        TestContext.Out.WriteLine(string.Join(", ", trial.Ends.OrderBy(e => e.Key).Select(e => $"{e.Value} {e.Key}")));
        Assert.That(failures, Is.Empty, () => string.Join("\n", failures));
        Assert.That(trial.Ends.Keys, Is.SupersetOf(new[] { "refused", "mounted", "restored", "repaired with losses", "not repaired" }));
    }

    [Test]
    public void TheSamplesAreSoundAndAllDifferent()
    {
        IReadOnlyList<DamageSample> samples = DamageSample.MakeAll();
        Assert.That(samples.Select(s => s.Reading.Problems.Count), Is.All.Zero);
        Assert.That(samples.Select(s => s.Image.GetHashCode()), Is.Unique);
        Assert.That(samples.Where(s => s.IsOneCopyBehind).Select(s => s.Reading.IsOneCopyBehind), Is.EqualTo(new[] { true, true, true }));
        Assert.That(samples.Count(s => s.State != s.StateWithoutOrphans), Is.EqualTo(1));
    }

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
