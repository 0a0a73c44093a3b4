using System.Text.Json;
using NUnit.Framework;

namespace DaxEmu.Tests.EndToEnd;

/// <summary>Values that no option takes: one line that names the value and the remedy, and 2.</summary>
[NonParallelizable]
public sealed class OptionTests
{
    private static readonly string[] Leaks = ["Parameter '", "Sequence contains", "participantCount", "not present in the dictionary", "   at ", "Nullable object", "Specified argument"];

    private static IEnumerable<TestCaseData> Refused()
    {
        (string Line, string Expected)[] cases =
        [
            // Numbers without a bound, and what is none.
            ("bench --numjobs 2147483647", "2147483647"),
            ("bench --numjobs 1025", "1 to 1024"),
            ("bench --numjobs 0", "'0'"),
            ("bench --numjobs -1", "'-1'"),
            ("bench --numjobs 1,", "''"),
            ("bench --numjobs 99999999999999999999", "99999999999999999999"),
            ("policies --numjobs 2147483647", "1024"),
            ("soak --numjobs 2147483647", "1024"),
            ("bench --size 17t", "16t"),
            ("bench --size 16777217g", "16t"),
            ("bench --size 0", "'0'"),
            ("bench --size 0x", "'0x'"),
            ("bench --size 1e9", "'1e9'"),
            ("bench --size 4294967296t", "4294967296t"),
            ("soak --size 3m", "16m"),
            ("soak --size 17t", "16t"),
            ("soak --size 1", "'1'"),
            ("bench --runtime 0s", "'0s'"),
            ("bench --runtime -1s", "'-1s'"),
            ("bench --runtime 1e400s", "'1e400s'"),
            ("bench --runtime nan", "'nan'"),
            ("bench --runtime 9999999999999999d", "9999999999999999d"),
            ("bench --ramp-time x", "'x'"),
            ("soak --duration infinity", "'infinity'"),
            ("soak --watchdog ,5s", "',5s'"),
            ("bench --randseed 4294967296", "4294967296"),
            ("bench --bs 3k", "4k or 2m"),
            ("bench --bs 4k,", "''"),
            ("bench --rw trim", "randwrite"),
            ("bench --engine ,", "''"),
            ("bench --phase populated", "refault"),
            ("bench --policy v9.99", "v9.99"),
            ("bench --csv fio", "will-it-scale"),
            ("bench --output-format=yaml", "json"),
            ("bench --shared --separate", "exclude each other"),
            ("bench --numjobs 4 --bs 2m --size 2m", "jobs"),
            ("policies --rounds 2147483647", "10000"),
            ("policies --ranges 4097", "4096"),
            ("policies --mix 51", "'51'"),
            ("policies --empty-by fsync", "truncate"),
            ("check --strategy best", "exhaustive"),
            ("check --preemptions 21", "20"),
            ("check --max-schedules 0", "'0'"),
            ("check --scenario-size 9x9", "--scenario-size: '9x9'"),
            ("check --scenario-size x", "'x'"),
            ("check --scenario-size 2x1,4x2", "--scenario-size 4x2"),
            ("check --scenario-size 8x3", "8x3"),
            ("check --scenario nothing", "nothing"),
            ("check --profile v1", "v1"),
            ("replay", "FILE"),
            ("info", "PATH"),
            ("volume", "format, info"),
            ("volume paint", "'paint' of 'volume'"),
            ("volume ls", "'daxemu volume ls --help'"),
            ("volume put x y", "PATH"),
            ("volume format /nowhere/x", "--size 1g"),
            ("volume format /nowhere/x --size 3m", "2097152"),
            ("volume grow /nowhere/x --size 0x", "'0x'"),
            ("bench --depth 3", "--depth"),
            ("bench extra", "extra"),
            ("paint", "soak, check, crash, policies, replay"),

            // Names of version 0.1.
            ("answers --mix 51", "'51'"),
            ("check --worlds x", "--worlds: 'x'"),
            ("check --worlds 8x3", "8x3"),
            ("", "bench"),

            // A file of arguments is no such thing here.
            ("@nowhere", "@nowhere"),
        ];
        return cases.Select(c => new TestCaseData(c.Line, c.Expected).SetArgDisplayNames(c.Line.Length == 0 ? "nothing" : c.Line));
    }

    [TestCaseSource(nameof(Refused))]
    public void AWrongValueGetsOneLineAndTwo(string line, string expected)
    {
        CommandResult result = Command.RunHere(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.That(result.Code, Is.EqualTo(2), result.Error);
        Assert.That(result.Output, Is.Empty);
        Assert.That(result.ErrorLines, Has.Length.EqualTo(1), result.Error);
        Assert.That(result.Error, Does.StartWith("daxemu: ").And.Contain(expected));
        foreach (string leak in Leaks)
        {
            Assert.That(result.Error, Does.Not.Contain(leak));
        }
    }

    [Test]
    public void AListOfSixtyFiveValuesIsTooLong()
    {
        CommandResult result = Command.RunHere("bench", "--numjobs", string.Join(',', Enumerable.Range(1, 65)));
        Assert.That(result.Code, Is.EqualTo(2));
        Assert.That(result.Error, Does.Contain("65").And.Contain("at most 64"));
    }

    [TestCase("bench", "--filename", "\u001b[31mred\u0007\u202e", @"\x1b[31mred\x07\u202e")]
    [TestCase("info", "no\nsuch\u009bfile", null, @"\x9bfile")]
    [TestCase("paint\u001b]0;title\u0007", null, null, @"\x1b]0;title\x07")]
    public void ControlCharactersOfTheCommandLineAreShownAndNotSent(string verb, string? second, string? third, string expected)
    {
        CommandResult result = Command.RunHere([.. new[] { verb, second, third }.OfType<string>().Select(a => a == "\u001b[31mred\u0007\u202e" ? "/nowhere/" + a : a)]);
        Assert.That(result.Code, Is.EqualTo(2).Or.EqualTo(3));
        Assert.That(result.Error, Does.Contain(expected));
        Assert.That(result.Error.TrimEnd('\n').Any(char.IsControl), Is.False, result.Error);
    }

    /// <summary>The old names run what the new ones run.</summary>
    [Test]
    public void TheNamesOfVersionOneStillWorkAndTheHelpDoesNotListAnswers()
    {
        CommandResult policies = Command.RunHere("answers", "--rounds", "1", "--runtime", "1ms", "--numjobs", "1", "--output-format=json");
        Assert.That(policies.Code, Is.Zero, policies.Error);
        using (var document = JsonDocument.Parse(policies.Output))
        {
            Assert.That(document.RootElement.EnumerateArray().Select(r => r.GetProperty("policy").GetString()), Does.Contain("any-order"));
        }

        CommandResult check = Command.RunHere("check", "--worlds", "2x1", "--strategy", "pct", "--max-schedules", "1000", "--output-format=json");
        Assert.That(check.Code, Is.Zero, check.Error);
        using (var document = JsonDocument.Parse(check.Output))
        {
            foreach (string name in (string[])["", "_checked", "_cut_off", "_seen_whole"])
            {
                Assert.That(
                    document.RootElement.GetProperty("worlds" + name).GetInt64(), Is.EqualTo(document.RootElement.GetProperty("scenarios" + name).GetInt64()), name);
            }

            Assert.That(document.RootElement.GetProperty("worlds").GetInt64(), Is.Positive);
        }

        string help = Command.RunHere("--help").Output;
        Assert.That(help, Does.Contain("policies").And.Not.Contain("answers"));
    }

    [Test]
    public void SuitesThatNameNoBenchmarkEndWithTwo()
    {
        CommandResult result = Command.RunHere("suites", "--", "--filter", "nothing*");
        Assert.That(result.Code, Is.EqualTo(2));
        Assert.That(result.Error, Does.Contain("--list flat"));
    }
}
