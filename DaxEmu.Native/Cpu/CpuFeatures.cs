using System.Runtime.Intrinsics.X86;

namespace DaxEmu.Native.Cpu;

/// <summary>What CPUID says about instructions that .NET has no name for.</summary>
internal static class CpuFeatures
{
    /// <summary>Leaf 1, EDX bit 19.</summary>
    public static bool HasClflush { get; } = X86Base.IsSupported && Bit(X86Base.CpuId(1, 0).Edx, 19);

    /// <summary>Leaf 7, EBX bit 23.</summary>
    public static bool HasClflushOpt { get; } = HasLeaf7 && Bit(X86Base.CpuId(7, 0).Ebx, 23);

    /// <summary>Leaf 7, EBX bit 24.</summary>
    public static bool HasClwb { get; } = HasLeaf7 && Bit(X86Base.CpuId(7, 0).Ebx, 24);

    /// <summary>Bytes that one flush covers (leaf 1, EBX bits 8 to 15, in units of 8 bytes); 64 if the CPU does not say.</summary>
    public static int FlushLineSizeBytes { get; } = ReadLineSize();

    private static bool HasLeaf7 => X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= 7;

    private static bool Bit(int register, int bit) => ((register >> bit) & 1) != 0;

    private static int ReadLineSize()
    {
        int size = X86Base.IsSupported ? ((X86Base.CpuId(1, 0).Ebx >> 8) & 0xff) * 8 : 0;
        return size == 0 ? 64 : size;
    }
}
