namespace DaxEmu.Bench.Verification.Crash.BTree;

/// <summary>What is wrong with a <see cref="PersistentBTree"/> on purpose.</summary>
internal enum BTreeBug
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>New leaves go through a raw span and are not flushed.</summary>
    MissingFlush,

    /// <summary>There is no fence between the new nodes and the root that leads to them.</summary>
    MissingFence,

    /// <summary>The root is made durable before the nodes that it leads to.</summary>
    RootBeforeNodes,

    /// <summary>A replaced node is reused before the root that does without it is durable.</summary>
    ReusedEarly,

    /// <summary>A leaf with a free place is changed in place.</summary>
    InPlaceInsert,

    /// <summary>The count of keys is made durable before the root.</summary>
    CountBeforeRoot,
}
