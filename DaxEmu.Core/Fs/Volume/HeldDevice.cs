using DaxEmu.Core.Pmem;

namespace DaxEmu.Core.Fs.Volume;

/// <summary>A device that a mounted volume writes to until it is unmounted, also if the device was disposed before.</summary>
internal sealed class HeldDevice(PmemDevice device) : IPersistentMemory, IDisposable
{
    private readonly DeviceReference reference = device.Refer();

    public PmemDevice Device => device;

    public long SizeBytes => device.SizeBytes;

    public PersistenceDomain PersistenceDomain => device.PersistenceDomain;

    public ReadOnlySpan<byte> Read(long offsetBytes, int lengthBytes) => device.ReadHeld(offsetBytes, lengthBytes);

    public void Store(long offsetBytes, ReadOnlySpan<byte> source) => device.StoreHeld(offsetBytes, source);

    public void CopyNonTemporal(long offsetBytes, ReadOnlySpan<byte> source)
    {
        device.CheckBytes(offsetBytes, source.Length);
        device.CopyUnchecked(offsetBytes, source);
    }

    public void Flush(long offsetBytes, long lengthBytes)
    {
        device.CheckBytes(offsetBytes, lengthBytes);
        device.FlushUnchecked(offsetBytes, lengthBytes);
    }

    public void Drain() => device.DrainUnchecked();

    /// <summary>Lets the device go. Nothing may be written any more.</summary>
    public void Dispose() => reference.Dispose();
}
