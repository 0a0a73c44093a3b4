using DaxEmu.Core.Atomics;

namespace DaxEmu.Core;

/// <content>What its words are called.</content>
public sealed unsafe partial class AddressSpace
{
    /// <summary>Names the mapping's words and locks, and those of its entries and VMAs.</summary>
    /// <param name="names">Where.</param>
    /// <param name="file">What the file is called.</param>
    internal void NameLines(LineNames names, string file)
    {
        names.Add(this, file);
        names.Add(areasGate, file);
        names.Add(header[0], $"invalidate lock of {file}");
        names.Add(header[1], $"size of {file}");
        names.Add(header[2], $"write-back errors of {file}");
        names.Add(header[3], $"VMA lock of {file}");
        names.Add(header[4], $"lifetime lock of {file}");
        Entries.NameLines(names, file);
        for (int i = 0; i < Areas.Count; i++)
        {
            Areas[i].NameLines(names, $"view {i + 1} of {file}");
        }
    }
}
