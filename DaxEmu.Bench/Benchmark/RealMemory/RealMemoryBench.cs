using System.Diagnostics;
using System.Globalization;
using DaxEmu.Bench.Running;

namespace DaxEmu.Bench.Benchmark.RealMemory;

/// <summary>Measures what plain stores to mapped files and calls of unmodified programs cost, beside their floors, in turns (<c>bench --mmu host</c>).</summary>
/// <param name="plan">How much.</param>
/// <param name="progress">Is told what is measured now, and how much of the whole is done.</param>
/// <param name="cancellation">Ends it.</param>
internal sealed class RealMemoryBench(RealMemoryPlan plan, Action<string, double> progress, CancellationToken cancellation)
{
    private readonly Dictionary<string, List<double>> samples = [];

    /// <summary>Measures everything.</summary>
    /// <exception cref="Native.DaxEnvironmentException">The library or a compiler is missing, or the program failed.</exception>
    public IReadOnlyList<RealMemoryCase> Run()
    {
        string library = Path.GetDirectoryName(PreloadLibrary.Find())!;
        using var program = MeasuredProgram.Compile(library, cancellation);
        progress("plain stores", 0);
        Add(program.Run("stores", Text(plan.MappedBytes), Text(plan.Rounds), Text(plan.AroundBytes)));
        progress("calls under run", 0.6);
        MeasureCalls(program);
        progress("start of run", 0.9);
        MeasureStart(program);
        string around = $"{plan.AroundBytes >> 10} KiB of fault-around";
        return
        [
            Case("4 KiB fault", "fault", "SIGSEGV and mmap", "floor-fault", 1.2),
            Case($"store to a page, {around}", "fault-around", "SIGSEGV and mmap", "floor-fault", 0.1),
            Case("store at random, mapped", "store", "the same on tmpfs", "floor-store", 1 / 0.95),
            Case("pread of 4 KiB under run", "pread", "DaxFile.Read", "direct-read", 1.5),
            Case("pwrite of 4 KiB under run", "pwrite", "DaxFile.Write", "direct-write", 1.5),
            new RealMemoryCase("start of run -- true", Median("start"), null, 0, TimeSpan.FromMilliseconds(100).TotalNanoseconds),
        ];
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private void MeasureCalls(MeasuredProgram program)
    {
        using var direct = new DirectCalls(plan.CalledBytes);
        string size = Text(2 * plan.CalledBytes);
        for (int round = 0; round <= plan.Rounds; round++)
        {
            double read = direct.Measure(writes: false);
            double write = direct.Measure(writes: true);
            if (round > 0) // what came before was to warm up
            {
                Add("direct-read", read);
                Add("direct-write", write);
                Add(RunUnder(program, ["--size", size, "--", program.Path, "calls", "/dax/calls", Text(plan.CalledBytes), "1"]));
            }
        }
    }

    private void MeasureStart(MeasuredProgram program)
    {
        for (int round = 0; round <= plan.Rounds; round++)
        {
            long begin = Stopwatch.GetTimestamp();
            _ = program.Output(Self, [.. SelfArguments, "run", "--", "true"]);
            if (round > 0)
            {
                Add("start", Stopwatch.GetElapsedTime(begin).TotalNanoseconds);
            }
        }
    }

    // This command, once more.
    private static string Self => File.Exists(OwnProgram) ? OwnProgram : "dotnet";

    private static string[] SelfArguments => File.Exists(OwnProgram) ? [] : [OwnProgram + ".dll"];

    private static string OwnProgram => Path.Combine(AppContext.BaseDirectory, "daxemu");

    private static Dictionary<string, List<double>> RunUnder(MeasuredProgram program, string[] arguments) =>
        program.RunBy(Self, [.. SelfArguments, "run", .. arguments]);

    private RealMemoryCase Case(string name, string measured, string floor, string floorMeasured, double limit) =>
        new(name, Median(measured), floor, Median(floorMeasured), limit);

    private double Median(string name)
    {
        double[] sorted = [.. samples[name].Order()];
        return sorted[sorted.Length / 2];
    }

    private void Add(Dictionary<string, List<double>> figures)
    {
        foreach ((string name, List<double> values) in figures)
        {
            values.ForEach(value => Add(name, value));
        }
    }

    private void Add(string name, double value)
    {
        if (!samples.TryGetValue(name, out List<double>? values))
        {
            samples.Add(name, values = []);
        }

        values.Add(value);
    }
}
