using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Crash.Volume;

/// <summary>An operation of the sequences: one call or a few that belong together.</summary>
/// <param name="Name">Its name in case names.</param>
/// <param name="Add">Adds its steps.</param>
internal sealed record VolumeOperation(string Name, Action<VolumeScript> Add);

/// <summary>The operations: over two files in two directories, as the generators of crash tests have it.</summary>
internal static class VolumeOperations
{
    private const int Page = DaxConstants.PageSize;
    private const string Foo = "A/foo";
    private const string Bar = "B/bar";

    public static IReadOnlyList<VolumeOperation> All { get; } =
    [
        new("creat", s => { s.Free("A/new"); s.Create("A/new"); }),
        new("mkdir", s => { s.Free("A/dir"); s.MakeDirectory("A/dir"); }),
        new("rmdir", s => { s.NeedDirectory("B/sub"); s.RemoveDirectory("B/sub"); }),
        new("link", s => { s.Need(Foo); s.Free("B/link"); s.Link(Foo, "B/link"); }),
        new("unlink", s => { s.Need(Foo); s.Unlink(Foo); }),
        new("unlink.bar", s => { s.Need(Bar); s.Unlink(Bar); }),
        new("unlink.open", s => { s.Need(Foo); s.Sync(Foo); s.Unlink(Foo); s.Create(Foo); s.Write(Foo, 0, s.Pattern(100)); s.Sync(Foo); }),
        new("rename", s => { s.Need(Foo); s.Free("B/foo"); s.Rename(Foo, "B/foo"); }),
        new("rename.replace", s => { s.Need(Foo); s.Need(Bar); s.Rename(Foo, Bar); }),
        new("rename.dir", s => { s.NeedDirectory("B/sub"); s.Free("A/sub"); s.Rename("B/sub", "A/sub"); }),
        new("rename.dir.replace", s => { s.NeedDirectory("B/sub"); s.NeedDirectory("A/empty"); s.Rename("B/sub", "A/empty"); }),
        new("save", s => { s.Need(Foo); s.Free("A/tmp"); s.Create("A/tmp"); s.Write("A/tmp", 0, s.Pattern(Page)); s.Sync("A/tmp"); s.Rename("A/tmp", Foo); }),
        new("chmod", s => { s.Need(Foo); s.SetMode(Foo, 0x1C0); }),
        new("fsync", s => { s.Need(Foo); s.Sync(Foo); }),
        new("sync", s => s.SyncVolume()),
        new("write", s => { s.Need(Foo); s.Write(Foo, 40, s.Pattern(100)); }),
        new("write.sync", s => { s.Need(Foo); s.Write(Foo, 40, s.Pattern(100)); s.Sync(Foo); }),
        new("append", s => { s.Need(Bar); s.Write(Bar, s.LengthOf(Bar), s.Pattern(Page)); }),
        new("append.sync", s => { s.Need(Foo); s.Write(Foo, s.LengthOf(Foo), s.Pattern(100)); s.Sync(Foo); }),
        new("append.page.sync", s => { s.Need(Bar); s.Write(Bar, s.LengthOf(Bar), s.Pattern(Page)); s.Sync(Bar); }),
        new("gap.sync", s => { s.Need(Foo); s.Write(Foo, s.LengthOf(Foo) + (2 * Page), s.Pattern(64)); s.Sync(Foo); }),
        new("truncate", s => { s.Need(Foo); s.Truncate(Foo, 100); }),
        new("truncate.sync", s => { s.Need(Foo); s.Truncate(Foo, 100); s.Sync(Foo); }),
        new("truncate.all.sync", s => { s.Need(Bar); s.Truncate(Bar, 0); s.Sync(Bar); }),
        new("extend.sync", s => { s.Need(Foo); s.Truncate(Foo, s.LengthOf(Foo) + (3 * Page)); s.Sync(Foo); }),
        new("falloc.sync", s => { s.Need(Foo); s.Allocate(Foo, s.LengthOf(Foo), 2 * Page, keepSize: false); s.Sync(Foo); }),
        new("falloc.keep.sync", s => { s.Need(Foo); s.Allocate(Foo, s.LengthOf(Foo), 2 * Page, keepSize: true); s.Sync(Foo); }),
        new("punch", s => { s.Need(Foo); s.Punch(Foo, 0, Page); }),
        new("punch.sync", s => { s.Need(Foo); s.Punch(Foo, 100, Page); s.Sync(Foo); }),
        new("zero.sync", s => { s.Need(Foo); s.Zero(Foo, 0, Page); s.Sync(Foo); }),
        new("collapse.sync", s => { s.Need(Foo); s.Truncate(Foo, (2 * Page) + 50); s.Sync(Foo); s.Collapse(Foo, 0, Page); s.Sync(Foo); }),
        new("insert.sync", s => { s.Need(Foo); s.Insert(Foo, 0, Page); s.Sync(Foo); }),
        new("clone", s => { s.Need(Foo); s.Need(Bar); s.Clone(Foo, Bar); }),
        new("clone.write.sync", s => { s.Need(Foo); s.Need(Bar); s.Clone(Foo, Bar); s.Write(Bar, 10, s.Pattern(50)); s.Sync(Bar); }),
        new("clone.range.sync", s => { s.NeedLength(Foo, Page); s.Need(Bar); s.CloneRange(Foo, 0, Page, Bar, 2 * Page); s.Sync(Bar); }),
        new("store.sync", s => { s.Need(Foo); s.Store(Foo, 8, s.Pattern(64)); s.Sync(Foo); }),
        new("store.raw.sync", s => { s.Need(Foo); s.Store(Foo, 16, s.Pattern(48), isRaw: true); s.Sync(Foo); }),
        new("store.hole.sync", s => { s.Need(Bar); s.Truncate(Bar, 4 * Page); s.Sync(Bar); s.Store(Bar, 3 * Page, s.Pattern(32)); s.Sync(Bar); }),
        new("store.twice.sync", s => { s.Need(Foo); s.StoreAgain(Foo, 8, s.Pattern(32)); s.Sync(Foo); s.StoreAgain(Foo, 8, s.Pattern(32)); s.Sync(Foo); }),
        new("write.thread.sync", s => { s.Need(Bar); s.OnAThread(() => s.Write(Bar, s.LengthOf(Bar), s.Pattern(72))); s.Sync(Bar); }),
        new("store.thread.sync", s => { s.Need(Foo); s.Truncate(Foo, 4 * Page); s.Sync(Foo); s.OnAThread(() => s.Store(Foo, 3 * Page, s.Pattern(32))); s.Sync(Foo); }),
        new("store.persist", s => { s.Need(Foo); s.Truncate(Foo, 4 * Page); s.Sync(Foo); s.StoreAndPersist(Foo, 3 * Page, s.Pattern(32)); }),
    ];
}
