using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>A scenario's mappings in the emulator's page tables alone.</summary>
/// <param name="mapping">The file.</param>
/// <param name="faults">Its faults.</param>
internal sealed unsafe class TableMemory(AddressSpace mapping, FaultLoop faults) : IReplayMemory
{
    private static readonly Dictionary<string, int> None = [];

    private readonly VmArea?[] areas = new VmArea?[2];

    public IReadOnlyDictionary<string, int> NotShown => None;

    public long AccessCount => 0;

    public VmArea? AreaOf(int number) => areas[number];

    public void Map(int number, PageIndex first, long pageCount, MapMode mode, int leadPages)
    {
        Unmap(number);
        areas[number] = mapping.Map(first, pageCount, mode, leadPages);
    }

    public void Unmap(int number)
    {
        areas[number]?.Dispose();
        areas[number] = null;
    }

    public void Protect(int number, PageRange pages, bool isReadOnly) => areas[number]!.Protect(pages.First.Value, pages.PageCount, isReadOnly);

    public void Zap(int number, PageRange pages) => areas[number]!.Table.Unmap(pages.First.Value, pages.PageCount, keepCopies: false);

    public IoError Load(int number, VmaPage page, int offset, out byte value)
    {
        value = 0;
        IoError result = faults.Access(areas[number]!, page, isWrite: false);
        if (result == IoError.None)
        {
            value = *MemoryOf(areas[number]!, page, offset);
        }

        return result;
    }

    public IoError Store(int number, VmaPage page, int offset, byte value)
    {
        VmArea area = areas[number]!;
        IoError result = faults.Access(area, page, isWrite: true);
        if (result == IoError.None)
        {
            if (area.Table.Find(page).IsZero)
            {
                throw new FormatException("it would write to the zero page");
            }

            *MemoryOf(area, page, offset) = value;
        }

        return result;
    }

    public string Excess() => string.Empty;

    public void Dispose()
    {
        // The VMAs go with their file.
    }

    // SAFETY: the fault left a translation that allows the access, and no other thread works on the file.
    private static byte* MemoryOf(VmArea area, VmaPage page, int offset) => area.MemoryOf(page, area.Table.Find(page)) + offset;
}
