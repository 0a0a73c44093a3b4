using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Pmem;

/// <summary>Keeps a device's memory mapped, even past the device's own disposal, until it is disposed itself.</summary>
/// <remarks>One that is forgotten is dropped by the collector: a file that was never disposed keeps no device open for ever.</remarks>
internal sealed class DeviceReference : IDisposable
{
    private readonly PlainLock gate = new("lock of a device reference");
    private readonly int way;
    private PmemDevice? device;

    /// <summary>A reference.</summary>
    /// <param name="device">The device.</param>
    /// <param name="isHeld">Whether the caller has a reference already, so that the device may have been disposed.</param>
    internal DeviceReference(PmemDevice device, bool isHeld = false)
    {
        way = isHeld ? device.AddReferenceUnchecked() : device.AddReference();
        this.device = device;
    }

    ~DeviceReference() => Release(byCollector: true);

    /// <summary>Drops the reference; again does nothing.</summary>
    public void Dispose()
    {
        Release(byCollector: false);
        GC.SuppressFinalize(this);
    }

    private void Release(bool byCollector)
    {
        using (gate.Enter())
        {
            PmemDevice? held = device;
            device = null;
            held?.ReleaseReference(way, byCollector);
        }
    }
}
