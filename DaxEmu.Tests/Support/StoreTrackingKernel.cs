using DaxEmu.Native.Memory;
using NUnit.Framework;

namespace DaxEmu.Tests.Support;

/// <summary>Whether the kernel tracks stores.</summary>
internal static class StoreTrackingKernel
{
    /// <summary>Leaves a test out where it does not, with what is missing.</summary>
    public static void Require()
    {
        if (!WriteTracker.Support.IsSupported)
        {
            Assert.Ignore(WriteTracker.Support.Reason);
        }
    }
}
