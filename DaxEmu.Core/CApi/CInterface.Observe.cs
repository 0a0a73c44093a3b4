using System.Runtime.InteropServices;
using DaxEmu.Core.Dax.Faults;
using DaxEmu.Core.Dax.Waiting;
using DaxEmu.Native.Library;

namespace DaxEmu.Core.CApi;

/// <content>What can be observed: profiles, traces, counters, threads that wait.</content>
internal static unsafe partial class CInterface
{
    [UnmanagedCallersOnly(EntryPoint = "daxemu_profile_count")]
    internal static long ProfileCount() => WaitProfiles.All.Count;

    [UnmanagedCallersOnly(EntryPoint = "daxemu_profile_name")]
    internal static long ProfileName(long number, byte* buffer, nuint size) =>
        Call.Count(() => Utf8Text.Give(At(WaitProfiles.All, number).Name, buffer, size));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_profile_description")]
    internal static long ProfileDescription(long number, byte* buffer, nuint size) =>
        Call.Count(() => Utf8Text.Give(At(WaitProfiles.All, number).Description, buffer, size));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_trace_start")]
    internal static int TraceStart(nint volume, byte* path) =>
        Call.Do(() => Handles.Get<OpenVolume>(volume).Events.Start(Utf8Text.Required(path, "The path")));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_trace_stop")]
    internal static int TraceStop(nint volume) => Call.Do(() => Handles.Get<OpenVolume>(volume).Events.Dispose());

    [UnmanagedCallersOnly(EntryPoint = "daxemu_get_counters")]
    internal static int GetCounters(DaxemuCounters* counters) => Call.Do(() => CStruct.Write(CountersNow(), counters, "The counters"));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_fallback_name")]
    internal static long FallbackName(long number, byte* buffer, nuint size) =>
        Call.Count(() => Utf8Text.Give(KebabCase(At(Enum.GetNames<FallbackReason>(), number)), buffer, size));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_wait_graph")]
    internal static long WaitGraphText(byte* buffer, nuint size) => Call.Count(() =>
    {
        DaxFile[] files = [.. Handles.All<OpenVolume>().SelectMany(volume => volume.Files)];
        return Utf8Text.Give(WaitGraph.Capture(WaitTable.Shared, files.Select(file => file.Mapping.Locker)).ToString(), buffer, size);
    });

    [UnmanagedCallersOnly(EntryPoint = "daxemu_set_fault_policy")]
    internal static int SetFaultPolicy(int policy) => (int)Call.Count(() =>
    {
        HostFaultPolicy before = HostFaults.Policy;
        HostFaults.Policy = Known((HostFaultPolicy)policy, "a fault policy");
        return (int)before;
    });

    private static DaxemuCounters CountersNow()
    {
        HostFaultCounts faults = HostFaults.Counts;
        WaitCounts waits = WaitCounts.Now;
        (long Nanoseconds, long Count)[] latencies = [.. faults.Latencies];
        var counters = new DaxemuCounters
        {
            PteFaults = faults.Pte,
            PmdFaults = faults.Pmd,
            MajorFaults = faults.Major,
            FaultErrors = faults.Bus,
            Evictions = faults.Evictions,
            Waits = waits.Waits,
            WaitedNs = waits.WaitedNs,
            Sleeps = waits.Sleeps,
            SpuriousWakeUps = waits.SpuriousWakeUps,
            RepeatedSleeps = waits.RepeatedSleeps,
            Conflicts = waits.Conflicts,
            FaultP50Ns = Percentile(latencies, 0.5),
            FaultP90Ns = Percentile(latencies, 0.9),
            FaultP99Ns = Percentile(latencies, 0.99),
            FaultP999Ns = Percentile(latencies, 0.999),
            FaultMaximumNs = Percentile(latencies, 1),
        };
        foreach ((FallbackReason reason, long count) in faults.Fallbacks)
        {
            counters.Fallbacks[(int)reason] = count;
        }

        return counters;
    }

    private static long Percentile((long Nanoseconds, long Count)[] latencies, double part)
    {
        double wanted = latencies.Sum(step => step.Count) * part;
        long passed = 0;
        foreach ((long nanoseconds, long count) in latencies)
        {
            passed += count;
            if (passed >= wanted)
            {
                return nanoseconds;
            }
        }

        return 0;
    }
}
