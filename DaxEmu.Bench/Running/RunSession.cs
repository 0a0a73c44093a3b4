using System.Collections;
using System.Globalization;
using System.Runtime.InteropServices;
using DaxEmu.Bench.Cli;
using DaxEmu.Core;
using DaxEmu.Core.CApi.Interpose.Dispatch;
using DaxEmu.Native;
using DaxEmu.Native.Libc;

namespace DaxEmu.Bench.Running;

/// <summary>One run of a program: its volume, the program, and the report of all processes that used the volume.</summary>
internal static class RunSession
{
    private const long FreshBytes = 1L << 30;
    private static readonly PosixSignal[] TypedSignals = [PosixSignal.SIGINT, PosixSignal.SIGQUIT];

    /// <summary>Runs the program.</summary>
    /// <returns>The program's exit code; 1 if it hangs.</returns>
    /// <exception cref="DaxEnvironmentException">The library, the volume or the program is missing or cannot be used.</exception>
    public static ExitCode Run(RunPlan plan)
    {
        string library = PreloadLibrary.Find();
        ProgramFile.RefuseStatic(plan.Program[0]);
        using NamelessFile? fresh = plan.VolumePath is null ? NamelessFile.Create(DeviceSize(plan.SizeBytes)) : null;
        using NamelessFile lines = NamelessFile.Create(0);
        string volume = fresh?.Path ?? ExistingVolume(plan);
        string? trace = plan.TracePath is { } given ? Path.GetFullPath(given) : null;
        if (trace is not null)
        {
            File.WriteAllBytes(trace, []);
        }

        int code = Start(plan, Environment(plan, library, volume, fresh is not null, trace, lines.Path));
        RunReport report = RunReport.Read(lines.ReadAll());
        Show(plan, report);
        return report.HasHang ? ExitCode.Found : (ExitCode)code;
    }

    private static long DeviceSize(long? bytes) => bytes is not { } size ? FreshBytes
        : size % DaxConstants.PmdSize == 0 ? size
        : throw new ArgumentException($"--size {size} is no multiple of 2m. Round it up to {SizeText.Format((size + DaxConstants.PmdSize - 1) / DaxConstants.PmdSize * DaxConstants.PmdSize)}.");

    // Opened once: what is wrong with it is said before the program starts.
    private static string ExistingVolume(RunPlan plan)
    {
        string path = Path.GetFullPath(plan.VolumePath!);
        if (plan.SizeBytes is not null)
        {
            throw new ArgumentException("--size is for a fresh volume. Leave it away, or make the volume larger with 'daxemu volume grow'.");
        }

        using PmemDevice device = PmemDevice.Open(path);
        using (DaxVolume.Mount(device))
        {
            return path;
        }
    }

    private static List<string> Environment(RunPlan plan, string library, string volume, bool isNew, string? trace, string report)
    {
        var variables = new Dictionary<string, string>();
        foreach (DictionaryEntry entry in System.Environment.GetEnvironmentVariables())
        {
            variables[(string)entry.Key] = (string?)entry.Value ?? string.Empty;
        }

        static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
        variables[DispatchVariables.Preload] = variables.TryGetValue(DispatchVariables.Preload, out string? others) && others.Length > 0 ? $"{library}:{others}" : library;
        variables[DispatchVariables.Volume] = volume;
        variables[DispatchVariables.IsNew] = isNew ? "1" : "0";
        variables[DispatchVariables.At] = plan.Prefix;
        variables[DispatchVariables.Profile] = plan.Profile.Name;
        variables[DispatchVariables.Hold] = Number(plan.Hold.Ticks);
        variables[DispatchVariables.Trace] = trace ?? string.Empty;
        variables[DispatchVariables.Watchdog] = Number(plan.Watchdog.Ticks);
        variables[DispatchVariables.Report] = report;
        variables[DispatchVariables.FaultAround] = Number(plan.FaultAroundBytes);
        return [.. variables.Select(v => $"{v.Key}={v.Value}")];
    }

    private static int Start(RunPlan plan, List<string> environment)
    {
        int id = 0;
        using var started = new ManualResetEventSlim();

        // The program ends by the signal, or goes on; this command waits for it in any case. What is typed reaches it without help.
        using IDisposable forwarding = StopSignals.Forward(signal =>
        {
            started.Wait();
            if (id > 0 && !(TypedSignals.Contains(signal) && Terminal.IsInForeground()))
            {
                ChildProcess.Signal(id, Number(signal));
            }
        });
        id = ChildProcess.Start(plan.Program, environment);
        started.Set();
        if (id < 0)
        {
            throw Errno.Failure("cannot start", plan.Program[0], -id);
        }

        return ChildProcess.Wait(id);
    }

    private static int Number(PosixSignal signal) => signal switch
    {
        PosixSignal.SIGHUP => 1,
        PosixSignal.SIGINT => 2,
        PosixSignal.SIGQUIT => 3,
        _ => 15,
    };

    private static void Show(RunPlan plan, RunReport report)
    {
        string text = plan.Format == OutputFormat.Json ? JsonText.Of(report.ToJson()) + "\n" : report.ToText(plan.Prefix);
        if (plan.ReportPath is { } path)
        {
            File.WriteAllText(path, text);
        }
        else
        {
            Console.Error.Write(text);
        }
    }
}
