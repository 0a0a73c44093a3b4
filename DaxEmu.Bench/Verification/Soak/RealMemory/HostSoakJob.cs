using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Soak.RealMemory;

/// <summary>A thread of a soak of real memory: one operation after the other, each on pages that it has taken.</summary>
internal sealed partial class HostSoakJob : IWatched
{
    private const int Lines = 64;

    private static readonly (HostOperation Operation, int Weight)[] Mix =
    [
        (HostOperation.Store, 300), (HostOperation.Load, 200), (HostOperation.Line, 150), (HostOperation.Write, 60), (HostOperation.Read, 50),
        (HostOperation.Punch, 40), (HostOperation.Zero, 20), (HostOperation.Allocate, 20), (HostOperation.Truncate, 12), (HostOperation.Collapse, 4),
        (HostOperation.Insert, 4), (HostOperation.Sync, 25), (HostOperation.DontNeed, 25), (HostOperation.Private, 50), (HostOperation.OwnView, 30),
        (HostOperation.Prefault, 60), (HostOperation.Poison, 10),
    ];

    private static readonly int MixTotal = Mix.Sum(m => m.Weight);

    private readonly HostFixture fixture;
    private readonly int seed;
    private readonly PlainMemory memory;
    private readonly ulong[] lines;
    private readonly long[] counts = new long[Mix.Length];
    private readonly byte[] page = new byte[DaxConstants.PageSize];
    private volatile SoakFinding? finding;
    private volatile bool isWorking;
    private volatile string current = "nothing yet";
    private long stepCount;
    private StepRandom random;

    public HostSoakJob(HostFixture fixture, int seed, int number)
    {
        this.fixture = fixture;
        this.seed = seed;
        Number = number;
        Stream = number;
        memory = new PlainMemory(isNative: number % 2 == 1);
        lines = new ulong[fixture.Files.Count];
    }

    public int Number { get; }

    /// <summary>The number of its choices: that of the thread among those of all shards.</summary>
    public int Stream { get; init; }

    public bool IsNative => memory.IsNative;

    public bool IsWorking => isWorking;

    public long StepCount => Volatile.Read(ref stepCount);

    /// <summary>What it found; null if nothing.</summary>
    public SoakFinding? Finding => finding;

    /// <summary>What it does, or did last.</summary>
    public string Current => $"job {Number} ({(IsNative ? "libc" : "managed")}), step {StepCount}: {current}";

    /// <summary>How often an operation was carried out; one that met taken pages is not counted.</summary>
    public long CountOf(HostOperation operation) => counts[(int)operation];

    /// <summary>Works whenever the gate is open, until it is over or something is found.</summary>
    public void Run(QuiescenceGate gate)
    {
        while (finding is null && gate.Enter())
        {
            isWorking = true;
            while (gate.IsOpen && finding is null)
            {
                Step();
            }

            isWorking = false;
            gate.Leave();
        }
    }

    private void Step()
    {
        long step = StepCount + 1;
        random = new StepRandom(seed, Stream, step);
        HostOperation operation = Choose();
        HostSoakFile file = fixture.Files[random.Next(fixture.Files.Count)];
        current = $"{operation} of file {file.Number}";
        try
        {
            if (Do(operation, file))
            {
                counts[(int)operation]++;
            }
        }
#pragma warning disable CA1031 // Whatever an operation throws is a finding.
        catch (Exception problem)
#pragma warning restore CA1031
        {
            Find(FindingKind.Error, $"{current}: {problem.GetType().Name}: {problem.Message}");
        }

        Volatile.Write(ref stepCount, step);
    }

    private HostOperation Choose()
    {
        int left = random.Next(MixTotal);
        foreach ((HostOperation operation, int weight) in Mix)
        {
            left -= weight;
            if (left < 0)
            {
                return operation;
            }
        }

        return HostOperation.Load;
    }

    private bool Do(HostOperation operation, HostSoakFile file)
    {
        switch (operation)
        {
            case HostOperation.Line:
                return CountLineUp(file);
            case HostOperation.Sync:
                return Sync(file);
            case HostOperation.DontNeed:
                return DontNeed(file);
            case HostOperation.Prefault:
                return Prefault(file);
            case HostOperation.Truncate:
                return OnTail(file, Truncate);
            case HostOperation.Collapse:
                return OnTail(file, Collapse);
            case HostOperation.Insert:
                return OnTail(file, Insert);
            case HostOperation.Poison:
                return OnRun(fixture.Poisoned, 1, (first, _) => Poison(fixture.Poisoned, first));
            default:
                return OnRun(file, RunLength(), (first, count) => OnPages(operation, file, first, count));
        }
    }

    private void OnPages(HostOperation operation, HostSoakFile file, long first, long count)
    {
        switch (operation)
        {
            case HostOperation.Store:
                StoreAll(file, AnyShared(file), first, count);
                CheckAll(file, AnyShared(file), first, count);
                break;
            case HostOperation.Load:
                CheckAll(file, AnyShared(file), first, count);
                break;
            case HostOperation.Write:
                WriteAll(file, first, count);
                break;
            case HostOperation.Read:
                ReadAll(file, first, count);
                break;
            case HostOperation.Punch:
                // What is stored after it gets new blocks, together if all 2 MiB were punched.
                file.File.PunchHole(first * DaxConstants.PageSize, count * DaxConstants.PageSize);
                file.Pages.Forget(PageSide.File, first, count);
                CheckAll(file, AnyShared(file), first, random.OneIn(2) ? count : 0);
                StoreAll(file, AnyShared(file), first, random.OneIn(2) ? count : 0);
                break;
            case HostOperation.Zero:
                file.File.ZeroRange(first * DaxConstants.PageSize, count * DaxConstants.PageSize);
                file.Pages.Forget(PageSide.File, first, count);
                CheckAll(file, AnyShared(file), first, count);
                break;
            case HostOperation.Allocate:
                file.File.Allocate(first * DaxConstants.PageSize, count * DaxConstants.PageSize, keepSize: true);
                CheckAll(file, AnyShared(file), first, count);
                break;
            case HostOperation.Private:
                UsePrivate(file, first, count);
                break;
            case HostOperation.OwnView:
                UseOwnView(file, first, count);
                break;
            default:
                throw new InvalidOperationException($"{operation} is not of a run of pages.");
        }
    }

    // Mostly a few pages, sometimes so many that 2 MiB translations are made and cut.
    private int RunLength() => random.Next(10) switch
    {
        < 7 => 1 + random.Next(8),
        < 9 => 1 + random.Next(64),
        _ => DaxConstants.PagesPerPmd,
    };

    // Half of the runs lie in the first quarter, so that threads meet.
    private bool OnRun(HostSoakFile file, int count, Action<long, long> work)
    {
        count = (int)Math.Min(count, file.PageCount / 4);
        long places = file.PageCount - count - 1;
        long first = 1 + random.Next(random.OneIn(2) ? Math.Max(1, places / 4) : places);
        if (count == DaxConstants.PagesPerPmd)
        {
            first = Math.Max(first & -count, count); // 2 MiB of one translation; the first ones have the lines
        }

        if (!file.Pages.TryTake(first, count))
        {
            return false;
        }

        try
        {
            current = $"{current}, pages {first}-{first + count - 1}";
            work(first, count);
            return true;
        }
        finally
        {
            file.Pages.Give(first, count);
        }
    }

    // All pages from a random one on.
    private bool OnTail(HostSoakFile file, Action<HostSoakFile, long> work)
    {
        long count = 2 + random.Next(file.PageCount / 4);
        long first = file.PageCount - count;
        if (!file.Pages.TryTake(first, count))
        {
            return false;
        }

        try
        {
            current = $"{current}, from page {first} on";
            work(file, first);
            return true;
        }
        finally
        {
            file.Pages.Give(first, count);
        }
    }

    private HostView AnyShared(HostSoakFile file) => file.Shared[random.Next(file.Shared.Count)];

    private void Check(HostSoakFile file, HostView view, long viewFirst, PageSide side, long number)
    {
        if (finding is null && memory.Judge(view, number - viewFirst, file.Pages.Shown(side, number), out string seen) is { } kind)
        {
            Find(kind, $"{file.NameOf(number)} shows {seen} by view {view.Mode}, at {current}\n{file.Evidence(number)}");
        }
    }

    private void Find(FindingKind kind, string text) => finding ??= new SoakFinding(kind, $"job {Number}, {text}");

    private void Require(bool holds, string what)
    {
        if (!holds)
        {
            Find(FindingKind.Error, $"{current}: {what}");
        }
    }
}
