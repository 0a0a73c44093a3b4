using System.Globalization;
using DaxEmu.Bench.Cli;
using DaxEmu.Core;
using DaxEmu.Native;

namespace DaxEmu.Bench.Benchmark.Engines.Fio;

/// <summary>fio, run on the device's own file: its mmap engine copies blocks to and from a mapping (engine <c>fio</c>).</summary>
/// <param name="path">The program.</param>
/// <param name="device">The device.</param>
/// <param name="seed">Seed of the random orders.</param>
/// <param name="cancellation">Ends a run.</param>
/// <param name="cpus">The CPUs that its jobs may use; null for all.</param>
internal sealed class FioProgram(string path, PmemDevice device, int seed, CancellationToken cancellation, IReadOnlyList<int>? cpus = null)
{
    private const string Name = "fio";

    /// <summary>The program, if it is installed.</summary>
    /// <param name="folders">Where to look, as <c>PATH</c> has it.</param>
    public static string? Find(string? folders) => ProgramOutput.Find(Name, folders);

    /// <summary>What a user is told where it is not installed.</summary>
    public static string Missing => $"there is no {Name} in the PATH; install the package {Name} (apt-get install {Name})";

    /// <summary>The command line of a run.</summary>
    /// <param name="load">The case.</param>
    /// <param name="file">The file.</param>
    /// <param name="seed">Seed of the random orders.</param>
    /// <param name="ramp">Untimed time, in which it faults its mapping in.</param>
    /// <param name="runtime">Timed time.</param>
    public static IReadOnlyList<string> Arguments(FaultCase load, string file, int seed, TimeSpan ramp, TimeSpan runtime)
    {
        long part = load.IsSeparate ? load.MappingBytes : load.MappingBytes / load.JobCount;
        long whole = part / load.UnitBytes * load.UnitBytes;
        return
        [
            "--name=daxemu", "--ioengine=mmap", $"--filename={file}", "--allow_file_create=0", "--fallocate=none",
            $"--bs={load.UnitBytes.ToString(CultureInfo.InvariantCulture)}", $"--rw={load.Pattern}",
            $"--size={whole.ToString(CultureInfo.InvariantCulture)}", $"--offset_increment={part.ToString(CultureInfo.InvariantCulture)}",
            $"--numjobs={load.JobCount.ToString(CultureInfo.InvariantCulture)}", "--thread", "--group_reporting",
            $"--randseed={seed.ToString(CultureInfo.InvariantCulture)}",
            "--time_based", $"--ramp_time={Milliseconds(ramp)}ms", $"--runtime={Milliseconds(runtime)}ms", "--output-format=json+",
            .. load.SyncInterval == 0 ? Array.Empty<string>() : [$"--fsync={load.SyncInterval.ToString(CultureInfo.InvariantCulture)}"],
            .. load.Distribution is null ? Array.Empty<string>() : [$"--random_distribution={load.Distribution.Text}"],
        ];
    }

    /// <summary>Runs it once.</summary>
    /// <exception cref="DaxEnvironmentException">It failed, or printed what is not its JSON.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public FioFigures Run(FaultCase load, TimeSpan ramp, TimeSpan runtime)
    {
        // The file may have lost its name: another process reaches it through this one's descriptor.
        string file = $"/proc/{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}/fd/{device.File!.DangerousGetHandle().ToString(CultureInfo.InvariantCulture)}";
        IEnumerable<string> placed = cpus is null ? [] : [$"--cpus_allowed={string.Join(',', cpus)}"];
        return FioFigures.Parse(ProgramOutput.Of(path, [.. Arguments(load, file, seed, ramp, runtime), .. placed], Name, "Run fio alone to see why.", cancellation), load.IsWrite);
    }

    private static string Milliseconds(TimeSpan time) => Math.Max(1, (long)time.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
}
