using System.Runtime.InteropServices;

namespace DaxEmu.Core.CApi.Interpose;

/// <summary><c>struct statfs</c> of x86-64 Linux.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct KernelStatfs
{
    public long Type;
    public long BlockSize;
    public long Blocks;
    public long FreeBlocks;
    public long AvailableBlocks;
    public long Files;
    public long FreeFiles;
    public long Id;
    public long MostNameBytes;
    public long FragmentSize;
    public long Flags;
    public fixed long Spare[4];
}
