using DaxEmu.Core;
using DaxEmu.Core.Dax.Waiting.Policies;
using NUnit.Framework;

namespace DaxEmu.Tests.Dax.Waiting;

public sealed class WaitProfileTests
{
    private static readonly PageIndex Waited = new(100);
    private static readonly PageIndex Found = new(200);

    // searched, found, order of the entry found, key: by the search index, by the mask, by the entry found
    [TestCase(512, 513, PageOrder.Pte, 512, 512, 513, TestName = "{m}(a 2 MiB lookup meets the second page)")]
    [TestCase(512, 512, PageOrder.Pte, 512, 512, 512, TestName = "{m}(a 2 MiB lookup meets the first page)")]
    [TestCase(513, 513, PageOrder.Pte, 513, 512, 513, TestName = "{m}(the owner of a page)")]
    [TestCase(1023, 512, PageOrder.Pmd, 512, 512, 512, TestName = "{m}(a page of a 2 MiB entry)")]
    [TestCase(512, 512, PageOrder.Pmd, 512, 512, 512, TestName = "{m}(the owner of a 2 MiB entry)")]
    public void Keys(long searched, long found, PageOrder order, long bySearch, long byMask, long byFound)
    {
        long KeyOf(IWaitKeying keying) => keying.KeyFor(new PageIndex(searched), new PageIndex(found), order).Value;
        Assert.That(KeyOf(new SearchIndexKey()), Is.EqualTo(bySearch), "search index");
        Assert.That(KeyOf(new MaskAllKey()), Is.EqualTo(byMask), "mask all");
        Assert.That(KeyOf(new FoundEntryKey()), Is.EqualTo(byFound), "found entry");
    }

    [TestCase(typeof(WaitForSmaller), SmallerEntryAction.Wait, SmallerEntryAction.Conflict, false)]
    [TestCase(typeof(ReturnLocked), SmallerEntryAction.Return, SmallerEntryAction.Return, false)]
    [TestCase(typeof(ConflictOnSmaller), SmallerEntryAction.Conflict, SmallerEntryAction.Conflict, false)]
    [TestCase(typeof(ConflictEvenOnEmpty), SmallerEntryAction.Conflict, SmallerEntryAction.Conflict, true)]
    public void AnswersToASmallerEntry(Type rule, object locked, object unlocked, bool refusesEmptyRange)
    {
        var answer = (ISmallerEntryRule)Activator.CreateInstance(rule)!;
        Assert.That((answer.Meet(true), answer.Meet(false), answer.RefusesEmptyRange), Is.EqualTo(((SmallerEntryAction)locked, (SmallerEntryAction)unlocked, refusesEmptyRange)));
    }

    [Test]
    public void APassOnUnderTheWaitedKeyIsForEveryOccasion([ValueSource(nameof(AbandonReasons))] object occasion)
    {
        var rule = new PassOnUnderWaitedKey();
        Assert.That(rule.WakesWhenPut, Is.True);
        Assert.That(rule.KeyToWake(Waited, Found, (AbandonReason)occasion), Is.EqualTo(Waited));
        Assert.That(rule.KeyToWake(Waited, null, (AbandonReason)occasion), Is.EqualTo(Waited));
    }

    [Test]
    public void APassOnUnderTheFoundKeyIsOnlyForAnEntryWithoutUse([ValueSource(nameof(AbandonReasons))] object occasion)
    {
        var rule = new PassOnUnderFoundKey();
        Assert.That(rule.WakesWhenPut, Is.True);
        Assert.That(rule.KeyToWake(Waited, Found, (AbandonReason)occasion), (AbandonReason)occasion == AbandonReason.HasNoUse ? Is.EqualTo(Found) : Is.Null);
        Assert.That(rule.KeyToWake(Waited, null, (AbandonReason)occasion), Is.Null);
    }

    [Test]
    public void TheTestThatWasTheWrongWayRoundPassesNothingOn([ValueSource(nameof(AbandonReasons))] object occasion)
    {
        var rule = new NeverPassOn();
        Assert.That(rule.WakesWhenPut, Is.False);
        Assert.That(rule.KeyToWake(Waited, Found, (AbandonReason)occasion), Is.Null);
    }

    [TestCase(typeof(WakeAllWaiters), RemovalWakeMode.All, RemovalWakeMode.All)]
    [TestCase(typeof(WakeOneOnDelete), RemovalWakeMode.One, RemovalWakeMode.All)]
    [TestCase(typeof(NoWakeOnDelete), RemovalWakeMode.None, RemovalWakeMode.All)]
    [TestCase(typeof(WakeOneOnDowngrade), RemovalWakeMode.All, RemovalWakeMode.One)]
    public void WhomARemovalWakes(Type rule, object delete, object downgrade)
    {
        var answer = (IRemovalWake)Activator.CreateInstance(rule)!;
        Assert.That((answer.ModeFor(RemovalKind.Delete), answer.ModeFor(RemovalKind.Downgrade)), Is.EqualTo(((RemovalWakeMode)delete, (RemovalWakeMode)downgrade)));
    }

    [Test]
    public void WhoMayWalkAwayWaitsExclusivelyOnlyIn419()
    {
        Assert.That(new NonExclusiveWait().IsExclusive, Is.False);
        Assert.That(new ExclusiveThenLeave().IsExclusive, Is.True);
        Assert.That(WaitProfiles.All.Where(p => p.GiveUp.IsExclusive), Is.EqualTo(new[] { WaitProfiles.V4_19 }));
    }

    [Test]
    public void TheLastUnpinWakesNobodyOnlyIn518()
    {
        Assert.That(new WakeWhenIdle().WakesWhenIdle, Is.True);
        Assert.That(new NoWakeWhenIdle().WakesWhenIdle, Is.False);
        Assert.That(WaitProfiles.All.Where(p => !p.UnpinWake.WakesWhenIdle), Is.EqualTo(new[] { WaitProfiles.V5_18 }));
    }

    [TestCase(PageOrder.Pte)]
    [TestCase(PageOrder.Pmd)]
    public void TheSizeOfAnUnlockByPage(PageOrder order)
    {
        Assert.That(new SizeFromEntry().OrderFor(order), Is.EqualTo(order));
        Assert.That(new SizeFromPageHead().OrderFor(order), Is.EqualTo(PageOrder.Pte));
    }

    [Test]
    public void EveryProfileIsFoundByItsName()
    {
        Assert.That(WaitProfiles.All.Select(p => p.Name), Is.Unique);
        foreach (WaitProfile profile in WaitProfiles.All)
        {
            Assert.That(WaitProfiles.ByName(profile.Name), Is.SameAs(profile));
            Assert.That(WaitProfiles.ByName(profile.Name.ToUpperInvariant()), Is.SameAs(profile), "in any case of letters");
            Assert.That(profile.ToString(), Is.EqualTo(profile.Name));
            Assert.That(profile.Description, Is.Not.Empty);
        }
    }

    [TestCase("raw", "v4.20")]
    [TestCase("mask-all", "dan-naive")]
    [TestCase("any-order", "kara-any-order")]
    [TestCase("return-locked", "return-locked")]
    [TestCase("conflict", "conflict")]
    public void EveryPolicyOfTheDiscussionHasItsName(string policy, string profile) =>
        Assert.That(WaitProfiles.ByName(policy).Name, Is.EqualTo(profile));

    [Test]
    public void AnUnknownNameIsAnsweredWithTheKnownOnes()
    {
        ArgumentException? e = Assert.Throws<ArgumentException>(() => WaitProfiles.ByName("v2.6"));
        Assert.That(e?.Message, Does.Contain("'v2.6'").And.Contain("raw, mask-all").And.Contain("fixed"));
        foreach (WaitProfile profile in WaitProfiles.All)
        {
            Assert.That(e?.Message, Does.Contain(profile.Name));
        }
    }

    [Test]
    public void TheFixIsFourCommitsAndEachMissingOneIsADecision()
    {
        Assert.That(WaitProfiles.Fixed.Keying, Is.InstanceOf<FoundEntryKey>());
        Assert.That(WaitProfiles.Fixed.Smaller, Is.InstanceOf<ConflictOnSmaller>());
        Assert.That(WaitProfiles.Fixed.PassOn, Is.InstanceOf<PassOnUnderWaitedKey>());
        Assert.That(WaitProfiles.Fixed.RemovalWake, Is.InstanceOf<WakeAllWaiters>());
        Assert.That(WaitProfiles.V4_20.Keying, Is.InstanceOf<SearchIndexKey>(), "23c84eb78375");
        Assert.That(WaitProfiles.V5_3Rc1.PassOn, Is.InstanceOf<NeverPassOn>(), "61c30c98ef17");
        Assert.That(WaitProfiles.V5_3.Smaller, Is.InstanceOf<ConflictEvenOnEmpty>(), "6370740e5f8e");
        Assert.That(WaitProfiles.V5_4.RemovalWake, Is.InstanceOf<WakeOneOnDelete>(), "237388320def");
    }

    private static IEnumerable<object> AbandonReasons => Enum.GetValues<AbandonReason>().Cast<object>();
}
