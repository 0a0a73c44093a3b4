using DaxEmu.Bench.Soak.Operations;
using DaxEmu.Core.Units;

namespace DaxEmu.Bench.Soak;

/// <summary>One thread of a soak: a step after the other, each chosen by the seed, the thread and the step's number.</summary>
internal sealed class SoakJob : IWatched
{
    private readonly int seed;
    private readonly MemoryOperations memory;
    private readonly PrivateOperations copies;
    private readonly FileOperations file;
    private readonly LayoutOperations layout;
    private readonly TailOperations tail;
    private readonly SharingOperations sharing;
    private readonly FailureOperations failures;
    private long step;
    private long operationCount;
    private volatile bool isWorking;
    private volatile SoakFinding? finding;

    public SoakJob(SoakWorld world, int seed, int number)
    {
        World = world;
        Number = number;
        this.seed = seed;
        memory = new MemoryOperations(this);
        copies = new PrivateOperations(this);
        file = new FileOperations(this);
        layout = new LayoutOperations(this);
        tail = new TailOperations(this);
        sharing = new SharingOperations(this);
        failures = new FailureOperations(this);
    }

    /// <summary>What it works on.</summary>
    public SoakWorld World { get; }

    /// <summary>Which thread it is, from 0.</summary>
    public int Number { get; }

    /// <summary>The thread's managed id, once it runs.</summary>
    public int ManagedThreadId { get; private set; }

    /// <summary>Its last operations.</summary>
    public OperationLog Log { get; } = new();

    /// <summary>Bytes of its own, eight pages.</summary>
    public byte[] Buffer { get; } = new byte[8 * DaxConstants.PageSize];

    /// <summary>What it found wrong first; it stops then.</summary>
    public SoakFinding? Finding => finding;

    /// <summary>Operations done. A step that finds its pages taken does none.</summary>
    public long OperationCount => Volatile.Read(ref operationCount);

    /// <summary>Steps done or passed over.</summary>
    public long StepCount => Volatile.Read(ref step);

    /// <inheritdoc/>
    public bool IsWorking => isWorking;

    /// <summary>Works whenever the gate is open, until it is ended or something is wrong.</summary>
    public void Run(QuietGate gate)
    {
        ManagedThreadId = Environment.CurrentManagedThreadId;
        while (finding is null && gate.Enter())
        {
            isWorking = true;
            try
            {
                while (gate.IsOpen && finding is null)
                {
                    Step();
                }
            }
#pragma warning disable CA1031 // Whatever a thread dies of is a finding.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Report(FindingKind.Error, $"{e}\n{PageEvidence.Of(World, Log.Last.Page)}");
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
        var random = new StepRandom(seed, Number, step);
        SoakOperation operation = OperationMix.Choose(ref random);
        long page = ChoosePage(ref random);
        if (Do(operation, page, ref random))
        {
            Volatile.Write(ref operationCount, operationCount + 1);
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
        PageStamp expected = World.Stamps.Shown(side, page);
        if (expected.Judge(bytes, out string seen) is { } kind)
        {
            Report(kind, $"page {page} ({side}) shows {how} {seen}, written last by job {World.Stamps.WriterOf(page)}.\n{PageEvidence.Of(World, page)}");
        }
    }

    // Half of the work falls on the first few 2 MiB, so that threads meet.
    private long ChoosePage(ref StepRandom random)
    {
        long region = random.OneIn(2) ? random.Next(2) : random.Next(World.PageCount >> DaxConstants.PmdOrder);
        int colour = random.OneIn(3) ? 0 : random.OneIn(4) ? random.Next(DaxConstants.PagesPerPmd) : random.Next(8);
        return (region << DaxConstants.PmdOrder) + colour;
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
        _ => failures.Poison(page, ref random),
    };
}
