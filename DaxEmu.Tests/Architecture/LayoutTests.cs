using System.Collections;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using DaxEmu.Bench.Benchmark.Engines.Radix;
using DaxEmu.Core;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Dax.Waiting;
using DaxEmu.Core.Mm;
using DaxEmu.Native.Libc;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Architecture;

/// <summary>What is padded or placed lies as the kernel, or a neighbouring thread, expects it.</summary>
public sealed unsafe class LayoutTests
{
    private const int Line = ThreadSlots.LineBytes;

    // Sizes and offsets of x86-64 Linux and glibc; of our own structs those on which a line's sharing depends.
    private static readonly (string Type, int Size, string Fields)[] Expected =
    [
        ("DaxEmu.Native.Libc.FileLock", 32, "Type 0, Whence 2, Start 8, Length 16, Pid 24"),
        ("DaxEmu.Native.Libc.PollDescriptor", 8, "Descriptor 0, Wanted 4, Seen 6"),
        ("DaxEmu.Native.Libc.StatfsResult", 120, "Type 0, BlockSize 8, Blocks 16, FreeBlocks 24, AvailableBlocks 32, Files 40, FreeFiles 48, FileSystemId 56, NameLength 64, FragmentSize 72, Flags 80, Spare 88"),
        ("DaxEmu.Native.Libc.TimeSpec", 16, "Seconds 0, Nanoseconds 8"),
        ("DaxEmu.Native.Libc.SignalCalls+SigInfo", 128, "Signal 0, Errno 4, Code 8, Address 16, AddressLsb 24"),
        ("DaxEmu.Native.Libc.FaultCounter+Usage", 144, "Times 0, Sizes 32, MinorFaults 64, MajorFaults 72, Others 80"),
        ("DaxEmu.Native.Libc.SignalCalls+SigAction", 152, "Handler 0, Mask 8, Flags 136, Restorer 144"),
        ("DaxEmu.Core.Mm.ReaderSlot", Line, "Hold0 0, Extent 64"),
        ("DaxEmu.Core.Atomics.SharedHold", Line, "Semaphore 0"),
        ("DaxEmu.Core.Dax.Waiting.WaitNode", Line, "State 0, Next 8, Previous 16, Mapping 24, KeyStart 32, EntryStart 40, EntryOrder 48, ManagedThreadId 52, SinceTimestamp 56, IsExclusive 64, SearchedIndex 72, SearchedOrder 80, WokenForStart 88, WokenForOrder 96"),
        ("DaxEmu.Core.Dax.Waiting.WaitTally", Line, "Waits 0, WaitedTicks 8, Sleeps 16, WaitsForSmaller 24, NeedlessWaits 32, SpuriousWakeUps 40, RepeatedSleeps 48, PassedOn 56, Conflicts 64, WakeCalls 72, EmptyWakeCalls 80"),
        ("DaxEmu.Core.Dax.Waiting.WaitTable+Bucket", Line, "Gate 0, First 8, Last 16, LastWakeMapping 24, LastWakeStart 32, LastWakeTimestamp 40, LastWakeThread 48, LastWakeMode 52"),
        ("DaxEmu.Bench.Benchmark.Engines.Radix.RadixNode", 576, "Slots 0, Dirty 512, Towrite 520, Parent 528, OffsetInParent 536, Shift 540, UsedSlots 544"),
    ];

    private static readonly Assembly[] Assemblies = [typeof(FileLock).Assembly, typeof(PmemDevice).Assembly, typeof(RadixNode).Assembly];

    [TestCaseSource(nameof(Expected))]
    public void AStructThatIsPaddedOrPlacedLiesAsExpected((string Type, int Size, string Fields) expected)
    {
        Type type = Assemblies.Select(a => a.GetType(expected.Type)).First(t => t is not null)!;
        string fields = string.Join(", ", Fields(type).Select(f => (f.Name, Offset: OffsetOf(type, f))).OrderBy(f => f.Offset).Select(f => $"{f.Name} {f.Offset}"));
        Assert.That(fields, Is.EqualTo(expected.Fields));
        Assert.That(SizeOf(type), Is.EqualTo(expected.Size));
    }

    [Test]
    public void EveryStructThatIsPaddedOrPlacedIsInTheList()
    {
        IEnumerable<string?> placed =
            from type in Assemblies.SelectMany(a => a.GetTypes())
            where type.IsValueType && !type.IsEnum && (type.IsExplicitLayout || type.StructLayoutAttribute!.Size > 1)
            where !type.Name.StartsWith('<') && !type.FullName!.Contains("PrivateImplementationDetails", StringComparison.Ordinal)
            select type.FullName;
        Assert.That(placed.Except(Expected.Select(e => e.Type)), Is.Empty);
    }

    [Test]
    public void EachThreadHasALineOfItsOwnInEachOfItsTables()
    {
        nint[] first = LinesOfThisThread();
        nint[] second = [];
        var other = new Thread(() => second = LinesOfThisThread());
        other.Start();
        other.Join();
        Assert.That(first.Concat(second).Select(address => (long)address % Line), Is.All.Zero);
        Assert.That(first.Concat(second), Is.Unique);
        Assert.That(ReaderSlot.Holds * sizeof(ulong), Is.AtMost(Line));
        Assert.That((nint)ReaderSlot.At(1) - (nint)ReaderSlot.At(0), Is.EqualTo((nint)Line * ThreadSlots.Ways));

        static nint[] LinesOfThisThread() => [(nint)ReaderSlot.Mine, (nint)WaitNode.Mine, (nint)WaitTally.Mine];
    }

    [Test]
    public void QueuesBeginAtALine()
    {
        using var table = new WaitTable(4);
        FieldInfo field = typeof(WaitTable).GetField("buckets", BindingFlags.Instance | BindingFlags.NonPublic)!;
        Assert.That((long)Pointer.Unbox(field.GetValue(table)!) % Line, Is.Zero);
    }

    [Test]
    public void PinnedWordsHaveALineEachAndNothingOfOthersOnIt([Values(1, 2, 5)] int count)
    {
        var lines = new PinnedLines(count);
        var words = (ulong[])typeof(PinnedLines).GetField("words", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(lines)!;
        nint start = System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(words, 0);
        nint[] addresses = [.. Enumerable.Range(0, count).Select(i => (nint)lines[i])];
        Assert.That(addresses.Select(a => (long)a % Line), Is.All.Zero);
        Assert.That(addresses, Is.Unique);
        Assert.That(addresses.Min(), Is.GreaterThanOrEqualTo(start));
        Assert.That(addresses.Max() + Line, Is.AtMost(start + (words.Length * sizeof(ulong))));
    }

    [Test]
    public void NoTwoWordsOfAnOpenFileShareALine()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(4 << 20);
        using DaxFile file = DaxVolume.ScratchOf(device).Create("words", FileFixture.Pmd);
        using DaxView view = file.Map(0, FileFixture.Pmd);
        var words = new HashSet<(nint Address, string Field)>();
        Collect(file.Mapping, words, []);
        Collect(view.Area, words, []);
        Assert.That(words.Select(w => w.Address).Distinct().Count(), Is.AtLeast(8), "the words of the entry table, of the mapping and its locks, of the VMA");
        IEnumerable<string> shared =
            from word in words
            where !word.Field.EndsWith(".generation", StringComparison.Ordinal) // in its lock's line: written by the writer alone, read by those who read that one
            group word by word.Address / Line into line
            where line.Select(w => w.Address).Distinct().Count() > 1
            select string.Join(" and ", line.Select(w => w.Field));
        Assert.That(shared, Is.Empty);
    }

    // Every pointer to a word that an object has, or one that it refers to.
    private static void Collect(object subject, HashSet<(nint Address, string Field)> words, HashSet<object> seen)
    {
        if (!seen.Add(subject) || subject.GetType().Namespace?.StartsWith("DaxEmu.Core", StringComparison.Ordinal) != true)
        {
            return;
        }

        for (Type? type = subject.GetType(); type is not null && type != typeof(object); type = type.BaseType)
        {
            foreach (FieldInfo field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                object? value = field.GetValue(subject);
                if (field.FieldType == typeof(ulong*) && subject is not PinnedLines && Pointer.Unbox(value!) is var address && address != null)
                {
                    words.Add(((nint)address, $"{type.Name}.{field.Name}"));
                }
                else if (value is not (null or string or Delegate or IEnumerable or Pointer) && !field.FieldType.IsPrimitive)
                {
                    Collect(value, words, seen);
                }
            }
        }
    }

    private static FieldInfo[] Fields(Type type) => type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);

    private static int SizeOf(Type type) =>
        (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;

    // Of the field as it lies in managed memory, which marshalling may see otherwise.
    private static int OffsetOf(Type type, FieldInfo field)
    {
        var method = new DynamicMethod(field.Name, typeof(int), [], typeof(LayoutTests).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        LocalBuilder subject = il.DeclareLocal(type);
        il.Emit(OpCodes.Ldloca, subject);
        il.Emit(OpCodes.Ldflda, field);
        il.Emit(OpCodes.Conv_U);
        il.Emit(OpCodes.Ldloca, subject);
        il.Emit(OpCodes.Conv_U);
        il.Emit(OpCodes.Sub);
        il.Emit(OpCodes.Conv_I4);
        il.Emit(OpCodes.Ret);
        return (int)method.Invoke(null, null)!;
    }
}
