using DaxEmu.Core;
using DaxEmu.Core.Dax.Waiting;
using DaxEmu.Native;
using DaxEmu.Native.Failures;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

/// <summary>Open files keep the device open for all that they do.</summary>
public sealed class DisposedDeviceTests
{
    [Test]
    public void AnOpenFileGoesOnWorkingWhenItsDeviceIsDisposed()
    {
        PmemDevice device = PmemDevice.CreateInMemory(4 * FileFixture.Pmd);
        DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(FileFixture.Pmd);
        DaxFile clone = DaxVolume.ScratchOf(device).CreateTemporary(0);
        DaxView view = file.Map(MapMode.Shared | MapMode.NoHugePage);
        DaxView huge = file.Map();
        file.Write(new byte[2 * FileFixture.Page], 0);
        view.Write(0, 1)[0] = 1;
        device.Dispose();

        Action[] uses =
        [
            () => view.Write(0, 1)[0] = 2,
            () => _ = view.Read(FileFixture.Page, 1)[0],
            () => view.Write(16 * FileFixture.Page, 1)[0] = 3,
            () => huge.Write(FileFixture.Pmd - 1, 1)[0] = 3,
            () => view.Persist(0, FileFixture.Page),
            () => view.Drain(),
            () => view.Sync(0, FileFixture.Page),
            () => file.Read(new byte[10], 0),
            () => file.Write(new byte[10], 32 * FileFixture.Page),
            () => file.CloneTo(clone),
            () => clone.Write(new byte[10], 0),
            () => file.Unshare(0, FileFixture.Pmd),
            () => file.ZeroRange(100, FileFixture.Page),
            () => file.PunchHole(100, 3 * FileFixture.Page),
            () => file.Compare(0, clone, 0, 10),
            () => file.SetLength(FileFixture.Page + 1),
            () => file.Sync(),
            () => view.Pin(0, 1).Dispose(),
            () => file.InjectPoison(0),
            () => file.Write(new byte[FileFixture.Page], 0),
            () => _ = DaxVolume.ScratchOf(device).FreeBytes,
            clone.Dispose,
            file.Dispose,
        ];
        Assert.Multiple(() =>
        {
            for (int i = 0; i < uses.Length; i++)
            {
                Assert.That(uses[i], Throws.Nothing, $"use {i}");
            }
        });
        Assert.That(() => DaxVolume.ScratchOf(device).CreateTemporary(0), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void AMappingThatCannotBeMadeKeepsNoDevice()
    {
        _ = WaitTable.Shared; // made once in the process, and not by the file
        int failures = 0;
        for (int failing = 1; ; failing++)
        {
            PmemDevice device = PmemDevice.CreateInMemory(2 << 20);
            DaxVolume volume = DaxVolume.ScratchOf(device);
            DaxFile file = volume.CreateTemporary(5);
            bool isMade = false;
            try
            {
                Fallible.Plan = new FailOne(failing);
                _ = file.Mapping;
                isMade = true;
            }
            catch (DaxEnvironmentException)
            {
                failures++;
            }
            finally
            {
                Fallible.Plan = null;
            }

            file.Dispose();
            volume.Dispose();
            device.Dispose();
            Assert.That(device.IsGone, Is.True, $"step {failing}");
            if (isMade)
            {
                break;
            }
        }

        Assert.That(failures, Is.GreaterThan(0));
    }

    private sealed class FailOne(int failing) : IFailurePlan
    {
        private int seen;

        public bool Fails(FallibleStep step) => step == FallibleStep.NativeMemory && ++seen == failing;
    }
}
