namespace DaxEmu.Tests.Mutation;

/// <summary>Faults of one line that lose data: the order of marks, translations, flushes and locks above the entry table.</summary>
internal static class DataLossMutants
{
    private const string Handler = "Dax/Faults/FaultHandler.cs";
    private const string Cleaner = "Dax/Writeback/EntryCleaner.cs";
    private const string Protect = "mapping.WriteProtect(run, chosen); // [V2] matches [V1] in DaxView";
    private const string Sync = "Dax/Writeback/Fsync.cs";
    private const string LetLayoutChange =
        "unsafe { DaxEmu.Core.Atomics.Atomic.Store(ref (DaxEmu.Core.Mm.ReaderSlot.Mine + DaxEmu.Core.Atomics.ThreadSlots.WayOf(mapping.Id))->Hold0, 0, DaxEmu.Core.Atomics.Site.ExitRead); _ = mapping.InvalidateLock.EnterRead(); } ";

    public static IReadOnlyList<Mutant> All { get; } =
    [
        new("a 4 KiB refault maps before it marks", Handler,
            "if (marked != entry)", "Atomic.Store(ref word, entry | DaxEntry.LockedBit, Site.LockEntry); if (marked != entry)",
            "store-or-fault"),
        new("a short insert maps before it marks", Handler,
            "Atomic.Store(ref word, marked | DaxEntry.LockedBit, Site.ReplaceEntry);", "", "insert-or-store"),
        new("a change of layout leaves the extents of last faults as they are", "Mm/AsymmetricLock.cs",
            "(*generation)++;", "", "insert-or-punch"),
        new("a short insert does not look at its range again", "Dax/Entries/EntryLocker.cs",
            "if (words.IsOpenTable(index.Value))", "if (true)", "insert-or-huge"),
        new("a populate maps before it marks", "Dax/Faults/RangeFault.cs",
            "if (marked != entry)", "Atomic.Store(ref slot, entry | DaxEntry.LockedBit, Site.LockEntry); if (marked != entry)",
            "store-or-populate"),
        new("a populate leaves the range clean", "Dax/Faults/RangeFault.cs",
            "table.NoteDirty(index); // before the translation, as in a single fault (EntryInstall)", "", "populate-or-writeback"),
        new("a 2 MiB refault maps before it marks", Handler,
            "ref ulong translation = ref area.Words.DirectoryWord(page);",
            "Atomic.Store(ref word, entry | DaxEntry.LockedBit, Site.LockEntry); ref ulong translation = ref area.Words.DirectoryWord(page);",
            "huge-refault-or-store"),
        new("a fault that makes an entry maps before it marks", "Dax/Faults/EntryInstall.cs",
            "Atomic.Store(ref mapping.Entries.WordOf(held.Start, entry.Order), entry.WithLock.Word, Site.ReplaceEntry);", "",
            "huge-store-or-fault"),
        new("the range says dirty after the unlock only", Handler,
            "table.NoteDirty(index);", "", "store-or-fault"),
        new("a writeback flushes before it write-protects", Cleaner, Protect,
            "if (Flush(run, chosen) != 0) { return CleanOutcome.Error; } mapping.Device.DrainUnchecked(); mapping.WriteProtect(run, chosen); "
            + "mapping.Entries.MarkClean(run, chosen); return CleanOutcome.Written;",
            "sync-or-store"),
        new("a writeback passes no fence after its flush", Cleaner, "mapping.Device.DrainUnchecked();", "", "sync-or-store"),
        new("a writeback does not flush", Cleaner, "mapping.Device.FlushUnchecked(pages.First.OffsetBytes, pages.PageCount << DaxConstants.PageShift);", "", "sync-or-store"),
        new("a writeback takes TOWRITE back before it flushes", Cleaner, Protect, "mapping.Entries.ClearTowrite(run.Group, chosen); " + Protect, "two-syncs"),
        new("a writeback marks clean before it flushes", Cleaner, Protect, Protect + "\nmapping.Entries.MarkClean(run, chosen);", "two-syncs"),
        new("ANYDIRTY is restored over whatever stands there", "Dax/Entries/EntryTable.Marks.cs",
            "RestoreAnyDirty(ref word); // [D2] matches [D1] in NoteDirty",
            "var now = new RegionWord(Atomic.Load(ref word, Site.AnyDirty)); if (now.Word != 0 && !now.IsPmd) { Atomic.Or(ref word, RegionWord.AnyDirtyBit, Site.AnyDirty); }",
            "refresh-or-drop"),
        new("munmap frees the table beside a walk", "Dax/AddressSpace.cs", "using (AreasLock.Write())", "if (true)", "unmap-or-writeback"),
        new("munmap frees the table beside a write", "Dax/AddressSpace.cs", "using (AreasLock.Write())", "lock (areasGate)", "unmap-or-write"),
        new("a fault goes on in a VMA that is gone", Handler, "area.ThrowIfGone();", "", "unmap-or-copy"),
        new("a clone comes between the halves of a MAP_SYNC fault", Sync, "mapping.Extents.Commit();", "mapping.Extents.Commit(); " + LetLayoutChange, "sync-fault-or-clone"),
        new("a punch comes between the halves of a MAP_SYNC fault", Sync, "mapping.Extents.Commit();", LetLayoutChange + "mapping.Extents.Commit(); " + LetLayoutChange, "sync-fault-or-punch"),
        new("a MAP_SYNC fault does not wait for the metadata", Sync, "mapping.Extents.Commit();", "", "sync-fault-or-clone"),
        new("a copy into a view does not look again", "Fs/DaxView.cs", "if (!now.Allows(isWrite: true) || now.IsHuge != isHuge)", "if (false)", "copy-in-or-sync"),
        new("a punch takes the block of a copy into a view", "Fs/DaxView.cs",
            "mapping.Device.Durable?.Order();", "hold.Dispose(); mapping.Device.Durable?.Order();", "copy-in-or-punch"),
        new("a clone takes the block of a copy into a view", "Fs/DaxView.cs",
            "mapping.Device.Durable?.Order();", "mapping.Device.Durable?.Order(); hold.Dispose(); mapping.Device.Durable?.Order();", "copy-in-or-clone"),
        new("unsharing lets faults run", "Dax/ReadWrite/Unshare.cs", "using (mapping.InvalidateLock.Write())", "if (true)", "unshare-or-fault"),
        new("a write that copies lets faults run", "Dax/ReadWrite/BlockStore.cs", "using AsymmetricLock.WriteHold hold = mapping.InvalidateLock.Write();", "", "copied-write-or-fault"),
        new("a write that copies keeps entries that look chosen", "Dax/ReadWrite/BlockStore.cs",
            "LayoutBreak.TakeOut(mapping, pages);", "Invalidator.InvalidateRangeIfClean(mapping, whole);", "copied-write-or-writeback"),
        new("write(2) takes the entry of a pinned page", "Dax/Invalidation/Invalidator.cs",
            "&& mapping.Device.Owners.FirstBusy(new PfnRange(held.Entry.Pfn, held.Entry.Order.PageCount())) is not null;", "&& false;", "write-or-pin"),
        new("pins are looked for while the page is mapped", "Dax/Invalidation/Invalidator.cs",
            "mapping.Unmap(held.Range);", "", "write-or-pin"),
        new("translations are cleared by stores that linger", "Mm/PageTable.cs",
            "Atomic.Exchange(ref words[last], 0, Site.WriteTranslation);", "Atomic.Store(ref words[last], 0, Site.WriteTranslation);", "write-or-pin", BuffersStores: true),
        new("entries that are removed together leave their marks", "Dax/Entries/EntryTable.Runs.cs",
            "Atomic.And(ref word, ~bits, Site.Towrite); // [T4] matches [T3] in TagRun", "", "refresh-or-remove"),
        new("a shared page is mapped for writing where it is read", "Dax/Faults/PteFault.cs",
            "area.Table.TryInstallPage(request.Page, Translation.Device(pfn, PageOrder.Pte, request.IsWrite));",
            "area.Table.TryInstallPage(request.Page, Translation.Device(pfn, PageOrder.Pte, true));", "clone-or-fault"),
        new("entries that are removed together wake nobody", "Dax/Entries/EntryLocker.Runs.cs",
            "WakeRemoved(new HeldEntry(run.Group + BitOperations.TrailingZeroCount(rest), DaxEntry.Empty(PageOrder.Pte)), RemovalKind.Delete);", "", "refresh-or-remove"),
        new("a run goes past an entry that another thread holds", "Dax/Entries/EntryLocker.Runs.cs", "break;", "continue;", "lock-by-page-or-punch"),
    ];
}
