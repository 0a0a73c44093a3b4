using DaxEmu.Core;
using DaxEmu.Core.Dax;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Dax.Writeback;

public sealed class WritebackErrorsTests
{
    private const int Eio = 5;

    [Test]
    public void AnErrorIsReportedOnceToEachOpener()
    {
        using var fixture = new FaultFixture();
        WritebackErrors errors = fixture.Mapping.Errors;
        WritebackErrors.Opener first = errors.Open();
        WritebackErrors.Opener second = errors.Open();
        errors.Set(Eio);
        Assert.That((first.Check(), first.Check(), second.Check(), second.Check()), Is.EqualTo((Eio, 0, Eio, 0)));
    }

    [Test]
    public void TheSameErrorAgainIsReportedAgain()
    {
        using var fixture = new FaultFixture();
        WritebackErrors errors = fixture.Mapping.Errors;
        WritebackErrors.Opener opener = errors.Open();
        errors.Set(Eio);
        Assert.That(opener.Check(), Is.EqualTo(Eio));
        errors.Set(Eio);
        Assert.That((opener.Check(), opener.Check()), Is.EqualTo((Eio, 0)));
    }

    [Test]
    public void AnErrorThatNoOpenerWasToldIsReportedToALaterOne()
    {
        using var fixture = new FaultFixture();
        WritebackErrors errors = fixture.Mapping.Errors;
        errors.Set(Eio);
        Assert.That(errors.Unreported, Is.EqualTo(Eio));
        Assert.That(errors.Open().Check(), Is.EqualTo(Eio));
        Assert.That(errors.Unreported, Is.Zero);
        Assert.That(errors.Open().Check(), Is.Zero, "it was told before this opener came");
    }

    [Test]
    public void OfManyThreadsOfOneOpenerOneIsToldAnError()
    {
        using var fixture = new FaultFixture();
        WritebackErrors errors = fixture.Mapping.Errors;
        WritebackErrors.Opener opener = errors.Open();
        for (int round = 0; round < 200; round++)
        {
            errors.Set(Eio);
            int told = 0;
            Parallel.For(0, 4, _ => Interlocked.Add(ref told, opener.Check()));
            Assert.That(told, Is.EqualTo(Eio));
        }
    }

    [Test]
    public void WhatMsyncReportsTheFsyncOfTheSameFileDoesNotReportAgain()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(DaxConstants.PageSize);
        DaxView view = file.Map();
        file.Mapping.Errors.Set(Eio);
        Assert.That(() => view.Sync(0, DaxConstants.PageSize), Throws.TypeOf<DaxException>().With.Property(nameof(DaxException.Error)).EqualTo(IoError.Io));
        Assert.That(() => file.Sync(), Throws.Nothing);
        Assert.That(() => file.Mapping.Sync(PageRange.All), Throws.TypeOf<DaxException>(), "another opener");
    }

    [Test]
    public void AnUnmappedFilesDirtyPageIsSyncedByItsMapping()
    {
        using var fixture = new FaultFixture();
        using var view = new DaxView(fixture.Loop, fixture.Map());
        view.Write(0, 8)[0] = 1;
        fixture.Mapping.Sync(new PageRange(new PageIndex(0), 1));
        Assert.That(fixture.Mapping.Entries[new PageIndex(0)].Entry.IsDirty, Is.False);
    }
}
