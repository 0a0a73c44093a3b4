namespace DaxEmu.Core.Device;

/// <summary>Keeps a device's memory mapped, even past the device's own disposal, until it is disposed itself.</summary>
internal sealed class DeviceLease : IDisposable
{
    private readonly Lock gate = new();
    private PmemDevice? device;

    internal DeviceLease(PmemDevice device)
    {
        device.AddReference();
        this.device = device;
    }

    /// <summary>Ends the lease; again does nothing.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            device?.ReleaseReference();
            device = null;
        }
    }
}
