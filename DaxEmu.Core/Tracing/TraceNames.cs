using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace DaxEmu.Core.Tracing;

/// <summary>
/// The names under which traces print events, fault flags and fault results. Sets of flags are joined by <c>|</c> from the lowest bit
/// up; what has no name is printed in hexadecimal at the end.
/// </summary>
internal static class TraceNames
{
    private const string EmulatorPrefix = "daxemu_";

    private static readonly string[] Kinds =
    [
        "dax_pmd_fault", "dax_pmd_fault_done", "dax_pte_fault", "dax_pte_fault_done", "dax_load_hole", "dax_pmd_load_hole",
        "dax_pmd_load_hole_fallback", "dax_insert_pfn_mkwrite", "dax_insert_pfn_mkwrite_no_entry", "dax_writeback_range",
        "dax_writeback_range_done", "dax_writeback_one", EmulatorPrefix + "entry_wait", EmulatorPrefix + "entry_wake",
        EmulatorPrefix + "entry_conflict",
    ];

    private static readonly byte[][] KindBytes = [.. Kinds.Select(Encoding.ASCII.GetBytes)];

    private static readonly BitNames FlagNames = new(
        (0x1, "WRITE"), (0x2, "MKWRITE"), (0x4, "ALLOW_RETRY"), (0x8, "RETRY_NOWAIT"), (0x10, "KILLABLE"), (0x20, "TRIED"),
        (0x40, "USER"), (0x80, "REMOTE"), (0x100, "INSTRUCTION"), (0x200, "INTERRUPTIBLE"), (0x1000, "VMA_LOCK"));

    private static readonly BitNames ResultNames = new(
        (0x1, "OOM"), (0x2, "SIGBUS"), (0x4, "MAJOR"), (0x10, "HWPOISON"), (0x20, "HWPOISON_LARGE"), (0x40, "SIGSEGV"),
        (0x100, "NOPAGE"), (0x200, "LOCKED"), (0x400, "RETRY"), (0x800, "FALLBACK"), (0x1000, "DONE_COW"), (0x2000, "NEEDDSYNC"),
        (0x4000, "COMPLETED"));

    /// <summary>The event's name, such as <c>dax_pmd_fault_done</c>.</summary>
    public static string Of(DaxEventKind kind) => Kinds[(int)kind];

    /// <summary>The flags, such as <c>WRITE|ALLOW_RETRY|USER</c>; empty for none.</summary>
    public static string Of(FaultFlags flags) => FlagNames.Join((int)flags);

    /// <summary>The result, such as <c>MAJOR|NOPAGE</c>; empty for none.</summary>
    public static string Of(FaultResult result) => ResultNames.Join((int)result);

    /// <summary>The event of a name in ASCII; false if it is none of <see cref="DaxEventKind"/>.</summary>
    public static bool TryParse(ReadOnlySpan<byte> name, out DaxEventKind kind)
    {
        for (int i = 0; i < KindBytes.Length; i++)
        {
            if (name.SequenceEqual(KindBytes[i]))
            {
                kind = (DaxEventKind)i;
                return true;
            }
        }

        kind = default;
        return false;
    }

    /// <summary>Fault flags from their names in ASCII; false if one is unknown.</summary>
    public static bool TryParse(ReadOnlySpan<byte> names, out FaultFlags flags)
    {
        bool isKnown = FlagNames.TryParse(names, out int bits);
        flags = (FaultFlags)bits;
        return isKnown;
    }

    /// <summary>A fault result from its names in ASCII; false if one is unknown.</summary>
    public static bool TryParse(ReadOnlySpan<byte> names, out FaultResult result)
    {
        bool isKnown = ResultNames.TryParse(names, out int bits);
        result = (FaultResult)bits;
        return isKnown;
    }

    /// <summary>Bits and their names. A joined text is built once for each set of bits.</summary>
    private sealed class BitNames(params (int Bit, string Name)[] names)
    {
        private readonly byte[][] bytes = [.. names.Select(n => Encoding.ASCII.GetBytes(n.Name))];
        private readonly ConcurrentDictionary<int, string> joined = new();

        public string Join(int bits) => bits == 0 ? string.Empty : joined.GetOrAdd(bits, static (b, self) => self.Build(b), this);

        public bool TryParse(ReadOnlySpan<byte> text, out int bits)
        {
            bits = 0;
            while (!text.IsEmpty)
            {
                int end = text.IndexOf((byte)'|');
                ReadOnlySpan<byte> name = end < 0 ? text : text[..end];
                if (!TryParseOne(name, out int bit))
                {
                    return false;
                }

                bits |= bit;
                text = end < 0 ? default : text[(end + 1)..];
            }

            return true;
        }

        private bool TryParseOne(ReadOnlySpan<byte> name, out int bit)
        {
            for (int i = 0; i < bytes.Length; i++)
            {
                if (name.SequenceEqual(bytes[i]))
                {
                    bit = names[i].Bit;
                    return true;
                }
            }

            bit = 0;
            return name.StartsWith("0x"u8)
                && int.TryParse(name[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out bit);
        }

        private string Build(int bits)
        {
            var parts = new List<string>();
            foreach ((int bit, string name) in names)
            {
                if ((bits & bit) != 0)
                {
                    parts.Add(name);
                    bits &= ~bit;
                }
            }

            if (bits != 0)
            {
                parts.Add($"0x{bits:x}");
            }

            return string.Join('|', parts);
        }
    }
}
