using System.Globalization;
using DaxEmu.Native.Memory;
using NUnit.Framework;

namespace DaxEmu.Tests.Native;

public sealed unsafe class ReservedRegionTests
{
    private const long Size = 4 << 20;

    [Test]
    public void DisposedMemoryOfTestsKeepsItsAddressesWithoutAnyRight()
    {
        ReservedRegion region = ReservedRegion.Reserve(Size);
        nint start = region.Base;
        *(byte*)start = 1;
        region.Dispose();
        Assert.That(RightsAt(start), Is.EqualTo("---p"));
        Assert.That(RightsAt(start + (nint)Size - 1), Is.EqualTo("---p"));
    }

    [Test]
    public void NoNewRegionLiesWhereAnOldOneLay()
    {
        var seen = new List<(nint Start, nint End)>();
        for (int i = 0; i < 200; i++)
        {
            using ReservedRegion region = ReservedRegion.Reserve(Size);
            nint start = region.Base;
            Assert.That(seen.Exists(old => start < old.End && old.Start < start + (nint)Size), Is.False);
            seen.Add((start, start + (nint)Size));
        }
    }

    [Test]
    public void ManyDisposedRegionsAreFewMappingsToTheKernel()
    {
        int before = File.ReadLines("/proc/self/maps").Count();
        for (int i = 0; i < 2000; i++)
        {
            ReservedRegion.Reserve(Size).Dispose();
        }

        Assert.That(File.ReadLines("/proc/self/maps").Count(), Is.LessThan(before + 200));
    }

    private static string? RightsAt(nint address) => File.ReadLines("/proc/self/maps")
        .Select(line => (Fields: line.Split(' '), Ends: line.Split(' ')[0].Split('-')))
        .Where(map => Parse(map.Ends[0]) <= address && Parse(map.Ends[1]) > address)
        .Select(map => map.Fields[1])
        .FirstOrDefault();

    private static long Parse(string hex) => long.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
