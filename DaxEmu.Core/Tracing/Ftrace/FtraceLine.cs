namespace DaxEmu.Core.Tracing.Ftrace;

/// <summary>Parses lines of trace text; keeps what repeats from line to line.</summary>
internal sealed class FtraceLine
{
    // Addresses of user space with five levels of tables; pages of a file whose offset is a kernel's loff_t, or of its unsigned counterpart.
    private const long LargestAddress = (1L << 56) - 1;
    private const long LargestPage = (1L << 52) - 1;
    private const int LongestComm = 64;
    private const int MostTasks = 1 << 12;
    private const int LargestResult = 0xFFFFF;

    private readonly Dictionary<int, FtraceTask> tasks = [];
    private byte[] lastFlagNames = [];
    private FaultFlags lastFlags;

    /// <summary>Parses a line that is neither empty nor a comment.</summary>
    /// <returns>False if its event is none of <see cref="DaxEventKind"/>.</returns>
    /// <exception cref="FormatException">It is no line of trace text; the message says what is wrong, but not in which line.</exception>
    public bool TryParse(ReadOnlySpan<byte> line, out FtraceRecord record)
    {
        int cpuStart = FindCpu(line, out int cpuEnd);
        FtraceTask task = Task(line[..cpuStart].Trim((byte)' '));
        int cpu = FtraceCursor.Decimal(line[(cpuStart + 1)..cpuEnd], "the processor");

        var cursor = new FtraceCursor(line[(cpuEnd + 1)..]);
        ReadOnlySpan<byte> time = cursor.Word();
        if (!time.EndsWith(":"u8))
        {
            time = cursor.Word(); // The word before was the column of interrupt flags.
        }

        TimeSpan at = Time(time);
        ReadOnlySpan<byte> name = cursor.Word();
        if (!name.EndsWith(":"u8))
        {
            throw FtraceCursor.Wrong($"no event's name but '{FtraceCursor.Text(name)}' follows the time");
        }

        if (!TraceNames.TryParse(name[..^1], out DaxEventKind kind))
        {
            record = default;
            return false;
        }

        cursor.Expect("dev"u8);
        DeviceNumber device = Device(cursor.Word());
        record = new FtraceRecord(task, cpu, at, device, Event(kind, ref cursor));
        return true;
    }

    private DaxEvent Event(DaxEventKind kind, ref FtraceCursor cursor)
    {
        long ino = cursor.Hex("ino"u8, long.MaxValue);
        switch (kind)
        {
            case DaxEventKind.WritebackRange:
            case DaxEventKind.WritebackRangeDone:
                (long first, long last) = cursor.HexRange("pgoff"u8, LargestPage);
                return DaxEvent.OfPass(kind, ino, new PageIndex(first), new PageIndex(last));
            case DaxEventKind.WritebackOne:
            case DaxEventKind.EntryWait:
            case DaxEventKind.EntryConflict:
            case DaxEventKind.EntryWake:
                var index = new PageIndex(cursor.Hex("pgoff"u8, LargestPage));
                long pageCount = cursor.Hex("pglen"u8, LargestPage);
                return DaxEvent.OfEntry(kind, ino, index, pageCount, kind == DaxEventKind.EntryWake && WakesAll(ref cursor));
            case DaxEventKind.PmdLoadHole:
            case DaxEventKind.PmdLoadHoleFallback:
                return Hole(kind, ino, ref cursor);
            default:
                return Fault(kind, ino, ref cursor);
        }
    }

    private DaxEvent Fault(DaxEventKind kind, long ino, ref FtraceCursor cursor)
    {
        bool isPmd = kind is DaxEventKind.PmdFault or DaxEventKind.PmdFaultDone;
        bool isShared = IsShared(ref cursor);
        FaultFlags flags = FaultFlags.None;
        if (!cursor.TryTake("address"u8))
        {
            flags = Flags(cursor.Word());
            cursor.Expect("address"u8);
        }

        long address = cursor.HexWord("address"u8, LargestAddress);
        long start = isPmd ? cursor.Hex("vm_start"u8, LargestAddress) : 0;
        long end = isPmd ? cursor.Hex("vm_end"u8, LargestAddress) : 0;
        if (isPmd && (start > address || address >= end))
        {
            throw FtraceCursor.Wrong($"the address 0x{address:x} does not lie in the VMA from 0x{start:x} to 0x{end:x}");
        }

        var index = new PageIndex(cursor.Hex("pgoff"u8, LargestPage));
        var maximum = new PageIndex(isPmd ? cursor.Hex("max_pgoff"u8, LargestPage) : 0);
        ReadOnlySpan<byte> names = cursor.Word();
        return TraceNames.TryParse(names, out FaultResult result) && (uint)result <= LargestResult
            ? DaxEvent.OfFault(kind, new FaultEvent(ino, isShared, flags, address, start, end, index, maximum), result)
            : throw FtraceCursor.Wrong($"unknown result '{FtraceCursor.Text(names)}'");
    }

    private static DaxEvent Hole(DaxEventKind kind, long ino, ref FtraceCursor cursor)
    {
        bool isShared = IsShared(ref cursor);
        long address = cursor.Hex("address"u8, LargestAddress);
        if (!cursor.TryTake("zero_folio"u8))
        {
            cursor.Expect("zero_page"u8); // its name in older kernels
        }

        cursor.Word();
        ulong radixEntry = cursor.HexBits("radix_entry"u8);
        return DaxEvent.OfFault(kind, new FaultEvent(ino, isShared, FaultFlags.None, address, 0, 0, default, default)) with
        {
            RadixEntry = radixEntry,
        };
    }

    private static bool IsShared(ref FtraceCursor cursor)
    {
        ReadOnlySpan<byte> word = cursor.Word();
        return word.SequenceEqual("shared"u8)
            || (word.SequenceEqual("private"u8)
                ? false
                : throw FtraceCursor.Wrong($"'shared' or 'private' was expected where '{FtraceCursor.Text(word)}' stands"));
    }

    private static bool WakesAll(ref FtraceCursor cursor)
    {
        cursor.Expect("mode"u8);
        return cursor.TryTake("all"u8);
    }

    private FaultFlags Flags(ReadOnlySpan<byte> names)
    {
        if (!names.SequenceEqual(lastFlagNames))
        {
            if (!TraceNames.TryParse(names, out FaultFlags flags))
            {
                throw FtraceCursor.Wrong($"unknown fault flags '{FtraceCursor.Text(names)}'");
            }

            lastFlagNames = names.ToArray();
            lastFlags = flags;
        }

        return lastFlags;
    }

    // A thread's name may hold spaces and even brackets, so the processor's column is looked for by its digits.
    private static int FindCpu(ReadOnlySpan<byte> line, out int end)
    {
        for (int from = 0; ;)
        {
            int start = line[from..].IndexOf(" ["u8);
            if (start < 0)
            {
                throw FtraceCursor.Wrong("there is no processor in brackets, as in '[001]'");
            }

            start += from + 1;
            int length = line[(start + 1)..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
            end = start + 1 + length;
            if (length > 0 && line[end] == ']')
            {
                return start;
            }

            from = start;
        }
    }

    private FtraceTask Task(ReadOnlySpan<byte> text)
    {
        // With the option record-tgid the group's id follows in parentheses.
        if (text.EndsWith(")"u8) && text.LastIndexOf((byte)'(') is > 0 and var group)
        {
            text = text[..group].TrimEnd((byte)' ');
        }

        int dash = text.LastIndexOf((byte)'-');
        if (dash < 0)
        {
            throw FtraceCursor.Wrong($"the thread is not NAME-ID but '{FtraceCursor.Text(text)}'");
        }

        int pid = FtraceCursor.Decimal(text[(dash + 1)..], "the thread's id");
        ReadOnlySpan<byte> comm = text[..dash];
        if (comm.Length > LongestComm)
        {
            throw FtraceCursor.Wrong($"the thread's name has {comm.Length} bytes; at most {LongestComm} are read");
        }

        if (!tasks.TryGetValue(pid, out FtraceTask? task) || !IsSame(comm, task.Comm))
        {
            task = new FtraceTask(FtraceCursor.Text(comm), pid);
            if (tasks.Count == MostTasks)
            {
                tasks.Clear(); // a cache; tasks are equal by value
            }

            tasks[pid] = task;
        }

        return task;
    }

    private static bool IsSame(ReadOnlySpan<byte> bytes, string text) => System.Text.Ascii.Equals(bytes, text);

    private static TimeSpan Time(ReadOnlySpan<byte> text)
    {
        int dot = text.IndexOf((byte)'.');
        if (dot < 0 || !text.EndsWith(":"u8))
        {
            throw FtraceCursor.Wrong($"no time 'SECONDS.MICROSECONDS:' but '{FtraceCursor.Text(text)}'");
        }

        ReadOnlySpan<byte> fraction = text[(dot + 1)..^1];
        long ticks = FtraceCursor.Decimal(text[..dot], "the time") * TimeSpan.TicksPerSecond;
        int part = FtraceCursor.Decimal(fraction, "the time's fraction");
        return fraction.Length switch
        {
            6 => TimeSpan.FromTicks(ticks + (part * TimeSpan.TicksPerMicrosecond)),
            9 => TimeSpan.FromTicks(ticks + (part / TimeSpan.NanosecondsPerTick)),
            _ => throw FtraceCursor.Wrong($"the time has {fraction.Length} digits after the point, not 6 or 9"),
        };
    }

    private static DeviceNumber Device(ReadOnlySpan<byte> text)
    {
        int colon = text.IndexOf((byte)':');
        return colon < 0
            ? throw FtraceCursor.Wrong($"no device 'MAJOR:MINOR' but '{FtraceCursor.Text(text)}'")
            : new DeviceNumber(
                FtraceCursor.Decimal(text[..colon], "the device's major number"),
                FtraceCursor.Decimal(text[(colon + 1)..], "the device's minor number"));
    }
}
