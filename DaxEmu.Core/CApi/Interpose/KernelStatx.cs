using System.Runtime.InteropServices;

namespace DaxEmu.Core.CApi.Interpose;

/// <summary><c>struct statx</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct KernelStatx
{
    public uint Mask;
    public uint BlockSize;
    public ulong Attributes;
    public uint LinkCount;
    public uint User;
    public uint Group;
    public ushort Mode;
    private readonly ushort padding;
    public ulong Inode;
    public ulong Size;
    public ulong Blocks;
    public ulong AttributesMask;
    public KernelStatxTime Accessed;
    public KernelStatxTime Born;
    public KernelStatxTime Changed;
    public KernelStatxTime Modified;
    public uint RawDeviceMajor;
    public uint RawDeviceMinor;
    public uint DeviceMajor;
    public uint DeviceMinor;
    public fixed ulong Others[14];
}
