using DaxEmu.Core;
using DaxEmu.Core.Fs.Volume;
using DaxEmu.Native;
using DaxEmu.Native.Failures;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

/// <summary>Storage that fails under a mounted volume: what was acknowledged stays.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class VolumeFailureTests : IDisposable
{
    private const int Page = DaxConstants.PageSize;
    private const int Size = 2 << 20;

    private readonly PmemDevice device = PmemDevice.CreateInMemory(Size);

    public VolumeFailureTests() => DaxVolume.Format(device);

    public void Dispose() => device.Dispose();

    /// <summary>Each step in turn, alone or with all later ones: of flushes, which are the storage's, and of all that can fail.</summary>
    [TestCase(false, false, false)]
    [TestCase(true, true, false)]
    [TestCase(false, true, true)]
    public void WhicheverStepFailsWhatWasAcknowledgedStays(bool staysFailed, bool onlyFlushes, bool growsTheLog)
    {
        byte[] image = growsTheLog ? LogOfFullSize() : NearlyFullLog();
        int failures = 0;
        int readOnly = 0;
        for (int failing = 1; ; failing++)
        {
            device.CopyPersist(0, image);
            device.PoisonList.Clear(new Pfn(0), device.PageCount);
            var model = new AcknowledgedFiles();
            var plan = new StepPlan(failing, staysFailed, onlyFlushes);
            DaxVolume volume = DaxVolume.Mount(device);
            bool wasRenewed;
            try
            {
                long sequence = volume.Store.LookAtLog((_, log) => log.Sequence);
                Fallible.Plan = plan;
                model.RunAll(volume);
                wasRenewed = volume.Store.LookAtLog((_, log) => log.Sequence) > sequence;
            }
            finally
            {
                Fallible.Plan = null;
            }

            readOnly += volume.ReadOnlyReason is null ? 0 : 1;
            Close(volume);
            Assert.That(DaxVolume.Check(device).Problems, Is.Empty, $"step {failing}");
            using (volume = DaxVolume.Mount(device))
            {
                Assert.That(model.Wrong(volume), Is.Null, $"step {failing}, {plan.Failed}");
                volume.Create("usable").Dispose();
            }

            if (plan.Failed is null)
            {
                Assert.That(wasRenewed, Is.True, "the log was renewed on the way");
                break;
            }

            failures++;
        }

        Assert.That(failures, Is.GreaterThan(30));
        Assert.That(readOnly, Is.GreaterThan(15));
    }

    [Test]
    public void ALostPageOfTheLogIsLeft()
    {
        var model = new AcknowledgedFiles();
        using (var volume = DaxVolume.Mount(device))
        {
            model.RunAll(volume);
            for (int i = 0; i < 12; i++)
            {
                Pfn[] pages = LogPagesOf(volume);
                Pfn lost = pages[i % pages.Length];
                volume.InjectPoison(lost);
                Assert.That(volume.ReadOnlyReason, Is.Null);
                Assert.That(LogPagesOf(volume), Does.Not.Contain(lost));
                model.Run(volume, i);
            }
        }

        Remounted(model);
        Assert.That(device.PoisonList.Snapshot(), Is.Not.Empty);
    }

    [Test]
    public void ALostPageOfASuperblockMakesItReadOnlyAndARepairRestoresAll([Values(0, 1)] int copy)
    {
        var model = new AcknowledgedFiles();
        DaxVolume volume = DaxVolume.Mount(device);
        model.RunAll(volume);
        volume.InjectPoison(VolumeFormat.SuperblockPage(copy));
        Assert.That(volume.ReadOnlyReason, Does.Contain("superblock").And.Contain("repair"));
        Assert.That(() => volume.Create("more"), Throws.TypeOf<VolumeException>().With.Property("Reason").EqualTo(VolumeRefusal.ReadOnly));
        Assert.That(model.Wrong(volume), Is.Null, "what is there can be read");
        volume.Dispose();
        Assert.That(() => DaxVolume.Mount(device), Throws.TypeOf<VolumeException>().With.Message.Contains("lost"));
        Assert.That(DaxVolume.Repair(device).Problems.Select(p => p.Kind), Is.All.EqualTo(VolumeProblemKind.DamagedCopy));
        Remounted(model);
    }

    /// <summary>The volume is not told of it: it may store there, but the other copy has everything.</summary>
    [Test]
    public void APageThatIsLostWithoutNoticeCostsOneCopyAtMost()
    {
        for (int i = 0; i < 2 + (2 * 4); i++)
        {
            DaxVolume.Format(device);
            device.PoisonList.Clear(new Pfn(0), device.PageCount);
            var model = new AcknowledgedFiles();
            DaxVolume volume = DaxVolume.Mount(device);
            model.Run(volume, 0);
            Pfn[] log = [.. volume.Store.LookAtLog((_, l) => l.Pages.Take(2).SelectMany(run => Enumerable.Range(0, (int)run.PageCount).Select(page => run.First + page)).ToArray())];
            device.PoisonList.Mark(i < 2 ? VolumeFormat.SuperblockPage(i) : log[(i - 2) % log.Length]);
            model.RunAll(volume);
            Close(volume);
            VolumeReport report = DaxVolume.Repair(device);
            Assert.That(report.Problems.Select(p => p.Kind), Is.All.EqualTo(VolumeProblemKind.DamagedCopy));
            Remounted(model);
        }
    }

    [Test]
    public void AFullDeviceLosesNothingThatWasSynced()
    {
        var random = new Random(5);
        byte[] expected = new byte[Size];
        DaxVolume volume = DaxVolume.Mount(device);
        DaxFile file = volume.Create("all", Size);
        int synced = 0;
        DaxException? full = null;
        byte[] page = new byte[Page];

        // Every second page, so that each is an extent of its own and the metadata grow; then what lies between.
        foreach (int at in Enumerable.Range(0, Size / Page).OrderBy(i => i % 2))
        {
            try
            {
                random.NextBytes(page);
                file.Write(page, (long)at * Page);
                file.Sync();
                page.CopyTo(expected, at * Page);
                synced++;
            }
            catch (DaxException problem)
            {
                full = problem;
                break;
            }
        }

        Assert.That(full?.Error, Is.EqualTo(IoError.NoSpace));
        Assert.That(full!.Message, Does.Contain("Delete files"));
        Assert.That(synced, Is.GreaterThan(200));
        Assert.That(volume.ReadOnlyReason, Is.Null);
        Close(volume);
        using (volume = DaxVolume.Mount(device))
        {
            using (DaxFile again = volume.Open("all"))
            {
                byte[] found = FileFixture.Bytes(again);
                for (int at = 0; at < Size / Page; at++)
                {
                    byte[] wanted = expected[(at * Page)..((at + 1) * Page)];
                    Assert.That(wanted.All(b => b == 0) || found.AsSpan(at * Page, Page).SequenceEqual(wanted), Is.True, $"page {at}");
                }
            }

            volume.Delete("all");
            Assert.That(volume.FreeBytes, Is.GreaterThan(Size * 9L / 10));
        }

        Assert.That(DaxVolume.Check(device).Problems, Is.Empty);
    }

    private static Pfn[] LogPagesOf(DaxVolume volume) =>
        volume.Store.LookAtLog((_, log) => log.Pages.SelectMany(run => Enumerable.Range(0, (int)run.PageCount).Select(i => run.First + i)).ToArray());

    private void Remounted(AcknowledgedFiles model)
    {
        Assert.That(DaxVolume.Check(device).Problems, Is.Empty);
        using var volume = DaxVolume.Mount(device);
        Assert.That(model.Wrong(volume), Is.Null);
        model.Run(volume, 99);
    }

    // A log in which a few more operations do not fit.
    private byte[] NearlyFullLog()
    {
        using (var volume = DaxVolume.Mount(device))
        {
            while (volume.Store.LookAtLog((_, log) => log.Usage.Capacity - log.Usage.Used) > 1000)
            {
                volume.CreateDirectory("passing");
                volume.DeleteDirectory("passing");
            }
        }

        return device.Read(0, Size).ToArray();
    }

    // A log that a few more files outgrow.
    private byte[] LogOfFullSize()
    {
        using (var volume = DaxVolume.Mount(device))
        {
            for (int i = 0; volume.Store.LookAtLog((state, log) => log.Usage.Capacity - state.SnapshotBytes) > 700; i++)
            {
                volume.Create($"more {i}").Dispose();
            }
        }

        return device.Read(0, Size).ToArray();
    }

    // Its files cannot be committed any more once it is read-only.
    private static void Close(DaxVolume volume)
    {
        try
        {
            volume.Dispose();
        }
        catch (Exception problem) when (problem is DaxException or VolumeException or DaxEnvironmentException)
        {
        }
    }

    /// <summary>Lets a step fail, and maybe all later ones.</summary>
    private sealed class StepPlan(int failing, bool staysFailed, bool onlyFlushes) : IFailurePlan
    {
        private int count;

        public FallibleStep? Failed { get; private set; }

        public bool Fails(FallibleStep step)
        {
            if (step is FallibleStep.Sink or FallibleStep.Wait || (onlyFlushes && step != FallibleStep.Flush))
            {
                return false;
            }

            count++;
            bool fails = staysFailed ? count >= failing : count == failing;
            Failed = fails ? Failed ?? step : Failed;
            return fails;
        }
    }
}
