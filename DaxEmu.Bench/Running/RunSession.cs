using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;
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
        byte[] reports = lines.ReadAll();
        if (reports.Length > 0 || plan.Format == OutputFormat.Json)
        {
            return Show(plan, reports) ? ExitCode.Found : (ExitCode)code;
        }

        // Without what the report needs to be loaded: many a program that is run does nothing with the volume.
        Write(plan, $"daxemu: no process used {plan.Prefix}, or a signal ended those that did.\n");
        return (ExitCode)code;
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
        static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
        IDictionary variables = System.Environment.GetEnvironmentVariables();
        variables[DispatchVariables.Preload] = variables[DispatchVariables.Preload] is string { Length: > 0 } others ? $"{library}:{others}" : library;
        variables[DispatchVariables.Tunables] = variables[DispatchVariables.Tunables] is string { Length: > 0 } tunables
            ? $"{tunables}:{DispatchVariables.KeptStacks}" : DispatchVariables.KeptStacks;
        variables[DispatchVariables.Volume] = volume;
        variables[DispatchVariables.IsNew] = isNew ? "1" : "0";
        variables[DispatchVariables.At] = plan.Prefix;
        variables[DispatchVariables.Profile] = plan.Profile.Name;
        variables[DispatchVariables.Hold] = Number(plan.Hold.Ticks);
        variables[DispatchVariables.Trace] = trace ?? string.Empty;
        variables[DispatchVariables.Watchdog] = Number(plan.Watchdog.Ticks);
        variables[DispatchVariables.Report] = report;
        variables[DispatchVariables.FaultAround] = Number(plan.FaultAroundBytes);
        var texts = new List<string>(variables.Count);
        foreach (DictionaryEntry entry in variables)
        {
            texts.Add(string.Concat((string)entry.Key, "=", (string?)entry.Value));
        }

        return texts;
    }

    private static int Start(RunPlan plan, List<string> environment)
    {
        int id = 0;
        using var started = new ManualResetEventSlim();

        // The program ends by the signal, or goes on; this command waits for it in any case. What is typed reaches it without help.
        using IDisposable forwarding = StopSignals.Forward(signal =>
        {
            started.Wait();
            if (id > 0 && !(signal is PosixSignal.SIGINT or PosixSignal.SIGQUIT && Terminal.IsInForeground()))
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
        PosixSignal.SIGTERM => 15,
        _ => (int)signal, // named by its number
    };

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool Show(RunPlan plan, byte[] lines)
    {
        RunReport report = RunReport.Read(lines);
        Write(plan, plan.Format == OutputFormat.Json ? JsonText.Of(report.ToJson()) + "\n" : report.ToText(plan.Prefix));
        return report.HasHang;
    }

    private static void Write(RunPlan plan, string text)
    {
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
