using System.Globalization;
using DaxEmu.Bench.Benchmark.Engines.Radix;
using DaxEmu.Core;
using DaxEmu.Core.Atomics;

namespace DaxEmu.Bench.Verification.Conflicts;

/// <summary>The faults of the kernel's own design in user space (engine <c>locked-radix</c>): one lock a file, which every fault writes.</summary>
internal sealed class RadixOperations : IConflictEngine
{
    private const long FilePages = 32 * DaxConstants.PagesPerPmd;

    /// <inheritdoc/>
    public string Name => "locked-radix";

    /// <inheritdoc/>
    public IReadOnlyList<ConflictOperation> Operations { get; } =
    [
        Of("read fault", ConflictKind.ReadsPage, PageOrder.Pte, isPresent: true, isWrite: false),
        Of("write fault", ConflictKind.Page, PageOrder.Pte, isPresent: true, isWrite: true),
        Of("insert", ConflictKind.Page, PageOrder.Pte, isPresent: false, isWrite: true),
        Of("2 MiB fault", ConflictKind.Huge, PageOrder.Pmd, isPresent: true, isWrite: true),
        Of("2 MiB insert", ConflictKind.Huge, PageOrder.Pmd, isPresent: false, isWrite: true),
    ];

    /// <inheritdoc/>
    public IConflictState Begin() => new State();

    /// <inheritdoc/>
    public string? ReasonFor(string line) => line.StartsWith("lock of ", StringComparison.Ordinal) ? "three locked sections a fault" : "under that lock";

    private static ConflictOperation Of(string name, ConflictKind kind, PageOrder order, bool isPresent, bool isWrite) => new(
        name,
        kind,
        (state, place) =>
        {
            if (isPresent)
            {
                _ = ((State)state).Fault(place, order, isWrite);
            }
        },
        (state, place) => ((State)state).Fault(place, order, isWrite));

    private sealed class State : IConflictState
    {
        private readonly RadixMapping[] files = [new RadixMapping(FilePages), new RadixMapping(FilePages)];
        private readonly SortedSet<string> faulted = new(StringComparer.Ordinal);

        public string Fault(ConflictPlace place, PageOrder order, bool isWrite)
        {
            RadixMapping.Cursor cursor = default;
            long page = order == PageOrder.Pmd ? place.HugePage : place.Page;
            files[place.File].Fault(page, (int)order, isWrite, ref cursor);
            faulted.Add($"{place.File} {page >> (int)order} {order}");
            return "served";
        }

        public void NameLines(LineNames names)
        {
            for (int i = 0; i < files.Length; i++)
            {
                files[i].NameLines(names, $"file {i + 1}");
            }
        }

        public string Digest() =>
            string.Join(' ', faulted.Select(fault => fault + " " + files[fault[0] - '0'].Translations[int.Parse(fault.Split(' ')[1], CultureInfo.InvariantCulture)]));

        public void Dispose()
        {
            foreach (RadixMapping file in files)
            {
                file.Dispose();
            }
        }
    }
}
