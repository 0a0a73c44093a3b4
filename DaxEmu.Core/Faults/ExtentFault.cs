using DaxEmu.Core.Extents;
using DaxEmu.Core.Units;

namespace DaxEmu.Core.Faults;

/// <summary>What an extent map's refusal means for a fault (<c>dax_fault_return</c>).</summary>
internal static class ExtentFault
{
    /// <summary>As <c>vmf_error</c>: every error of the file system is SIGBUS, no space too; only ENOMEM would be VM_FAULT_OOM.</summary>
    public static FaultResult ResultOf(ExtentError error) => error == ExtentError.None ? FaultResult.None : FaultResult.Sigbus;
}
