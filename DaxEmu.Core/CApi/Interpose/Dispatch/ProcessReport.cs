using System.Buffers;
using System.Text.Json;
using DaxEmu.Core.Dax.Faults;

namespace DaxEmu.Core.CApi.Interpose.Dispatch;

/// <summary>What one process did on the volume, as a line of JSON. A later line of the same process and program has all that an earlier one had.</summary>
internal static class ProcessReport
{
    /// <summary>Formats the line, its end included.</summary>
    /// <param name="processId">The process.</param>
    /// <param name="imageId">Tells apart the programs that run one after the other under one process id.</param>
    /// <param name="program">The program's name.</param>
    /// <param name="hang">The wait graph, if a thread of it hangs.</param>
    /// <param name="faults">Its page faults.</param>
    /// <param name="waits">Its waits for entries.</param>
    public static byte[] Format(int processId, long imageId, string program, string? hang, HostFaultCounts faults, WaitCounts waits)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("pid", processId);
            json.WriteNumber("image", imageId);
            json.WriteString("program", program);
            json.WriteString("hang", hang);
            json.WriteNumber("pte", faults.Pte);
            json.WriteNumber("pmd", faults.Pmd);
            json.WriteNumber("major", faults.Major);
            json.WriteNumber("signals", faults.Signals);
            json.WriteNumber("stores", faults.Stores);
            json.WriteNumber("bus", faults.Bus);
            json.WriteNumber("evictions", faults.Evictions);
            json.WriteStartObject("fallbacks");
            foreach ((FallbackReason reason, long count) in faults.Fallbacks)
            {
                json.WriteNumber(reason.ToString(), count);
            }

            json.WriteEndObject();
            json.WriteNumber("waits", waits.Waits);
            json.WriteNumber("waited_ns", waits.WaitedNs);
            json.WriteNumber("sleeps", waits.Sleeps);
            json.WriteNumber("waits_for_smaller", waits.WaitsForSmaller);
            json.WriteNumber("spurious_wake_ups", waits.SpuriousWakeUps);
            json.WriteNumber("conflicts", waits.Conflicts);
            json.WriteStartArray("latencies");
            foreach ((long nanoseconds, long count) in faults.Latencies)
            {
                json.WriteStartArray();
                json.WriteNumberValue(nanoseconds);
                json.WriteNumberValue(count);
                json.WriteEndArray();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        buffer.GetSpan(1)[0] = (byte)'\n';
        buffer.Advance(1);
        return buffer.WrittenSpan.ToArray();
    }
}
