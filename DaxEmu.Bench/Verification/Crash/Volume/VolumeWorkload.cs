using DaxEmu.Core.Checking;
using DaxEmu.Core.Fs.Volume;

namespace DaxEmu.Bench.Verification.Crash.Volume;

/// <summary>A volume under every sequence of one and two operations.</summary>
internal sealed class VolumeWorkload : ICrashWorkload
{
    private const int LongestSequence = 2;

    private static readonly IReadOnlyList<(CrashBug Bug, VolumeFlaws Flaw)> Flawed =
    [
        (new("tail-before-records", "the log's tail may be durable before the records that it covers"), VolumeFlaws.TailBeforeRecords),
        (new("tail-not-flushed", "the log's tail is not flushed"), VolumeFlaws.TailNotFlushed),
        (new("no-fence-after-tail", "an operation returns before its tail is durable"), VolumeFlaws.NoFenceAfterTail),
        (new("root-not-flushed", "the slot that leads to a new log is not flushed"), VolumeFlaws.RootNotFlushed),
        (new("root-before-log", "the slot that leads to a new log may be durable before the log"), VolumeFlaws.RootBeforeLog),
        (new("root-copies-unordered", "both copies of the slot are written without order"), VolumeFlaws.RootCopiesUnordered),
        (new("stale-replica", "records are written to the first copy of the log only"), VolumeFlaws.StaleReplica),
        (new("reads-past-tail", "the mount reads on behind the tail, as long as checksums fit"), VolumeFlaws.ReadsPastTail),
        (new("rename-deletes-first", "rename deletes the old name first, in a transaction of its own"), VolumeFlaws.RenameDeletesFirst),
        (new("replace-deletes-first", "rename deletes the name that it replaces first"), VolumeFlaws.ReplaceDeletesFirst),
        (new("size-before-data", "the size is committed before the data are stored"), VolumeFlaws.SizeBeforeData),
        (new("size-apart-from-blocks", "size and blocks are committed one after the other"), VolumeFlaws.SizeApartFromBlocks),
        (new("frees-before-commit", "blocks that a file gave up are used again before that is durable"), VolumeFlaws.FreesBeforeCommit),
        (new("sync-fault-does-not-commit", "a synchronous fault does not wait for the metadata"), VolumeFlaws.SyncFaultDoesNotCommit),
        (new("new-blocks-not-zeroed", "new blocks show what another file held"), VolumeFlaws.NewBlocksNotZeroed),
        (new("orphans-leak", "a file that was deleted while it was open stays for ever"), VolumeFlaws.OrphansLeak),
        (new("count-before-name", "a link count is committed before the name that it counts"), VolumeFlaws.CountBeforeName),
        (new("stays-writable", "a writeback leaves translations writable, so that later stores are not seen (B08)"), VolumeFlaws.StaysWritable),
        (new("protects-first-page-only", "a writeback write-protects only mappings that show the first page of a 2 MiB entry (B27)"), VolumeFlaws.ProtectsFirstPageOnly),
    ];

    public string Name => "volume";

    public string Description => "a volume: all sequences of one and two operations on two files in two directories";

    public IReadOnlyList<CrashBug> Bugs { get; } = [.. Flawed.Select(flawed => flawed.Bug)];

    public IReadOnlyList<PowerCutTest> Cases(CrashBug? bug, ulong seed)
    {
        VolumeFlaws flaws = bug is null ? VolumeFlaws.None : Flawed.Single(flawed => flawed.Bug == bug).Flaw;
        VolumeStart fresh = VolumeStart.Make(isLogFull: false);
        VolumeStart full = VolumeStart.Make(isLogFull: true);
        return
        [
            FormatCase.Format(fresh, flaws),
            FormatCase.Repair(fresh, flaws),
            HugeCase.TwoViews(flaws),
            .. Sequences.UpTo(VolumeOperations.All, 1).Select(s => CaseOf("full-log", s, full, flaws)),
            .. Sequences.UpTo(VolumeOperations.All, LongestSequence).Select(s => CaseOf("volume", s, fresh, flaws)),
        ];
    }

    private static PowerCutTest CaseOf(string prefix, VolumeOperation[] sequence, VolumeStart start, VolumeFlaws flaws) =>
        new VolumeCase($"{prefix}.{string.Join('-', sequence.Select(o => o.Name))}", sequence, start.Content, start.Model, flaws).ToTest();
}
