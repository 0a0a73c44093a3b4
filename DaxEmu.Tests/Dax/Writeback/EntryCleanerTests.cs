using DaxEmu.Core;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Core.Dax.Writeback;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Dax.Writeback;

/// <summary>What a pass makes of an entry that is not what it was when it was chosen.</summary>
public sealed class EntryCleanerTests
{
    [Test]
    public void AZeroEntryThatNobodyChoseIsSkippedAfterTheWaitForIt()
    {
        // As after a punch and a read fault between the pass's look at the mark and its look at the entry.
        using var fixture = new FileFixture();
        DaxFile file = fixture.Create(4 * FileFixture.Page);
        using DaxView view = file.Map(MapMode.Shared | MapMode.NoHugePage);
        view.Read(0, 1);
        Assert.That(file.Mapping.Locker.LockAny(new PageIndex(0), out HeldEntry held));
        Assert.That(held.Entry.IsZero);
        var cleaning = Task.Run(() =>
        {
            PageIndex page = default;
            return new EntryCleaner(file.Mapping).Clean(ref page, new PageIndex(1));
        });
        Assert.That(FileFixture.IsStuck(cleaning));
        file.Mapping.Locker.Put(held);
        FileFixture.Finish(cleaning);
        Assert.That(cleaning.Result, Is.EqualTo(CleanOutcome.Skipped));
    }
}
