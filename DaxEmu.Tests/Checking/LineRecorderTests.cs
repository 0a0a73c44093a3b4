using DaxEmu.Core.Atomics;
using DaxEmu.Core.Checking;
using NUnit.Framework;

namespace DaxEmu.Tests.Checking;

/// <summary>The recorder says which cache lines two threads would send each other, and what lies in them.</summary>
public sealed unsafe class LineRecorderTests
{
    private readonly PinnedLines words = new(2);
    private readonly LineNames names = new();

    [SetUp]
    public void Name() => names.Add(words[0], 2 * ThreadSlots.LineBytes / sizeof(ulong), sizeof(ulong), word => $"word {word} of the test");

    [Test]
    public void AWordThatOneReadsAndTheOtherStoresIsShared() => Assert.That(
        Shared(() => Atomic.Load(ref *words[0], Site.Other), () => Atomic.Store(ref *words[0], 1, Site.Other)),
        Is.EqualTo(["word 0 of the test (read | written)"]));

    [Test]
    public void WordsThatBothOnlyReadAreNot() => Assert.That(
        Shared(() => Atomic.Load(ref *words[0], Site.Other), () => Atomic.Load(ref *words[0], Site.Other)), Is.Empty);

    [Test]
    public void TwoWordsOfOneLineAreSharedAndTwoLinesAreNot()
    {
        Assert.That(
            Shared(() => Atomic.Store(ref words[0][7], 1, Site.Other), () => Atomic.Store(ref words[0][1], 1, Site.Other)),
            Is.EqualTo(["word 7 of the test beside word 1 of the test (written | written)"]));
        Assert.That(Shared(() => Atomic.Store(ref words[0][7], 1, Site.Other), () => Atomic.Store(ref words[0][8], 1, Site.Other)), Is.Empty);
    }

    [Test]
    public void ALockedInstructionWritesAlsoWhereItChangesNothing()
    {
        Assert.That(
            Shared(() => Atomic.TryReplace(ref *words[0], 1, 5, Site.Other), () => Atomic.Or(ref *words[0], 0, Site.Other)),
            Is.EqualTo(["word 0 of the test (written | written)"]));
        Assert.That(*words[0], Is.Zero);
    }

    [Test]
    public void WordsOfOneKindAreNamedTogether() => Assert.That(
        Shared(
            () =>
            {
                for (int i = 0; i < 4; i++)
                {
                    Atomic.Load(ref words[0][i], Site.Other);
                }
            },
            () => Atomic.Plain(words[0] + 2, Site.Other, isWrite: true)),
        Is.EqualTo(["word 0 to 3 of the test beside word 2 of the test (read | written)"]));

    [Test]
    public void ALockOfTheRuntimeIsALineAndNamedByItsOwner()
    {
        var gate = new PlainLock("lock of the list");
        names.Add(gate, "file 7");
        Assert.That(Shared(Enter, Enter), Is.EqualTo(["lock of the list of file 7 (written | written)"]));

        void Enter()
        {
            using (gate.Enter())
            {
            }
        }
    }

    [Test]
    public void TheFieldsOfAnObjectAreOneLineAndAFlagThatStaysIsOnlyRead()
    {
        var fields = new Fields();
        Assert.That(Shared(() => fields.Text = "new", () => _ = fields.Flag), Is.EqualTo(["text beside flag (written | read)"]));
        Assert.That(fields.Text, Is.EqualTo("new"));
        Assert.That(Shared(() => fields.Flag = false, () => fields.Flag = false), Is.Empty);
        Assert.That(Shared(() => fields.Flag = true, () => _ = fields.Text), Is.EqualTo(["flag beside text (written | read)"]));
    }

    [Test]
    public void AWaitThatNoThreadCouldEndThrows()
    {
        var recorder = new LineRecorder(1, 0);
        Assert.That(() => recorder.Record(() => Atomic.SpinWhile(ref *words[0], 0, Site.Other)), Throws.TypeOf<WouldWaitException>());
        Assert.That(Atomic.Current, Is.Null);
    }

    private IEnumerable<string> Shared(Action one, Action other)
    {
        var first = new LineRecorder(2, 0);
        var second = new LineRecorder(2, 0);
        first.Record(one);
        second.Record(other);
        return LineRecorder.Between(first, second, names).Select(line => line.ToString());
    }

    private sealed class Fields
    {
        private Published<string> text = new("old");
        private PublishedFlag flag;

        public string Text
        {
            get => text.Read(this, "text");
            set => text.Write(this, "text", value);
        }

        public bool Flag
        {
            get => flag.Read(this, "flag");
            set => flag.Write(this, "flag", value);
        }
    }
}
