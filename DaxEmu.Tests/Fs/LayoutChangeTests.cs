using DaxEmu.Core;
using DaxEmu.Core.Fs;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

public sealed class LayoutChangeTests
{
    [Test]
    public void APlanTakesOutWholeEntriesAndLeavesTheRest()
    {
        using var fixture = new FaultFixture();
        VmArea area = fixture.Map();
        fixture.Pmd(area, 0, isWrite: true);
        fixture.Pte(area, 600, isWrite: true);
        LayoutChange.Execute(fixture.Mapping, new LayoutPlan { TakesOut = new PageRange(new PageIndex(10), 1) });
        Assert.That(fixture.Mapping.Entries[new PageIndex(0)].IsPresent, Is.False);
        Assert.That(area.TranslationOf(0).IsPresent, Is.False);
        Assert.That(fixture.Mapping.Entries[new PageIndex(600)].Entry.IsDirty);
        Assert.That(area.TranslationOf(600).IsPresent);
    }

    [Test]
    public void DroppingTranslationsKeepsEntriesAndPrivateCopies()
    {
        using var fixture = new FaultFixture();
        VmArea shared = fixture.Map();
        VmArea own = fixture.Map(MapMode.Private);
        fixture.Pte(shared, 3, isWrite: true);
        fixture.Pte(own, 3, isWrite: true);
        LayoutChange.Execute(fixture.Mapping, new LayoutPlan { DropsTranslations = true });
        Assert.That((shared.TranslationOf(3).IsPresent, own.TranslationOf(3).IsCopy), Is.EqualTo((false, true)));
        Assert.That(fixture.Mapping.Entries[new PageIndex(3)].IsPresent);
        LayoutChange.Execute(fixture.Mapping, new LayoutPlan { DropsCopies = PageRange.All });
        Assert.That(own.TranslationOf(3).IsPresent, Is.False);
    }

    [Test]
    public void WhatIsWrittenBackIsCleanAfterwards()
    {
        using var fixture = new FaultFixture();
        VmArea area = fixture.Map();
        fixture.Pte(area, 1, isWrite: true);
        fixture.Pte(area, 9, isWrite: true);
        LayoutChange.Execute(fixture.Mapping, new LayoutPlan { Writeback = new PageRange(new PageIndex(0), 5) });
        Assert.That(fixture.Mapping.Entries[new PageIndex(1)].Entry.IsDirty, Is.False);
        Assert.That(fixture.Mapping.Entries[new PageIndex(9)].Entry.IsDirty);
    }

    [Test]
    public void FaultsStayOutUntilTheChangeIsDone()
    {
        using var fixture = new FaultFixture();
        VmArea area = fixture.Map();
        Task<bool> fault;
        using (LayoutChange.Begin(fixture.Mapping, new LayoutPlan { TakesOut = PageRange.All }))
        {
            fault = Task.Run(() => fixture.Pte(area, 0).IsError);
            Assert.That(fault.Wait(50), Is.False);
        }

        Assert.That(fault.Wait(TimeSpan.FromSeconds(20)));
        Assert.That(fault.Result, Is.False);
    }

    [Test]
    public void AChangeThatMayNotSleepGivesUpForAPinAndHoldsNothing()
    {
        using var fixture = new FaultFixture();
        VmArea area = fixture.Map();
        fixture.Pte(area, 7, isWrite: true);
        var pinned = new PfnRange(fixture.Mapping.Entries[new PageIndex(7)].Entry.Pfn, 1);
        fixture.Device.Owners.Pin(pinned);
        Assert.That(LayoutChange.TryBegin(fixture.Mapping, new LayoutPlan { TakesOut = PageRange.All }, maySleep: false, out _), Is.False);
        Assert.That(fixture.Mapping.Entries[new PageIndex(7)].IsPresent);
        Assert.That(fixture.Pte(area, 7).IsError, Is.False);
        fixture.Device.Owners.Unpin(pinned);
        Assert.That(LayoutChange.TryBegin(fixture.Mapping, new LayoutPlan { TakesOut = PageRange.All }, maySleep: false, out LayoutChange change));
        change.TakeOut();
        change.Dispose();
        Assert.That(fixture.Mapping.Entries.PresentPageCount, Is.Zero);
    }
}
