using DaxEmu.Core;
using DaxEmu.Core.Checking;
using DaxEmu.Native.Cpu;
using NUnit.Framework;

namespace DaxEmu.Tests.Checking.PowerCuts;

/// <summary>What an author gets of a power-cut test: the failure with least lost, its replay, and what an image can do.</summary>
public sealed class PowerCutTests
{
    private static readonly PowerCutOptions Alone = new() { WorkerCount = 1 };

    [Test]
    public void TheFailureIsTheEarliestCutAndTheStateWithLeastLost()
    {
        // The sum must grow with the steps: a lost line of three makes it wrong. The first step is right.
        PowerCutFailure failure = Failure(Counting(step =>
            step == 1 ? d => d.Persist(0, 8)
            : d => { d.Flush(0, 8); d.Put(8, 7); d.Put(16, 7); }));
        Assert.That(failure.Cut, Is.EqualTo(new PowerCut(4, 2, 2)));
        Assert.That(failure.Lost, Is.EqualTo(new[] { "line at 0x0: 1 of 1 undecided store lost (8 bytes at 0x0 in step 2): flushed, no fence since" }));
        Assert.That(failure.StepLabels, Is.EqualTo(new[] { "count to 1", "count to 2" }));
        Assert.That(failure.Message, Is.EqualTo("the counter is 1"));
    }

    [TestCase("stored, never flushed")]
    [TestCase("flushed, no fence since")]
    [TestCase("stored around the caches, no fence since")]
    [TestCase("8 bytes at 0x0 through a span in step 1): stored, never flushed")]
    public void AFailureSaysWhyAStoreCouldBeLost(string reason)
    {
        Action<PmemDevice> store = reason switch
        {
            "stored, never flushed" => d => { d.Put(0, 1); d.Drain(); }
            ,
            "flushed, no fence since" => d => { d.Put(0, 1); d.Flush(0, 8); }
            ,
            "stored around the caches, no fence since" => d => d.PutAround(0, 1),
            _ => d => d.PutRaw(0, 1),
        };
        PowerCutFailure failure = Failure(new PowerCutTest<long>
        {
            Name = "reason",
            Workload = (device, progress) => progress.Step("store", () => store(device)),
            Recover = WordZero,
            Verify = (value, cut) => value >= cut.AcknowledgedSteps ? null : "lost",
        });
        Assert.That(failure.Lost.Single(), Does.EndWith(reason));
    }

    [Test]
    public void AReplayStringMakesTheStateAgain()
    {
        PowerCutTest<long> test = Counting(_ => d => d.Flush(0, 8));
        PowerCutFailure failure = Failure(test);
        Assert.That(failure.Replay, Is.EqualTo("cut1:counter:2:0=1"));
        Assert.That(PowerCutRunner.Replay(test, failure.Replay)!.ToString(), Is.EqualTo(failure.ToString()));
        Assert.That(PowerCutRunner.Replay(test, "cut1:counter:2:"), Is.Null, "nothing is lost there");
    }

    [TestCase("what", "not a replay string")]
    [TestCase("cut1:other:1:", "of the test 'other', not of 'counter'")]
    [TestCase("cut1:counter:9:", "not the number of a cut: 'counter' has 3")]
    [TestCase("cut1:counter:0:", "not the number of a cut")]
    [TestCase("cut1:counter:2:zz", "not a place and a version")]
    [TestCase("cut1:counter:2:40=1", "nothing is undecided at 40")]
    [TestCase("cut1:counter:2:0=9", "at 0 there are only 2 versions")]
    public void AStringThatDoesNotFitIsRefusedWithWhatIsWrong(string replay, string complaint) => Assert.That(
        () => PowerCutRunner.Replay(Counting(_ => d => d.Flush(0, 8)), replay), Throws.TypeOf<FormatException>().With.Message.Contains(complaint));

    [Test]
    public void WhatRecoveryOrTheCheckThrowsIsAFailure()
    {
        PowerCutTest<int> test = new()
        {
            Name = "throws",
            Workload = (device, _) => device.Put(0, 1),
            Recover = image => WordZero(image) == 1 ? throw new InvalidDataException("damaged") : 0,
            Verify = (_, _) => null,
        };
        Assert.That(Failure(test).Message, Is.EqualTo("InvalidDataException: damaged"));
        Assert.That(PowerCutRunner.Replay(test, Failure(test).Replay)!.Message, Is.EqualTo("InvalidDataException: damaged"));
    }

    [Test]
    public void RecoveryThatCallsItselfWithoutEndIsAFailure()
    {
        static int Follow(CrashImage image, long at) => 1 + Follow(image, BitConverter.ToInt64(image.Read(at, 8)));
        PowerCutFailure failure = Failure(new PowerCutTest<int>
        {
            Name = "endless",
            Workload = (device, _) => device.Put(0, 0),
            Recover = image => Follow(image, 0),
            Verify = (_, _) => null,
        });
        Assert.That(failure.Message, Does.StartWith(nameof(InsufficientExecutionStackException)));
    }

    [Test]
    public void AWorkloadThatFailsWithoutACutIsNoResult() => Assert.That(
        () => PowerCutRunner.Explore(new PowerCutTest<int>
        {
            Name = "broken",
            Workload = (_, _) => throw new IOException("no"),
            Recover = _ => 0,
            Verify = (_, _) => null,
        }),
        Throws.InvalidOperationException.With.Message.Contains("'broken' failed without a cut: IOException: no"));

    [Test]
    public void OfManyTestsTheFirstThatFailsIsReportedAndThoseAfterItDoNotCount()
    {
        PowerCutTest[] tests = [.. Enumerable.Range(0, 40).Select(i => Counting(_ => d => { if (i >= 11) { d.Flush(0, 8); } else { d.Persist(0, 8); } }, $"t{i}"))];
        PowerCutReport one = PowerCutRunner.Explore(tests, Alone);
        PowerCutReport three = PowerCutRunner.Explore(tests, new PowerCutOptions { WorkerCount = 3 });
        Assert.That(one.Failures.Single().Test, Is.EqualTo("t11"));
        Assert.That(one.TestCount, Is.EqualTo(12));
        Assert.That((three.TestCount, three.CutCount, three.DistinctStates, three.Failures.Single().ToString()), Is.EqualTo((one.TestCount, one.CutCount, one.DistinctStates, one.Failures[0].ToString())));
        Assert.That(PowerCutRunner.Explore(tests, Alone with { ContinuesAfterFailure = true }).Failures, Has.Count.EqualTo(29));
    }

    [Test]
    public void LinesThatRecoveryDoesNotReadMultiplyNothing()
    {
        PowerCutReport report = PowerCutRunner.Explore(
            new PowerCutTest<long>
            {
                Name = "unread",
                Workload = (device, _) =>
                {
                    for (int line = 0; line < 100; line++)
                    {
                        device.Put(line * 8, 1);
                    }
                },
                Recover = WordZero,
                Verify = (_, _) => null,
            },
            Alone);
        Assert.That(report.PossibleStates, Is.EqualTo(Math.Pow(2, 100)));
        Assert.That(report.DistinctStates, Is.EqualTo(2));
        Assert.That(report.IsComplete);
    }

    [Test]
    public void StoresThatRecoveryCannotTellApartAreOneState()
    {
        // Nine versions of the line; the second word has two.
        PowerCutReport report = PowerCutRunner.Explore(
            new PowerCutTest<long>
            {
                Name = "words",
                Workload = (device, _) => Array.ForEach([0, 1, 2, 3, 4, 5, 6, 7], word => device.Put(word, 1)),
                Recover = image => BitConverter.ToInt64(image.Read(8, 8)),
                Verify = (_, _) => null,
            },
            Alone);
        Assert.That((report.PossibleStates, report.DistinctStates), Is.EqualTo((9.0, 2L)));
    }

    [Test]
    public void WhatRecoveryStoresIsGoneInTheNextRunAndOverwritesWhatWasUndecided()
    {
        List<string> seen = [];
        PowerCutReport report = PowerCutRunner.Explore(
            new PowerCutTest<string>
            {
                Name = "stores",
                Workload = (device, _) => { device.Put(0, 1); device.Put(8, 1); },
                Recover = image =>
                {
                    long first = WordZero(image);
                    image.Put(8, 5);
                    image.Put(16, 6);
                    return $"{first} {BitConverter.ToInt64(image.Read(64, 8))} {BitConverter.ToInt64(image.Read(128, 8))}";
                },
                Verify = (text, _) => { seen.Add(text); return null; },
            },
            Alone);
        Assert.That(seen, Is.EqualTo(new[] { "1 5 6", "0 5 6" }), "the overwritten line was not decided");
        Assert.That(report.DistinctStates, Is.EqualTo(2));
    }

    [TestCase(false, 1)]
    [TestCase(true, 0)]
    public void EveryVersionOfAWordIsLookedAtWithoutARunOfItsOwn(bool mayBeHalf, int failures)
    {
        int runs = 0;
        PowerCutTest<bool> test = new()
        {
            Name = "versions",
            Workload = (device, _) =>
            {
                for (int word = 0; word < 64; word++)
                {
                    device.PutAround(word, word == 40 ? 3 : 2);
                }
            },
            Recover = image => image.EveryVersion(0, 512, (offset, bytes) => bytes[0] is 0 or 2 || (mayBeHalf && offset == 320)),
            Verify = (isRight, _) => { runs++; return isRight ? null : "wrong"; },
        };
        PowerCutReport report = PowerCutRunner.Explore(test, Alone);
        Assert.That(report.Failures, Has.Count.EqualTo(failures));
        Assert.That(runs, Is.EqualTo(1 + failures), "and one that makes the failure again");
        if (failures > 0)
        {
            Assert.That(PowerCutRunner.Replay(test, report.Failures[0].Replay)!.Message, Is.EqualTo("wrong"));
        }
    }

    [Test]
    public void ACutWithTooManyStatesIsSampledAndTheReportSaysSo()
    {
        PowerCutTest<long> test = new()
        {
            Name = "many",
            Workload = (device, _) => Array.ForEach([.. Enumerable.Range(0, 20)], line => device.Put(line * 8, 1)),
            Recover = image => Enumerable.Range(0, 20).Sum(line => BitConverter.ToInt64(image.Read(line * 64, 8))),
            Verify = (sum, _) => sum == 9 ? "nine" : null,
        };
        PowerCutReport report = PowerCutRunner.Explore(test, Alone with { MostStates = 100, SampleCount = 0 });
        Assert.That((report.IncompleteCuts, report.IsComplete, report.DistinctStates, report.Failures.Count), Is.EqualTo((1L, false, 100L, 0)), "near the full sum");
        Assert.That(PowerCutRunner.Explore(test, Alone with { MostStates = 100, SampleCount = 100 }).Failures, Is.Not.Empty, "random ones are around ten");
    }

    [Test]
    public void RecoveryThatNeedsADeviceGetsOneInEachState()
    {
        SortedSet<string> seen = [];
        PowerCutRunner.Explore(
            new PowerCutTest<PmemDevice>
            {
                Name = "device",
                Workload = (device, _) => { device.Put(0, 1); device.Put(8, 1); },
                Recover = image => image.ToDevice(),
                Verify = (device, _) => { seen.Add($"{WordOf(device, 0)} {WordOf(device, 8)}"); return null; },
            },
            Alone);
        Assert.That(seen, Is.EqualTo(new[] { "0 0", "0 1", "1 0", "1 1" }));
    }

    [Test]
    public void ContentAndSetUpAreDurableWhenTheWorkloadBegins()
    {
        PowerCutReport report = PowerCutRunner.Explore(
            new PowerCutTest<long>
            {
                Name = "setup",
                Content = new byte[] { 5 },
                SetUp = device => device.Put(1, 1),
                Workload = (device, _) => device.Put(2, 1),
                Recover = WordZero,
                Verify = (value, _) => value == 5 ? null : "lost",
            },
            Alone);
        Assert.That((report.PossibleStates, report.Failures.Count), Is.EqualTo((2.0, 0)));
    }

    [Test]
    public void ADeviceThatRecordsItsStoresCanBeCutAtAnyMoment()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(2 << 20, new PmemDeviceOptions { RecordsStores = true });
        device.Put(0, 1);
        device.Persist(0, 8);
        device.Put(0, 2);
        device.Put(1, 1);
        CrashImage image = PowerCutRunner.Cut(device);
        Assert.That((WordOf(image, 0), WordOf(image, 1)), Is.EqualTo((1L, 0L)), "nothing that need not have arrived");
        image.Put(0, 9);
        Assert.That(WordOf(image, 0), Is.EqualTo(9), "it can be used as memory");
        string[] seen = [.. Enumerable.Range(0, 40).Select(seed => PowerCutRunner.Cut(device, (ulong)seed)).Select(i => $"{WordOf(i, 0)} {WordOf(i, 1)}").Distinct().Order(StringComparer.Ordinal)];
        Assert.That(seen, Is.EqualTo(new[] { "1 0", "2 0", "2 1" }));
        Assert.That(WordOf(device, 0), Is.EqualTo(2), "the device goes on");
    }

    [Test]
    public void OtherDevicesCannotBeCut()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(2 << 20);
        Assert.That(() => PowerCutRunner.Cut(device), Throws.ArgumentException.With.Message.Contains("RecordsStores"));
    }

    [Test]
    public void ADeviceThatFollowsOtherRulesIsRefused()
    {
        using PmemDevice device = PmemDevice.CreateTemporary(2 << 20, new PmemDeviceOptions { RecordsStores = true, Flush = FlushMethod.Msync });
        Assert.That(() => PowerCutRunner.Cut(device), Throws.TypeOf<NotSupportedException>().With.Message.Contains("Msync").And.Message.Contains("CreateTemporary"));
    }

    [Test]
    public void AFileThatAWorkloadLeavesOpenDisturbsNoLaterTest()
    {
        List<DaxFile> left = [];
        PowerCutTest<long> leaves = new()
        {
            Name = "leaves",
            Workload = (device, _) =>
            {
                DaxFile file = DaxVolume.ScratchOf(device).Create("left", 4096);
                left.Add(file);
                file.Write(new byte[] { 1 }, 0);
            },
            Recover = WordZero,
            Verify = (_, _) => null,
        };
        PowerCutTest<long> next = new()
        {
            Name = "next",
            Workload = (device, _) =>
            {
                left[^1].Write(new byte[] { 7, 7, 7 }, 0);
                device.Put(0, 1);
            },
            Recover = WordZero,
            Verify = (value, _) => value is 0 or 1 ? null : "the other test's stores",
        };
        Assert.That(PowerCutRunner.Explore([leaves, next], Alone).Failures, Is.Empty);
        Assert.That(PowerCutRunner.Explore(next, Alone).PossibleStates, Is.EqualTo(2));
        left.ForEach(f => f.Dispose());
    }

    [Test]
    public void OnlyCutsOfTheLastStepAreMadeWhereAShorterTestHasTheOthers()
    {
        PowerCutTest<long> whole = Counting(_ => d => d.Persist(0, 8));
        PowerCutTest<long> last = new()
        {
            Name = whole.Name,
            Workload = whole.Workload,
            Recover = whole.Recover,
            Verify = whole.Verify,
            FirstStep = 2,
        };
        Assert.That(PowerCutRunner.Explore(whole, Alone).CutCount, Is.EqualTo(5));
        Assert.That(PowerCutRunner.Explore(last, Alone).CutCount, Is.EqualTo(2));
    }

    private static PowerCutTest<long> Counting(Func<int, Action<PmemDevice>> makeDurable, string name = "counter") => new()
    {
        Name = name,
        Workload = (device, progress) =>
        {
            for (int i = 1; i <= 2; i++)
            {
                int step = i;
                progress.Step($"count to {i}", () =>
                {
                    device.Put(0, step);
                    makeDurable(step)(device);
                });
            }
        },
        Recover = WordZero,
        Verify = (value, cut) => value >= cut.AcknowledgedSteps && value <= cut.BegunSteps ? null : $"the counter is {value}",
    };

    private static PowerCutFailure Failure(PowerCutTest test) => PowerCutRunner.Explore(test, Alone).Failures.Single();

    private static long WordZero(CrashImage image) => WordOf(image, 0);

    private static long WordOf(IPersistentMemory memory, long word) => BitConverter.ToInt64(memory.Read(word * 8, 8));
}
