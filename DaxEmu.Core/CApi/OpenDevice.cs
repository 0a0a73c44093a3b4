namespace DaxEmu.Core.CApi;

/// <summary>A device that a C program has open.</summary>
internal sealed class OpenDevice(PmemDevice device) : IHandled
{
    public static string Kind => "device";

    public PmemDevice Device => device;

    /// <summary>Its volume while one is mounted.</summary>
    public OpenVolume? Mounted { get; set; }

    /// <summary>Held while a volume is mounted, unmounted, made or checked, and while the device is closed.</summary>
    public Lock Gate { get; } = new();
}
