using DaxEmu.Bench.Verification.Soak.Operations;
using DaxEmu.Core;
using DaxEmu.Native;

namespace DaxEmu.Bench.Verification.Soak;

/// <summary>One thread of a soak: a step after the other, each chosen by the seed, the thread and the step's number.</summary>
internal sealed class SoakJob : IWatched
{
    // One operation in so many pauses between two of its steps.
    private const int PauseSpacing = 16;

    private readonly InjectedPauses pauses = new();
    private readonly int seed;
    private readonly MemoryOperations memory;
    private readonly PrivateOperations copies;
    private readonly FileOperations file;
    private readonly LayoutOperations layout;
    private readonly TailOperations tail;
    private readonly SharingOperations sharing;
    private readonly FailureOperations failures;
    private readonly CopyOperations bulk;
    private readonly ViewOperations views;
    private readonly LineOperations lines;
    private readonly ContestedOperations contested;
    private readonly SpaceOperations space;
    private readonly long[] counts = new long[Enum.GetValues<SoakOperation>().Length];
    private byte[]? region;
    private long promisesKept;
    private long step;
    private long operationCount;
    private volatile bool isWorking;
    private volatile SoakFinding? finding;
    private volatile Exception? refusal;

    public SoakJob(SoakFixture fixture, int seed, int number)
    {
        Fixture = fixture;
        Number = number;
        Stream = number;
        this.seed = seed;
        memory = new MemoryOperations(this);
        copies = new PrivateOperations(this);
        file = new FileOperations(this);
        layout = new LayoutOperations(this);
        tail = new TailOperations(this);
        sharing = new SharingOperations(this);
        failures = new FailureOperations(this);
        bulk = new CopyOperations(this);
        views = new ViewOperations(this);
        lines = new LineOperations(this);
        contested = new ContestedOperations(this);
        space = new SpaceOperations(this);
    }

    /// <summary>What it works on.</summary>
    public SoakFixture Fixture { get; }

    /// <summary>Which thread it is, from 0.</summary>
    public int Number { get; }

    /// <summary>The number of its choices: that of the thread among those of all shards.</summary>
    public int Stream { get; init; }

    /// <summary>The thread's managed id, once it runs.</summary>
    public int ManagedThreadId { get; private set; }

    /// <summary>Its last operations.</summary>
    public OperationLog Log { get; } = new();

    /// <summary>Bytes of its own, eight pages.</summary>
    public byte[] Buffer { get; } = new byte[8 * DaxConstants.PageSize];

    /// <summary>Bytes of its own, 2 MiB.</summary>
    public byte[] Region => region ??= new byte[DaxConstants.PmdSize];

    /// <summary>What it found wrong first; it stops then.</summary>
    public SoakFinding? Finding => finding;

    /// <summary>What the environment refused it: no memory, no capacity on the device's file system. It stops then; this is no finding.</summary>
    public Exception? Refusal => refusal;

    /// <summary>Called before each step; null for nothing.</summary>
    public Action? AtEachStep { get; init; }

    /// <summary>Operations done. A step that finds its pages taken does none.</summary>
    public long OperationCount => Volatile.Read(ref operationCount);

    /// <summary>How often it did one.</summary>
    public long CountOf(SoakOperation operation) => Volatile.Read(ref counts[(int)operation]);

    /// <summary>Pages and lines that were durable when it looked at once.</summary>
    public long PromisesKept => Volatile.Read(ref promisesKept);

    /// <summary>Steps done or passed over.</summary>
    public long StepCount => Volatile.Read(ref step);

    /// <inheritdoc/>
    public bool IsWorking => isWorking;

    /// <summary>Works whenever the gate is open, until it is ended or something is wrong.</summary>
    public void Run(QuiescenceGate gate)
    {
        ManagedThreadId = Environment.CurrentManagedThreadId;
        while (finding is null && refusal is null && gate.Enter())
        {
            isWorking = true;
            try
            {
                while (gate.IsOpen && finding is null)
                {
                    AtEachStep?.Invoke();
                    Step();
                }
            }
            catch (Exception e) when (e is DaxEnvironmentException or OutOfMemoryException)
            {
                refusal = e;
            }
#pragma warning disable CA1031 // Whatever else a thread dies of is a finding.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Report(FindingKind.Error, $"{e}\n{PageEvidence.Of(Fixture, Log.Last.Page)}");
            }
            finally
            {
                isWorking = false;
                gate.Leave();
            }
        }
    }

    /// <summary>Does the next step.</summary>
    public void Step()
    {
        var random = new StepRandom(seed, Stream, step);
        SoakOperation operation = OperationMix.Choose(ref random);
        long page = ChoosePage(ref random);
        bool isDone;
        if (step % PauseSpacing == Number % PauseSpacing || operation == SoakOperation.LineRefault)
        {
            using InjectedPauses.Scope scope = pauses.Begin(ref random);
            isDone = Do(operation, page, ref random);
        }
        else
        {
            isDone = Do(operation, page, ref random);
        }

        if (isDone)
        {
            Volatile.Write(ref operationCount, operationCount + 1);
            Volatile.Write(ref counts[(int)operation], counts[(int)operation] + 1);
        }

        Volatile.Write(ref step, step + 1);
    }

    /// <summary>An operation begins.</summary>
    public void Begin(SoakOperation operation, long page, long pageCount = 1, int way = -1) => Log.Add(step, operation, page, pageCount, way);

    /// <summary>Something is wrong; the first report counts.</summary>
    public void Report(FindingKind kind, string text) => finding ??= new SoakFinding(kind, $"job {Number}, {Log.Last.Operation} (step {step}): {text}");

    /// <summary>Something must hold.</summary>
    public void Require(bool holds, string problem)
    {
        if (!holds)
        {
            Report(FindingKind.Error, problem);
        }
    }

    /// <summary>Compares what a page that the job has taken shows.</summary>
    public void Check(PageSide side, long page, ReadOnlySpan<byte> bytes, string how)
    {
        PageStamp expected = Fixture.Stamps.Shown(side, page);
        if (expected.Judge(bytes, out string seen) is { } kind)
        {
            Report(kind, $"page {page} ({side}) shows {how} {seen}, written last by job {Fixture.Stamps.WriterOf(page)}.\n{PageEvidence.Of(Fixture, page)}");
        }
    }

    /// <summary>Pages that the job has taken were made durable: a loss of power now would leave what they show.</summary>
    public void Promise(PageSide side, long page, long count, string how)
    {
        DaxFile file = side == PageSide.Clone ? Fixture.Clone : Fixture.File;
        for (long end = page + count; page < end; page++)
        {
            Fixture.Stamps.Promise(side, page);
            PageStamp expected = Fixture.Stamps.Shown(side, page);
            Extent extent = file.Extents.Find(new PageIndex(page), 1, ExtentIntent.Read).Source;
            if (extent.ReadsAsZeroes)
            {
                continue; // read and view say whether it may
            }

            ReadOnlySpan<byte> durable = Fixture.Device.Durable!.Bytes(extent.PfnAt(new PageIndex(page)).OffsetBytes, DaxConstants.PageSize);
            if (expected.Judge(durable, out string seen) is not null)
            {
                Report(FindingKind.Undurable, $"page {page} ({side}) was stored to and made durable {how}, and a loss of power would leave {seen}.\n{PageEvidence.Of(Fixture, page)}");
            }
        }

        CountKept(count);
    }

    /// <summary>A line was durable when it was looked at.</summary>
    public void CountKept(long count) => Volatile.Write(ref promisesKept, promisesKept + count);

    /// <summary>Does what writes back: a sync, a clone, a move of pages.</summary>
    /// <returns>False if memory is lost somewhere, so that it has failed: nothing is promised, and nothing has changed.</returns>
    public bool TryWriteBack(Action work)
    {
        try
        {
            work();
            return true;
        }
        catch (DaxException e) when (e.Errno == IoError.Io.Errno() && Fixture.AllowsPoison)
        {
            return false;
        }
    }

    // Half of the work falls on the first few 2 MiB, so that threads meet.
    private long ChoosePage(ref StepRandom random)
    {
        long region = random.OneIn(2) ? random.Next(2) : random.Next(Fixture.PageCount >> DaxConstants.PmdOrder);
        int offset = random.OneIn(3) ? 0 : random.OneIn(4) ? random.Next(DaxConstants.PagesPerPmd) : random.Next(8);
        return (region << DaxConstants.PmdOrder) + offset;
    }

    private bool Do(SoakOperation operation, long page, ref StepRandom random) => operation switch
    {
        SoakOperation.Store => memory.Store(page, ref random),
        SoakOperation.Load => memory.Load(page, ref random),
        SoakOperation.TouchHuge => memory.TouchHuge(page, ref random),
        SoakOperation.DropTranslations => memory.DropTranslations(page, ref random),
        SoakOperation.WaitForPage => memory.WaitForPage(page),
        SoakOperation.Pin => memory.Pin(page, ref random),
        SoakOperation.PrivateStore => copies.Store(page),
        SoakOperation.PrivateLoad => copies.Load(page),
        SoakOperation.PrivateForget => copies.Forget(page, ref random),
        SoakOperation.Write => file.Write(page, ref random),
        SoakOperation.Read => file.Read(page, ref random),
        SoakOperation.Writeback => file.Writeback(page),
        SoakOperation.Sync => file.Sync(),
        SoakOperation.Invalidate => layout.Invalidate(page, ref random),
        SoakOperation.PunchHuge => layout.PunchHuge(page),
        SoakOperation.Punch => layout.Punch(page, ref random),
        SoakOperation.ZeroRange => layout.ZeroRange(page, ref random),
        SoakOperation.Allocate => layout.Allocate(page, ref random),
        SoakOperation.Truncate => tail.Truncate(ref random),
        SoakOperation.Collapse => tail.Collapse(ref random),
        SoakOperation.Insert => tail.Insert(ref random),
        SoakOperation.Share => sharing.Share(page, ref random),
        SoakOperation.CloneStore => sharing.CloneStore(page, ref random),
        SoakOperation.CloneLoad => sharing.CloneLoad(page, ref random),
        SoakOperation.ClonePunch => sharing.ClonePunch(page, ref random),
        SoakOperation.Unshare => sharing.Unshare(page, ref random),
        SoakOperation.Compare => sharing.Compare(page, ref random),
        SoakOperation.LockByPage => failures.LockByPage(page, ref random),
        SoakOperation.Poison => failures.Poison(page, ref random),
        SoakOperation.PoisonDirty => failures.PoisonDirty(page, ref random),
        SoakOperation.CopyIn => bulk.CopyIn(page, ref random),
        SoakOperation.CopyOut => bulk.CopyOut(page, ref random),
        SoakOperation.StoreAndSync => bulk.StoreAndSync(page, ref random),
        SoakOperation.HoldPin => bulk.HoldPin(page, ref random),
        SoakOperation.ShortView => views.Short(page, ref random),
        SoakOperation.SwapView => views.Swap(ref random),
        SoakOperation.UseSwappedView => views.UseSwapped(page, ref random),
        SoakOperation.LineStore => lines.Store(ref random),
        SoakOperation.LineLoad => lines.Load(ref random),
        SoakOperation.LineSync => lines.Sync(ref random),
        SoakOperation.LineRefault => lines.Refault(ref random),
        SoakOperation.LineClone => lines.Clone(),
        SoakOperation.LineCloneLoad => lines.LoadClone(),
        SoakOperation.ContestedCopyIn => contested.CopyIn(ref random),
        SoakOperation.ContestedCopyOut => contested.CopyOut(ref random),
        SoakOperation.ContestedChange => contested.Change(ref random),
        SoakOperation.ContestedPin => contested.Pin(ref random),
        SoakOperation.TemporaryFile => space.TemporaryFile(ref random),
        SoakOperation.PinnedBlocks => space.PinnedBlocks(),
        SoakOperation.FullDevice => space.FullDevice(ref random),
        SoakOperation.LostMemory => space.LostMemory(ref random),
        _ => space.RefusedClone(ref random),
    };
}
