namespace DaxEmu.Bench.Verification.Soak;

/// <summary>How often each operation is chosen, of a thousand or so.</summary>
internal static class OperationMix
{
    private static readonly (SoakOperation Operation, int Weight)[] Weights =
    [
        (SoakOperation.Store, 300),
        (SoakOperation.Load, 200),
        (SoakOperation.TouchHuge, 130),
        (SoakOperation.DropTranslations, 30),
        (SoakOperation.WaitForPage, 20),
        (SoakOperation.PrivateStore, 10),
        (SoakOperation.PrivateLoad, 15),
        (SoakOperation.PrivateForget, 5),
        (SoakOperation.Write, 40),
        (SoakOperation.Read, 30),
        (SoakOperation.Writeback, 40),
        (SoakOperation.Sync, 3),
        (SoakOperation.Invalidate, 30),
        (SoakOperation.PunchHuge, 20),
        (SoakOperation.Punch, 15),
        (SoakOperation.ZeroRange, 4),
        (SoakOperation.Allocate, 4),
        (SoakOperation.Truncate, 4),
        (SoakOperation.Collapse, 2),
        (SoakOperation.Insert, 2),
        (SoakOperation.Pin, 15),
        (SoakOperation.Share, 4),
        (SoakOperation.CloneStore, 6),
        (SoakOperation.CloneLoad, 8),
        (SoakOperation.ClonePunch, 3),
        (SoakOperation.Unshare, 3),
        (SoakOperation.Compare, 2),
        (SoakOperation.LockByPage, 25),
        (SoakOperation.Poison, 2),
        (SoakOperation.PoisonDirty, 2),
        (SoakOperation.CopyIn, 60),
        (SoakOperation.CopyOut, 30),
        (SoakOperation.StoreAndSync, 30),
        (SoakOperation.HoldPin, 4),
        (SoakOperation.ShortView, 8),
        (SoakOperation.SwapView, 4),
        (SoakOperation.UseSwappedView, 30),
        (SoakOperation.LineStore, 80),
        (SoakOperation.LineLoad, 20),
        (SoakOperation.LineSync, 30),
        (SoakOperation.LineRefault, 12),
        (SoakOperation.LineClone, 8),
        (SoakOperation.LineCloneLoad, 8),
        (SoakOperation.ContestedCopyIn, 30),
        (SoakOperation.ContestedCopyOut, 15),
        (SoakOperation.ContestedChange, 30),
        (SoakOperation.ContestedPin, 6),
        (SoakOperation.TemporaryFile, 2),
        (SoakOperation.PinnedBlocks, 2),
        (SoakOperation.FullDevice, 2),
        (SoakOperation.LostMemory, 2),
        (SoakOperation.RefusedClone, 2),
    ];

    private static readonly SoakOperation[] Wheel =
        [.. Weights.SelectMany(w => Enumerable.Repeat(w.Operation, w.Weight))];

    /// <summary>Chooses.</summary>
    public static SoakOperation Choose(ref StepRandom random) => Wheel[random.Next(Wheel.Length)];
}
