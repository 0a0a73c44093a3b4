using System.Globalization;
using System.Runtime.CompilerServices;
using DaxEmu.Core;
using DaxEmu.Native;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Pmem;

/// <summary>What the collector makes of devices and files that nobody disposed.</summary>
[NonParallelizable]
public sealed unsafe class ForgottenDeviceTests
{
    private const int Size = FileFixture.Pmd;

    [Test]
    public void ADeviceIsClosedOnceTheFileThatWasForgottenOnItIsCollected()
    {
        using ScratchDirectory scratch = new();
        PmemDevice.Create(scratch["device"], Size).Dispose();
        UseAndForgetFile(scratch["device"]);
        Assert.That(() => PmemDevice.Open(scratch["device"]), Throws.InstanceOf<DaxEnvironmentException>(), "an open file keeps the device");
        Collect();
        using PmemDevice again = PmemDevice.Open(scratch["device"]);
        Assert.That(again.ByteAt(0), Is.EqualTo(1));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void UseAndForgetFile(string path)
        {
            using PmemDevice device = PmemDevice.Open(path);
            DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(0);
            file.Write([1], 0);
        }
    }

    [Test]
    public void ASpanOfADeviceThatWasForgottenMeetsZeroesOfNobody()
    {
        using ScratchDirectory scratch = new();
        nint address = OpenAndForget(scratch["device"]);
        Collect();
        Span<byte> stale = new((void*)address, Size);
        Assert.That(stale.IndexOfAnyExcept((byte)0), Is.EqualTo(-1));
        stale[0] = 9;
        using PmemDevice again = PmemDevice.Open(scratch["device"]);
        Assert.That(again.ByteAt(0), Is.EqualTo(5), "the store went nowhere");
        Assert.That(File.ReadLines("/proc/self/maps").Count(line => line.Contains(scratch["device"])), Is.EqualTo(1), "the new mapping alone");

        [MethodImpl(MethodImplOptions.NoInlining)]
        static nint OpenAndForget(string path)
        {
            PmemDevice device = PmemDevice.Create(path, Size);
            device.ByteAt(0) = 5;
            return device.Base;
        }
    }

    [Test]
    public void ATemporaryDeviceThatWasForgottenLeavesNoPath()
    {
        string path = Forget();
        Collect();
        Assert.That(File.Exists(path), Is.False);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static string Forget() => PmemDevice.CreateTemporary(Size, new PmemDeviceOptions { KeepPath = true }).Path!;
    }

    [Test]
    public void DevicesVolumesFilesAndViewsThatWereForgottenGoTogether()
    {
        const int Count = 600;
        Collect();
        long before = ResidentBytes();
        var seen = new List<WeakReference>();
        for (int i = 0; i < Count; i++)
        {
            MakeAndForget(seen);
        }

        Collect();
        Assert.That(seen.Count(reference => reference.IsAlive), Is.LessThan(seen.Count / 50));
        Assert.That(ResidentBytes() - before, Is.LessThan(Count * (long)Size / 8));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void MakeAndForget(List<WeakReference> seen)
        {
            PmemDevice device = PmemDevice.CreateInMemory(Size);
            DaxVolume volume = DaxVolume.ScratchOf(device);
            DaxFile file = volume.Create("data", Size, DaxFileOptions.Default with { MaximumSizeBytes = 1L << 30 });
            DaxView view = file.Map();
            for (int at = 0; at < Size; at += FileFixture.Page)
            {
                view.Write(at, 1)[0] = 1;
            }

            seen.AddRange([new(device), new(volume), new(file), new(file.Mapping), new(view)]);
        }
    }

    [Test]
    public void DisposedMemoryOfTestsCannotBeTouchedAgain()
    {
        PmemDevice device = PmemDevice.CreateTemporary(Size);
        nint start = device.Base;
        Assert.That(RightsAt(start), Is.EqualTo("rw-s"));
        device.Dispose();
        Assert.That(RightsAt(start), Is.EqualTo("---p"));
    }

    private static string? RightsAt(nint address) => File.ReadLines("/proc/self/maps")
        .Select(line => line.Split('-', ' '))
        .Where(parts => Parse(parts[0]) <= address && Parse(parts[1]) > address)
        .Select(parts => string.Join('-', parts[2..])[..4])
        .FirstOrDefault();

    private static long Parse(string hex) => long.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static long ResidentBytes() =>
        long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1], CultureInfo.InvariantCulture) * DaxConstants.PageSize;

    private static void Collect()
    {
        for (int i = 0; i < 4; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}
