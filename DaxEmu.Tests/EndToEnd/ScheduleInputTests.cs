using System.Text.Json;
using NUnit.Framework;

namespace DaxEmu.Tests.EndToEnd;

/// <summary>Schedules that are cut, changed or hostile: one line that names the place, and 2.</summary>
[NonParallelizable]
public sealed class ScheduleInputTests
{
    // The hang of 2019, as 'check' prints it.
    private const string Hang = "dax1:pmd-behind-pte:v4.20:sc:a14b18a5";

    private static IEnumerable<TestCaseData> Damaged()
    {
        (string Text, string[] Expected)[] cases =
        [
            ("x", ["'x'", "dax1:"]),
            ("dax2:a", ["dax2"]),
            ("dax1", ["1 parts"]),
            ("dax1:::::", ["memory model ''"]),
            ("dax1:pmd-behind-pte:v4.20:sc:", ["without any step"]),
            ("dax1:nothing:fixed:sc:a", ["'nothing'", "pmd-behind-pte"]),
            ("dax1:pmd-behind-pte:v9:sc:a", ["'v9'", "fixed"]),
            ("dax1:pmd-behind-pte:fixed:arm:a", ["'arm'", "tso or sc"]),
            ("dax1:pmd-behind-pte:v4.20:sc:a", ["ends after 1 steps"]),
            ("dax1:pmd-behind-pte:v4.20:sc:a14b18", ["ends after 32 steps"]),
            (Hang + "b", ["37"]),
            ("dax1:pmd-behind-pte:v4.20:sc:h", ["step 0", "T7", "T0 to T1"]),
            ("dax1:pmd-behind-pte:v4.20:sc:A", ["step 0", "T0 drains"]),
            ("dax1:pmd-behind-pte:v4.20:sc:a0", ["'0'", "character 2"]),
            ("dax1:pmd-behind-pte:v4.20:sc:a+5", ["'+'", "character 2"]),
            ("dax1:pmd-behind-pte:v4.20:sc:a2147483648", ["2147483648"]),
            ("dax1:pmd-behind-pte:v4.20:sc:a1000000b1", ["1000000 steps", "character 10"]),
            ("dax1:pmd-behind-pte:v4.20:sc:" + string.Concat(Enumerable.Repeat("a1000000", 1000)), ["1000000 steps", "character 16"]),
            ("dax1:pmd-behind-pte:v4.20:sc:a:-5", ["'-5'"]),
            ("dax1:pmd-behind-pte:v4.20:sc:a:1:2", ["7 parts"]),
            ("dax1:5--pmd:fixed:sc:a", ["'5--pmd'"]),
            ("dax1:empty--x:fixed:sc:a", ["'x'", "pte0"]),
            ("dax1:empty" + string.Concat(Enumerable.Repeat("--pmd", 9)) + ":fixed:sc:a", ["no scenario"]),
            ("dax1:huge-refault-or-store:v5.3:sc:ab", ["huge-refault-or-store", "v5.3"]),
            ("dax1:\u001b[31mred:fixed:sc:a", [@"\x1b[31mred"]),
            ("dax1:" + new string('x', 100_000) + ":fixed:sc:a", ["1000 characters"]),
            (new string('x', 100_000), ["no schedule string"]),
        ];
        return cases.Select(c => new TestCaseData(c.Text, c.Expected).SetArgDisplayNames(c.Text.Length > 60 ? c.Text[..60].Replace('\u001b', '?') : c.Text.Replace('\u001b', '?')));
    }

    [TestCaseSource(nameof(Damaged))]
    public void ADamagedScheduleEndsWithTwoAndOneLine(string text, string[] expected)
    {
        CommandResult result = Command.RunHere("check", "--replay", text);
        Assert.That(result.Code, Is.EqualTo(2), result.Error);
        Assert.That(result.Output, Is.Empty);
        Assert.That(result.ErrorLines, Has.Length.EqualTo(1), result.Error);
        Assert.That(result.Error, Has.Length.LessThan(1500));
        Array.ForEach(expected, e => Assert.That(result.Error, Does.Contain(e)));
        Assert.That(result.Error, Does.Not.Contain("has changed since"));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void AReplayedScheduleIsOneJsonDocument(bool hasSteps)
    {
        CommandResult result = Command.RunHere([.. (string[])["check", "--replay", Hang, "--output-format=json"], .. hasSteps ? ["--steps"] : Array.Empty<string>()]);
        Assert.That(result.Code, Is.EqualTo(1), result.Error);
        using var document = JsonDocument.Parse(result.Output);
        JsonElement root = document.RootElement;
        Assert.That(root.GetProperty("scenario").GetString(), Is.EqualTo("pmd-behind-pte"));
        Assert.That(root.GetProperty("profile").GetString(), Is.EqualTo("v4.20"));
        Assert.That(root.GetProperty("failure").GetString(), Is.Not.Empty);
        Assert.That(root.GetProperty("trace").GetArrayLength(), Is.Positive);
        Assert.That(root.TryGetProperty("steps", out _), Is.EqualTo(hasSteps));
    }
}
