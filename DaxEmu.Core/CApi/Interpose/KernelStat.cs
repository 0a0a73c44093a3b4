using System.Runtime.InteropServices;

namespace DaxEmu.Core.CApi.Interpose;

/// <summary><c>struct stat</c> of x86-64 Linux.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct KernelStat
{
    public ulong Device;
    public ulong Inode;
    public ulong LinkCount;
    public uint Mode;
    public uint User;
    public uint Group;
    private readonly uint padding;
    public ulong RawDevice;
    public long Size;
    public long BlockSize;
    public long Blocks;
    public KernelTime Accessed;
    public KernelTime Modified;
    public KernelTime Changed;
    private readonly long unused0;
    private readonly long unused1;
    private readonly long unused2;
}
