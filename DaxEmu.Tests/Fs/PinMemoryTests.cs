using System.Buffers;
using DaxEmu.Core;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

/// <summary>A pin gives the memory that it pins.</summary>
public sealed class PinMemoryTests
{
    private const int Page = DaxConstants.PageSize;

    [Test]
    public void ThePinnedBytesAreTheFilesFromTheFirstToTheLastThatWasAskedFor()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(5 * Page);
        using PagePin pin = file.Map(MapMode.Shared | MapMode.NoHugePage).Pin(100, (3 * Page) + 7, forWriting: false);
        Assert.That(pin.Bytes.ToArray(), Is.EqualTo(FileFixture.Bytes(file)[100..((3 * Page) + 107)]));
        Assert.That(pin.Pages.Sum(p => p.PageCount), Is.EqualTo(4));
    }

    [Test]
    public void WhatIsStoredInItsMemoryIsInTheFileAndDurableWhenThePinGoes()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(5 * Page);
        using (PagePin pin = file.Map().Pin(Page - 2, 4))
        {
            Memory<byte> only = pin.Memory.Single();
            Assert.That(only.Length, Is.EqualTo(4));
            only.Span.Fill(9);
        }

        Assert.That(FileFixture.Bytes(file)[(Page - 3)..(Page + 3)].Count(b => b == 9), Is.GreaterThanOrEqualTo(4));
    }

    [Test]
    public void FragmentedBlocksAreSeveralPieces()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.Create(4 * Page);
        foreach (int page in new[] { 3, 1, 0, 2 })
        {
            file.Write(FileFixture.Pattern(Page, page + 1), page * Page); // blocks come in the order of the writes
        }

        using PagePin pin = file.Map(MapMode.Shared | MapMode.NoHugePage).Pin(0, 4 * Page);
        Assert.That(pin.Memory, Has.Count.GreaterThan(1));
        Assert.That(pin.Bytes.ToArray(), Is.EqualTo(FileFixture.Bytes(file)));
        Assert.That(pin.Bytes.Slice(Page + 5, 10).ToArray(), Is.EqualTo(FileFixture.Bytes(file)[(Page + 5)..(Page + 15)]));
    }

    [Test]
    public void MemoryThatIsKeptThrowsWhenThePinIsGone()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(Page);
        PagePin pin = file.Map().Pin(0, 8);
        Memory<byte> kept = pin.Memory[0];
        pin.Dispose();
        Assert.That(() => kept.Span.Length, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => kept.Pin(), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => pin.Bytes.Length, Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void APinForReadingGivesNoMemoryToStoreTo()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.Create(2 * Page); // a hole: the zero page
        using PagePin pin = file.Map().Pin(0, 2 * Page, forWriting: false);
        Assert.That(() => pin.Memory, Throws.InvalidOperationException.With.Message.Contains("for reading"));
        Assert.That(pin.Bytes.ToArray(), Is.EqualTo(new byte[2 * Page]));
        Assert.That(pin.Pages, Is.Empty);
    }

    [Test]
    public void PrivateCopiesAreNotGivenOut()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(Page);
        DaxView own = file.Map(MapMode.Private);
        own.Write(0, 1)[0] = 1;
        using PagePin pin = own.Pin(0, 8);
        Assert.That(() => pin.Memory, Throws.InvalidOperationException.With.Message.Contains("private copies"));
    }

    [Test]
    public void APinOfNothingHasNoBytes()
    {
        using var fixture = new FileFixture();
        using PagePin pin = fixture.CreateFilled(Page).Map().Pin(5, 0);
        Assert.That(pin.Bytes.IsEmpty);
    }
}
