using DaxEmu.Core;
using DaxEmu.Core.Dax.Faults;
using DaxEmu.Native;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>
/// A scenario's mappings at real addresses: an access is one load or store of native code, whose page fault the processor raises. The process's
/// own list of mappings shows what the accesses can reach.
/// </summary>
/// <param name="mapping">The file.</param>
/// <param name="faults">Its faults.</param>
/// <param name="work">What the scenario may cost.</param>
internal sealed class RealMemory(AddressSpace mapping, FaultLoop faults, ReplayWork work) : IReplayMemory
{
    private readonly HostMapping?[] mappings = new HostMapping?[2];
    private readonly TableMemory tables = new(mapping, faults);
    private readonly string?[] reasons = new string?[2];
    private readonly Dictionary<string, int> notShown = [];

    public IReadOnlyDictionary<string, int> NotShown => notShown;

    public long AccessCount { get; private set; }

    public VmArea? AreaOf(int number) => mappings[number]?.Area ?? tables.AreaOf(number);

    public void Map(int number, PageIndex first, long pageCount, MapMode mode, int leadPages)
    {
        Unmap(number);
        try
        {
            // The recorded file is open for writing: what is mapped read-only can be made writable.
            bool canWrite = (mode & MapMode.ReadOnly) == 0;
            var options = new HostMappingOptions { LeadPages = leadPages, CanWrite = canWrite };
            mappings[number] = HostMapping.Map(faults, first, pageCount, mode & ~MapMode.ReadOnly, options);
            reasons[number] = null;
        }
        catch (DaxEnvironmentException e)
        {
            // The accesses to come are made, and counted, without it.
            reasons[number] = $"{e.Message}";
            tables.Map(number, first, pageCount, mode, leadPages);
            NoteNotShown(number);
        }
    }

    public void Unmap(int number)
    {
        tables.Unmap(number);
        mappings[number]?.Dispose();
        mappings[number] = null;
    }

    public void Protect(int number, PageRange pages, bool isReadOnly)
    {
        if (mappings[number] is { } real)
        {
            _ = real.TryProtect(AddressOf(real, pages.First.Value), pages.PageCount << DaxConstants.PageShift, canRead: true, canWrite: !isReadOnly);
            return;
        }

        tables.Protect(number, pages, isReadOnly);
        NoteNotShown(number);
    }

    public void Zap(int number, PageRange pages)
    {
        if (mappings[number] is { } real)
        {
            long count = Math.Min(pages.PageCount, real.Area.PageCount - pages.First.Value);
            if (count > 0)
            {
                real.Zap(AddressOf(real, pages.First.Value), count << DaxConstants.PageShift);
            }

            return;
        }

        tables.Zap(number, pages);
        NoteNotShown(number);
    }

    public IoError Load(int number, VmaPage page, int offset, out byte value)
    {
        if (mappings[number] is not { } real)
        {
            NoteNotShown(number);
            return tables.Load(number, page, offset, out value);
        }

        AccessCount++;
        value = 0;
        IoError error = HostAccess.Load(AddressOf(real, page) + offset, new Span<byte>(ref value), out int copied);
        return ResultOf(error, copied);
    }

    public IoError Store(int number, VmaPage page, int offset, byte value)
    {
        if (mappings[number] is not { } real)
        {
            NoteNotShown(number);
            return tables.Store(number, page, offset, value);
        }

        AccessCount++;
        IoError error = HostAccess.Store(AddressOf(real, page) + offset, new ReadOnlySpan<byte>(in value), out int copied);
        return ResultOf(error, copied);
    }

    public string Excess()
    {
        work.Charge(1, ReplayWork.MapsRead);
        return string.Join(", ", ShownPages.Excess([.. mappings.Where(m => m is not null).Select(m => (m!.Area, m.Address))]));
    }

    public void Dispose() => Array.ForEach(mappings, m => m?.Dispose());

    private static nint AddressOf(HostMapping real, VmaPage page) => real.Address + (nint)page.OffsetBytes;

    // A fault that no mapping serves would be SIGSEGV.
    private static IoError ResultOf(IoError error, int copied) => error == IoError.None && copied == 0 ? IoError.ReadOnly : error;

    private void NoteNotShown(int number)
    {
        string reason = reasons[number]!;
        notShown[reason] = notShown.GetValueOrDefault(reason) + 1;
    }
}
