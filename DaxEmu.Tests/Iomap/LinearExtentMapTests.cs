using DaxEmu.Core;
using NUnit.Framework;

namespace DaxEmu.Tests.Iomap;

public sealed class LinearExtentMapTests
{
    private static readonly LinearExtentMap Map = new(new Pfn(1024), 1000);

    [Test]
    public void EveryPageLiesBehindThoseBeforeIt([Values(0, 1, 512, 999)] long page)
    {
        ExtentAnswer answer = Map.Find(new PageIndex(page), 1, ExtentIntent.Write | ExtentIntent.Fault);
        Assert.That(answer.Target.PfnAt(new PageIndex(page)), Is.EqualTo(new Pfn(1024 + page)));
        Assert.That(answer.Target.Flags, Is.EqualTo(ExtentFlags.None));
        Assert.That(answer.IsCopy, Is.False);
    }

    [Test]
    public void BehindTheEndReadsFindAHoleAndWritesNoSpace()
    {
        var behind = new PageIndex(1000);
        Assert.That(Map.Find(behind, 1, ExtentIntent.Read).Target.Kind, Is.EqualTo(ExtentKind.Hole));
        Assert.That(Map.Find(behind, 1, ExtentIntent.Write).Error, Is.EqualTo(IoError.NoSpace));
    }
}
