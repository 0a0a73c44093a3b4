using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Checking;

/// <summary>
/// Carries out a thread's steps at once and writes down which shared words and objects they read and which they write. Another thread's
/// recorder then says which cache lines the two would send each other.
/// </summary>
/// <remarks>
/// A locked instruction writes, whether it changes the word or not: the processor gets the line for itself first. One thread runs at a
/// time, so a wait that no thread could end throws.
/// </remarks>
/// <param name="threadCount">How many threads are recorded.</param>
/// <param name="firstSlot">The number of the first of them in <see cref="ThreadSlots"/>.</param>
internal sealed unsafe class LineRecorder(int threadCount, int firstSlot) : IInterleaver
{
    private readonly DirectInterleaver direct = new(threadCount, firstSlot);
    private readonly Dictionary<SharedPlace, Use> uses = [];

    /// <inheritdoc/>
    public int ThreadCount => direct.ThreadCount;

    /// <inheritdoc/>
    public int FirstSlot => direct.FirstSlot;

    /// <summary>How many process-wide barriers were passed: each interrupts every thread, on no line.</summary>
    public int BarrierCount { get; private set; }

    /// <summary>How many different lines were accessed.</summary>
    public int LineCount => uses.Keys.Select(place => place.Line).Distinct().Count();

    /// <summary>The lines that one of two threads wrote and the other accessed, in order of their names.</summary>
    public static IReadOnlyList<SharedLine> Between(LineRecorder one, LineRecorder other, LineNames names)
    {
        ILookup<SharedPlace, KeyValuePair<SharedPlace, Use>> theirs = other.uses.ToLookup(use => use.Key.Line);
        return
        [
            .. one.uses.GroupBy(use => use.Key.Line)
                .Where(line => theirs.Contains(line.Key)
                    && (line.Any(use => use.Value.IsWritten) || theirs[line.Key].Any(use => use.Value.IsWritten)))
                .Select(line => new SharedLine(Parts(line, names), Parts(theirs[line.Key], names)))
                .OrderBy(line => line.ToString(), StringComparer.Ordinal),
        ];
    }

    /// <summary>Runs work of this thread under the recorder.</summary>
    public void Record(Action work)
    {
        Atomic.Current = this;
        try
        {
            work();
        }
        finally
        {
            Atomic.Current = null;
        }
    }

    /// <inheritdoc/>
    public ulong Load(ulong* location, Site site)
    {
        Note(location, site, isWrite: false);
        return direct.Load(location, site);
    }

    /// <inheritdoc/>
    public void Store(ulong* location, ulong value, Site site)
    {
        Note(location, site, isWrite: true);
        direct.Store(location, value, site);
    }

    /// <inheritdoc/>
    public ulong CompareExchange(ulong* location, ulong value, ulong comparand, Site site)
    {
        Note(location, site, isWrite: true);
        return direct.CompareExchange(location, value, comparand, site);
    }

    /// <inheritdoc/>
    public ulong Exchange(ulong* location, ulong value, Site site)
    {
        Note(location, site, isWrite: true);
        return direct.Exchange(location, value, site);
    }

    /// <inheritdoc/>
    public ulong Add(ulong* location, ulong addend, Site site)
    {
        Note(location, site, isWrite: true);
        return direct.Add(location, addend, site);
    }

    /// <inheritdoc/>
    public ulong Or(ulong* location, ulong bits, Site site)
    {
        Note(location, site, isWrite: true);
        return direct.Or(location, bits, site);
    }

    /// <inheritdoc/>
    public ulong And(ulong* location, ulong bits, Site site)
    {
        Note(location, site, isWrite: true);
        return direct.And(location, bits, site);
    }

    /// <inheritdoc/>
    public void ProcessWideBarrier(Site site) => BarrierCount++;

    /// <inheritdoc/>
    public void Wait(ulong* location, ulong expected, Site site) => SpinWhile(location, expected, site);

    /// <inheritdoc/>
    public void Wake(ulong* location, Site site)
    {
        // A system call: the kernel's own queue of waiters is not looked at.
    }

    /// <inheritdoc/>
    public void SpinWhile(ulong* location, ulong unwanted, Site site)
    {
        Note(location, site, isWrite: false);
        direct.SpinWhile(location, unwanted, site);
    }

    /// <inheritdoc/>
    public void Note(in InterleavingNote note)
    {
    }

    /// <inheritdoc/>
    public void Plain(void* location, Site site, bool isWrite) => Note((ulong*)location, site, isWrite);

    /// <inheritdoc/>
    public void Shared(object owner, string part, bool isWrite) => Note(new SharedPlace(0, owner, part), Site.Other, isWrite);

    private static IReadOnlyList<SharedPart> Parts(IEnumerable<KeyValuePair<SharedPlace, Use>> uses, LineNames names) =>
    [
        .. uses.OrderBy(use => use.Key.Address)
            .Select(use => new SharedPart(use.Key.NameIn(names, use.Value.Site), use.Value.IsWritten))
            .GroupBy(part => SharedPart.KindOf(part.Name))
            .Select(parts => SharedPart.Join([.. parts]))
            .OrderBy(part => part.Name, StringComparer.Ordinal),
    ];

    private void Note(ulong* location, Site site, bool isWrite) => Note(new SharedPlace((nint)location, null, null), site, isWrite);

    private void Note(SharedPlace place, Site site, bool isWrite) =>
        uses[place] = uses.TryGetValue(place, out Use before) ? before with { IsWritten = before.IsWritten || isWrite } : new Use(site, isWrite);

    private readonly record struct Use(Site Site, bool IsWritten);
}
