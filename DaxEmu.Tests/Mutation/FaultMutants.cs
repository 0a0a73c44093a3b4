namespace DaxEmu.Tests.Mutation;

/// <summary>Faults of one line above the entry table: in faults, writeback, invalidation, pins and the data path.</summary>
internal static class FaultMutants
{
    public static IReadOnlyList<Mutant> All { get; } =
    [
        new("a 4 KiB fault asks for the extent before it has the entry", "Dax/Faults/PteFault.cs",
            "HeldEntry held = EntryGrab.ForPte(mapping, index, request is { IsWrite: true, IsPrivateWrite: false });",
            "if (!request.IsWrite && mapping.Extents.Find(index, 1, ExtentIntent.Fault).Target.ReadsAsZeroes) { "
            + "HeldEntry early = EntryGrab.ForPte(mapping, index, false); DaxEntry zero = early.Entry; "
            + "FaultOutcome hole = LoadHole(request, early, ref zero); mapping.Locker.Unlock(early.Start, zero); return hole; } "
            + "HeldEntry held = EntryGrab.ForPte(mapping, index, request is { IsWrite: true, IsPrivateWrite: false });",
            "hole-or-write"),
        new("a written page is left clean where its entry is there already", "Dax/Faults/FaultHandler.cs",
            "locker.Unlock(index, ref word, marked);", "locker.Unlock(index, ref word, marked & ~DaxEntry.DirtyBit);",
            "writeback-or-fault"),
        new("a written-back page may be written through still", "Dax/Writeback/EntryCleaner.cs",
            "mapping.WriteProtect(run, chosen); // [V2] matches [V1] in DaxView", "",
            "writeback-or-fault"),
        new("the last unpin keeps the waiters' bit", "Pmem/PageOwners.cs",
            "ulong next = (now & PinMask) == 1 ? 0 : now - 1;", "ulong next = now - 1;",
            "last-unpin"),
        new("an entry that is taken out keeps its pages", "Dax/Invalidation/Invalidator.cs",
            "mapping.Disassociate(run, ref gone);", "gone = run.Held;",
            "fault-or-truncate"),
        new("a lost page is unmapped while it may be mapped", "Dax/Invalidation/MemoryFailure.cs",
            "using AsymmetricLock.WriteHold hold = mapping.InvalidateLock.Write();", "",
            "poison-or-fault"),
        new("the entry that is locked by its page may stand on another by then", "Dax/Invalidation/MemoryFailure.cs",
            "if (device.Owners.Find(pfn) == owner)", "if (true)",
            "lock-by-page-or-punch"),
        new("a write to a hole does not wait for the entry of its zero page", "Dax/ReadWrite/BlockStore.cs",
            "Invalidator.InvalidateRangeIfClean(mapping, pages);", "",
            "hole-or-write"),
    ];
}
