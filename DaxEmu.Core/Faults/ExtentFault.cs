using DaxEmu.Core.Extents;
using DaxEmu.Core.Units;

namespace DaxEmu.Core.Faults;

/// <summary>What an extent map's refusal means for a fault (<c>dax_fault_return</c>).</summary>
internal static class ExtentFault
{
    public static FaultResult ResultOf(ExtentError error) => error == ExtentError.NoSpace ? FaultResult.Oom : FaultResult.Sigbus;
}
