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

    /// <summary>Whether string instructions (<c>rep movsb</c>) copy faster than loops of vector instructions: on AMD's processors from Zen 5 on (family 26).</summary>
    public static bool CopiesFastestByString { get; } = IsAmd && Family >= 26;

    private static bool IsAmd => X86Base.IsSupported && X86Base.CpuId(0, 0) is (_, 0x6874_7541, 0x444D_4163, 0x6974_6E65); // "Auth", "cAMD", "enti"

    // Leaf 1, EAX: bits 8 to 11, and if all of them are set, bits 20 to 27 besides.
    private static int Family
    {
        get
        {
            int signature = X86Base.CpuId(1, 0).Eax;
            int family = (signature >> 8) & 0xf;
            return family == 0xf ? family + ((signature >> 20) & 0xff) : family;
        }
    }

    private static bool HasLeaf7 => X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= 7;

    private static bool Bit(int register, int bit) => ((register >> bit) & 1) != 0;

    private static int ReadLineSize()
    {
        int size = X86Base.IsSupported ? ((X86Base.CpuId(1, 0).Ebx >> 8) & 0xff) * 8 : 0;
        return size == 0 ? 64 : size;
    }
}
