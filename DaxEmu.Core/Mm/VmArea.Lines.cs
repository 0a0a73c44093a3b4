using DaxEmu.Core.Atomics;

namespace DaxEmu.Core;

/// <content>What its words are called.</content>
public sealed unsafe partial class VmArea
{
    /// <summary>Names the VMA's words and locks.</summary>
    /// <param name="names">Where.</param>
    /// <param name="view">What the VMA is called.</param>
    internal void NameLines(LineNames names, string view)
    {
        names.Add(this, view);
        names.Add(copyCreation, view);
        names.Add(disposeGate, view);
        names.Add(gate[0], $"lock of the copies of {view}");
        Table.NameLines(names, view);
    }
}
