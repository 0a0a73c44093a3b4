using DaxEmu.Core.Files;
using DaxEmu.Core.Mapping;
using DaxEmu.Core.Units;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Files;

public sealed class LayoutChangeTests
{
    [Test]
    public void APlanTakesOutWholeEntriesAndLeavesTheRest()
    {
        using var world = new FaultWorld();
        VmArea area = world.Map();
        world.Pmd(area, 0, isWrite: true);
        world.Pte(area, 600, isWrite: true);
        LayoutChange.Execute(world.Mapping, new LayoutPlan { TakesOut = new PageRange(new PageIndex(10), 1) });
        Assert.That(world.Mapping.Entries[new PageIndex(0)].IsPresent, Is.False);
        Assert.That(area.TranslationOf(0).IsPresent, Is.False);
        Assert.That(world.Mapping.Entries[new PageIndex(600)].Entry.IsDirty);
        Assert.That(area.TranslationOf(600).IsPresent);
    }

    [Test]
    public void DroppingTranslationsKeepsEntriesAndPrivateCopies()
    {
        using var world = new FaultWorld();
        VmArea shared = world.Map();
        VmArea own = world.Map(VmAreaKind.Private);
        world.Pte(shared, 3, isWrite: true);
        world.Pte(own, 3, isWrite: true);
        LayoutChange.Execute(world.Mapping, new LayoutPlan { DropsTranslations = true });
        Assert.That((shared.TranslationOf(3).IsPresent, own.TranslationOf(3).IsCopy), Is.EqualTo((false, true)));
        Assert.That(world.Mapping.Entries[new PageIndex(3)].IsPresent);
        LayoutChange.Execute(world.Mapping, new LayoutPlan { DropsCopies = PageRange.All });
        Assert.That(own.TranslationOf(3).IsPresent, Is.False);
    }

    [Test]
    public void WhatIsWrittenBackIsCleanAfterwards()
    {
        using var world = new FaultWorld();
        VmArea area = world.Map();
        world.Pte(area, 1, isWrite: true);
        world.Pte(area, 9, isWrite: true);
        LayoutChange.Execute(world.Mapping, new LayoutPlan { Writeback = new PageRange(new PageIndex(0), 5) });
        Assert.That(world.Mapping.Entries[new PageIndex(1)].Entry.IsDirty, Is.False);
        Assert.That(world.Mapping.Entries[new PageIndex(9)].Entry.IsDirty);
    }

    [Test]
    public void FaultsStayOutUntilTheChangeIsDone()
    {
        using var world = new FaultWorld();
        VmArea area = world.Map();
        Task<bool> fault;
        using (LayoutChange.Begin(world.Mapping, new LayoutPlan { TakesOut = PageRange.All }))
        {
            fault = Task.Run(() => world.Pte(area, 0).IsError);
            Assert.That(fault.Wait(50), Is.False);
        }

        Assert.That(fault.Wait(TimeSpan.FromSeconds(20)));
        Assert.That(fault.Result, Is.False);
    }

    [Test]
    public void AChangeThatMayNotSleepGivesUpForAPinAndHoldsNothing()
    {
        using var world = new FaultWorld();
        VmArea area = world.Map();
        world.Pte(area, 7, isWrite: true);
        var pinned = new PfnRange(world.Mapping.Entries[new PageIndex(7)].Entry.Pfn, 1);
        world.Device.Owners.Pin(pinned);
        Assert.That(LayoutChange.TryBegin(world.Mapping, new LayoutPlan { TakesOut = PageRange.All }, maySleep: false, out _), Is.False);
        Assert.That(world.Mapping.Entries[new PageIndex(7)].IsPresent);
        Assert.That(world.Pte(area, 7).IsError, Is.False);
        world.Device.Owners.Unpin(pinned);
        Assert.That(LayoutChange.TryBegin(world.Mapping, new LayoutPlan { TakesOut = PageRange.All }, maySleep: false, out LayoutChange change));
        change.TakeOut();
        change.Dispose();
        Assert.That(world.Mapping.Entries.PresentPageCount, Is.Zero);
    }
}
