using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DaxEmu.Core.Checking.Strategies;

namespace DaxEmu.Core.Checking.PowerCuts;

/// <summary>
/// The content of a device after a power cut. Words that may be in several versions are decided when they are first read, and the decisions
/// can be taken back one after the other: a depth-first search whose branches are exactly what recovery can tell apart.
/// </summary>
/// <remarks>
/// Words in which all versions agree, and words that are never read, cost no branch. A search runs recovery once for each leaf; what
/// recovery stored is undone in between.
/// </remarks>
internal sealed class UndecidedLines
{
    private const int LineShift = 6;
    private const int WordBytes = sizeof(ulong);
    private const int WordsPerLine = 8;

    private byte[] memory = [];
    private ulong[] openLines = [];
    private int[] firstUnits = [];
    private UndecidedUnit[] units = new UndecidedUnit[64];
    private ulong[] values = new ulong[256];
    private UnitVersion[] versions = new UnitVersion[256];
    private int valueCount;
    private int versionCount;
    private Decision[] decisions = new Decision[64];
    private int depth;
    private (int Offset, int Length)[] written = new (int, int)[16];
    private int writtenCount;
    private byte[] overwritten = new byte[256];
    private int overwrittenCount;
    private int[] dead = new int[16];
    private int deadCount;
    private StateHash hash;
    private bool isSampling;
    private bool keepsStores;
    private SeededRandom random;

    /// <summary>The device's content; where nothing is decided, one of the versions.</summary>
    public byte[] Memory => memory;

    /// <summary>How many units are undecided at this cut.</summary>
    public int UnitCount { get; private set; }

    /// <summary>The units, for those who describe a failure.</summary>
    public ReadOnlySpan<UndecidedUnit> Units => units.AsSpan(0, UnitCount);

    /// <summary>How many states this cut may leave.</summary>
    public double PossibleStates { get; private set; }

    /// <summary>Stands for the content: what was decided as it was, the rest as if nothing had arrived.</summary>
    public StateHash Hash => hash;

    /// <summary>Begins with content that is certain.</summary>
    public void Load(byte[] content)
    {
        if (memory.Length != content.Length)
        {
            // Pinned and zeroed memory of the collector's: a span of it that recovery keeps stays valid whatever it does.
            memory = GC.AllocateUninitializedArray<byte>(content.Length, pinned: true);
            openLines = new ulong[((content.Length >> LineShift) + 63) / 64];
            firstUnits = new int[content.Length >> LineShift];
        }

        content.CopyTo(memory, 0);
    }

    /// <summary>A word of the content.</summary>
    public ref ulong WordAt(long word) => ref Unsafe.As<byte, ulong>(ref memory[word * WordBytes]);

    /// <summary>Adds words of a line that may be in several versions; those of one line follow one another.</summary>
    /// <param name="line">Which line.</param>
    /// <param name="words">Which words of it.</param>
    /// <param name="least">The number of the version in which nothing arrived that need not have.</param>
    /// <param name="versionValues">A value for each version and word.</param>
    /// <param name="origins">The versions, "everything arrived" first.</param>
    public void AddUnit(long line, byte words, int least, ReadOnlySpan<ulong> versionValues, ReadOnlySpan<UnitVersion> origins)
    {
        GrowTo(ref units, UnitCount + 1);
        GrowTo(ref values, valueCount + versionValues.Length + WordsPerLine);
        GrowTo(ref versions, versionCount + origins.Length);
        versionValues.CopyTo(values.AsSpan(valueCount));
        origins.CopyTo(versions.AsSpan(versionCount));
        units[UnitCount] = new UndecidedUnit
        {
            Line = line,
            Words = words,
            WordCount = BitOperations.PopCount(words),
            FirstValue = valueCount,
            FirstVersion = versionCount,
            VersionCount = origins.Length,
            Least = least,
            Remaining = origins.Length >= 64 ? ulong.MaxValue : (1UL << origins.Length) - 1,
            Chosen = -1,
        };
        if (firstUnits[line] == 0)
        {
            firstUnits[line] = UnitCount + 1;
        }

        if (origins.Length > 1)
        {
            openLines[line >> 6] |= 1UL << (int)(line & 63);
        }

        valueCount += versionValues.Length;
        for (uint left = words; left != 0; left &= left - 1)
        {
            values[valueCount++] = WordAt((line * WordsPerLine) + BitOperations.TrailingZeroCount(left));
        }

        versionCount += origins.Length;
        UnitCount++;
    }

    /// <summary>All units of a cut are added; the search of its states begins.</summary>
    /// <param name="certain">The hash of the certain content.</param>
    public void BeginCut(StateHash certain)
    {
        hash = certain;
        PossibleStates = 1;
        isSampling = false;
        for (int i = 0; i < UnitCount; i++)
        {
            PossibleStates = Math.Min(PossibleStates * units[i].VersionCount, PowerCutReport.MostPossibleStates);
            hash ^= VersionOf(units[i], units[i].Oldest).Hash;
            Write(units[i], units[i].Newest);
        }
    }

    /// <summary>The search of a cut has ended: the content is that before it, and nothing is undecided.</summary>
    public void EndCut()
    {
        UndoRun();
        while (depth > 0)
        {
            Pop();
        }

        for (int i = 0; i < UnitCount; i++)
        {
            Write(units[i], units[i].VersionCount); // the content before
            firstUnits[units[i].Line] = 0;
            openLines[units[i].Line >> 6] &= ~(1UL << (int)(units[i].Line & 63));
        }

        UnitCount = 0;
        valueCount = 0;
        versionCount = 0;
    }

    /// <summary>The search ends with the content as it is; from here on stores are not undone.</summary>
    public void Keep()
    {
        UnitCount = 0;
        depth = 0;
        keepsStores = true;
    }

    /// <summary>Goes on to the next state that recovery can tell apart from those before. False if there is none.</summary>
    public bool Next()
    {
        UndoRun();
        while (depth > 0)
        {
            ref Decision last = ref decisions[depth - 1];
            ref UndecidedUnit unit = ref units[last.Unit];
            if (unit.IsLarge)
            {
                if (last.Left < (ulong)unit.VersionCount)
                {
                    Choose(last.Unit, (int)last.Left++);
                    return true;
                }
            }
            else if (last.Left != 0)
            {
                ulong next = ClassOf(unit, BitOperations.TrailingZeroCount(last.Left), last.Words, last.Left);
                last.Left &= ~next;
                Narrow(last.Unit, next);
                return true;
            }

            Pop();
        }

        return false;
    }

    /// <summary>From here on decisions are random, and <see cref="NextSample"/> begins the next run.</summary>
    public void BeginSampling(ulong seed)
    {
        isSampling = true;
        random = new SeededRandom(seed);
        NextSample();
    }

    /// <summary>Forgets all decisions.</summary>
    public void NextSample()
    {
        UndoRun();
        while (depth > 0)
        {
            Pop();
        }
    }

    /// <summary>Decides every unit that is open, so that the search goes through all states whatever recovery reads.</summary>
    public void DecideAll()
    {
        for (int i = 0; i < UnitCount; i++)
        {
            if (units[i].IsOpen)
            {
                Decide(i, units[i].Words);
            }
        }
    }

    /// <summary>Decides a unit for a version, without an alternative.</summary>
    public void Force(int unit, int version)
    {
        Push(unit, units[unit].Words, units[unit].IsLarge ? (ulong)units[unit].VersionCount : 0);
        SetVersion(unit, version);
    }

    /// <summary>Whether bytes may be in several versions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsOpen(long offset, int length)
    {
        if (length == 0)
        {
            return false;
        }

        long first = offset >> LineShift;
        long last = (offset + length - 1) >> LineShift;
        if (first >> 6 == last >> 6)
        {
            ulong mask = (ulong.MaxValue << (int)(first & 63)) & (ulong.MaxValue >> (int)(63 - (last & 63)));
            return (openLines[first >> 6] & mask) != 0;
        }

        return IsOpenAcross(first, last);
    }

    /// <summary>Decides what bytes are, for a read.</summary>
    public void Decide(long offset, int length)
    {
        long end = offset + length;
        for (long line = offset >> LineShift; line << LineShift < end; line++)
        {
            if (IsOpen(line))
            {
                byte wanted = WordsIn(line, offset, end, isWhole: false);
                for (int i = firstUnits[line] - 1; i < UnitCount && units[i].Line == line; i++)
                {
                    byte words = (byte)(units[i].Words & wanted);
                    if (words != 0 && units[i].IsOpen)
                    {
                        Decide(i, words);
                    }
                }
            }
        }
    }

    /// <summary>Stores for recovery; it is undone before the next run.</summary>
    public void Store(long offset, ReadOnlySpan<byte> source)
    {
        if (IsOpen(offset, source.Length))
        {
            PrepareStore(offset, source.Length);
        }

        Span<byte> place = memory.AsSpan((int)offset, source.Length);
        if (!keepsStores)
        {
            GrowTo(ref written, writtenCount + 1);
            GrowTo(ref overwritten, overwrittenCount + source.Length);
            place.CopyTo(overwritten.AsSpan(overwrittenCount));
            written[writtenCount++] = ((int)offset, source.Length);
            overwrittenCount += source.Length;
        }

        source.CopyTo(place);
    }

    /// <summary>Looks at every version of bytes, an aligned word of 8 at a time, without telling the versions apart.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="length">How many.</param>
    /// <param name="isRight">Is given a place and what may lie there, at most 8 bytes.</param>
    /// <returns>Whether all were right. If not, the content is one that was not.</returns>
    public bool All(long offset, int length, VersionCheck isRight)
    {
        long end = offset + length;
        for (long at = offset; at < end;)
        {
            long word = at / WordBytes;
            int piece = (int)Math.Min(((word + 1) * WordBytes) - at, end - at);
            int unit = IsOpen(at >> LineShift) ? OpenUnitOf(word) : -1;
            if (unit < 0 ? !isRight(at, memory.AsSpan((int)at, piece)) : !AllVersions(unit, word, at, piece, isRight))
            {
                return false;
            }

            at += piece;
        }

        return true;
    }

    /// <summary>A version of a unit, as it came about.</summary>
    public ref readonly UnitVersion VersionOf(in UndecidedUnit unit, int version) => ref versions[unit.FirstVersion + version];

    private static void GrowTo<T>(ref T[] array, int length)
    {
        if (length > array.Length)
        {
            Array.Resize(ref array, Math.Max(length, array.Length * 2));
        }
    }

    // The words of a line that a range of bytes has a part of, or covers.
    private static byte WordsIn(long line, long offset, long end, bool isWhole)
    {
        int first = (int)Math.Max(offset - (line << LineShift), 0);
        int last = (int)Math.Min(end - (line << LineShift), 1 << LineShift);
        int from = isWhole ? (first + WordBytes - 1) / WordBytes : first / WordBytes;
        int to = isWhole ? last / WordBytes : (last + WordBytes - 1) / WordBytes;
        return to <= from ? (byte)0 : (byte)((0xFF << from) & (0xFF >> (WordsPerLine - to)));
    }

    private bool IsOpen(long line) => (openLines[line >> 6] >> (int)(line & 63) & 1) != 0;

    private bool IsOpenAcross(long first, long last)
    {
        if ((openLines[first >> 6] & (ulong.MaxValue << (int)(first & 63))) != 0
            || (openLines[last >> 6] & (ulong.MaxValue >> (int)(63 - (last & 63)))) != 0)
        {
            return true;
        }

        long between = (last >> 6) - (first >> 6) - 1;
        return between > 0 && openLines.AsSpan((int)(first >> 6) + 1, (int)between).ContainsAnyExcept(0UL);
    }

    private int OpenUnitOf(long word)
    {
        long line = word / WordsPerLine;
        for (int i = firstUnits[line] - 1; i < UnitCount && units[i].Line == line; i++)
        {
            if ((units[i].Words >> (int)(word % WordsPerLine) & 1) != 0 && units[i].IsOpen)
            {
                return i;
            }
        }

        return -1;
    }

    private bool AllVersions(int number, long word, long offset, int length, VersionCheck isRight)
    {
        ref readonly UndecidedUnit unit = ref units[number];
        int place = BitOperations.PopCount((uint)(unit.Words & ((1 << (int)(word % WordsPerLine)) - 1)));
        for (int version = 0; version < unit.VersionCount; version++)
        {
            if (!unit.IsLarge && (unit.Remaining >> version & 1) == 0)
            {
                continue;
            }

            ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values.AsSpan(unit.FirstValue + (version * unit.WordCount) + place, 1));
            if (!isRight(offset, bytes.Slice((int)(offset % WordBytes), length)))
            {
                Force(number, version);
                return false;
            }
        }

        return true;
    }

    // Recovery's store makes what it covers irrelevant. A unit of which it covers a part only must be decided first: the rest is read later.
    private void PrepareStore(long offset, int length)
    {
        long end = offset + length;
        for (long line = offset >> LineShift; line << LineShift < end; line++)
        {
            if (!IsOpen(line))
            {
                continue;
            }

            byte covered = WordsIn(line, offset, end, isWhole: true);
            byte changed = WordsIn(line, offset, end, isWhole: false);
            for (int i = firstUnits[line] - 1; i < UnitCount && units[i].Line == line; i++)
            {
                if (!units[i].IsOpen)
                {
                    continue;
                }

                if ((units[i].Words & ~covered) == 0)
                {
                    units[i].IsDead = true;
                    GrowTo(ref dead, deadCount + 1);
                    dead[deadCount++] = i;
                }
                else if ((units[i].Words & changed) != 0)
                {
                    Decide(i, units[i].Words);
                }
            }

            UpdateLine(line);
        }
    }

    private void UndoRun()
    {
        while (writtenCount > 0)
        {
            (int offset, int length) = written[--writtenCount];
            overwrittenCount -= length;
            overwritten.AsSpan(overwrittenCount, length).CopyTo(memory.AsSpan(offset));
        }

        while (deadCount > 0)
        {
            ref UndecidedUnit unit = ref units[dead[--deadCount]];
            unit.IsDead = false;
            UpdateLine(unit.Line);
        }
    }

    private void Decide(int number, byte words)
    {
        ref readonly UndecidedUnit unit = ref units[number];
        if (isSampling)
        {
            Force(number, PossibleVersion(unit, random.Below(unit.IsLarge ? unit.VersionCount : BitOperations.PopCount(unit.Remaining))));
        }
        else if (unit.IsLarge)
        {
            Push(number, words, 1);
            Choose(number, 0);
        }
        else
        {
            ulong first = ClassOf(unit, BitOperations.TrailingZeroCount(unit.Remaining), words, unit.Remaining);
            if (first != unit.Remaining)
            {
                Push(number, words, unit.Remaining & ~first);
                Narrow(number, first);
            }
        }
    }

    private static int PossibleVersion(in UndecidedUnit unit, int index)
    {
        if (unit.IsLarge)
        {
            return index;
        }

        ulong left = unit.Remaining;
        for (; index > 0; index--)
        {
            left &= left - 1;
        }

        return BitOperations.TrailingZeroCount(left);
    }

    private void Push(int number, byte words, ulong left)
    {
        GrowTo(ref decisions, depth + 1);
        decisions[depth++] = new Decision { Unit = number, Words = words, Before = units[number].Remaining, Left = left };
    }

    private void Pop()
    {
        ref readonly Decision last = ref decisions[--depth];
        if (units[last.Unit].IsLarge)
        {
            Choose(last.Unit, -1);
        }
        else
        {
            Narrow(last.Unit, last.Before);
        }
    }

    private void SetVersion(int number, int version)
    {
        if (units[number].IsLarge)
        {
            Choose(number, version);
        }
        else
        {
            Narrow(number, 1UL << version);
        }
    }

    private void Choose(int number, int version)
    {
        ref UndecidedUnit unit = ref units[number];
        hash ^= VersionOf(unit, unit.Oldest).Hash;
        unit.Chosen = version;
        Settle(unit);
    }

    private void Narrow(int number, ulong remaining)
    {
        ref UndecidedUnit unit = ref units[number];
        hash ^= VersionOf(unit, unit.Oldest).Hash;
        unit.Remaining = remaining;
        Settle(unit);
    }

    private void Settle(in UndecidedUnit unit)
    {
        hash ^= VersionOf(unit, unit.Oldest).Hash;
        Write(unit, unit.Newest);
        UpdateLine(unit.Line);
    }

    private void UpdateLine(long line)
    {
        bool isOpen = false;
        for (int i = firstUnits[line] - 1; i < UnitCount && units[i].Line == line && !isOpen; i++)
        {
            isOpen = units[i].IsOpen;
        }

        ulong bit = 1UL << (int)(line & 63);
        openLines[line >> 6] = isOpen ? openLines[line >> 6] | bit : openLines[line >> 6] & ~bit;
    }

    private void Write(in UndecidedUnit unit, int version)
    {
        int value = unit.FirstValue + (version * unit.WordCount);
        for (uint words = unit.Words; words != 0; words &= words - 1)
        {
            WordAt((unit.Line * WordsPerLine) + BitOperations.TrailingZeroCount(words)) = values[value++];
        }
    }

    // Of some versions those that have the same words as one of them.
    private ulong ClassOf(in UndecidedUnit unit, int version, byte words, ulong among)
    {
        ulong same = 0;
        for (ulong left = among; left != 0; left &= left - 1)
        {
            int other = BitOperations.TrailingZeroCount(left);
            if (HaveSame(unit, version, other, words))
            {
                same |= 1UL << other;
            }
        }

        return same;
    }

    private bool HaveSame(in UndecidedUnit unit, int one, int other, byte words)
    {
        if (one == other)
        {
            return true;
        }

        int first = unit.FirstValue + (one * unit.WordCount);
        int second = unit.FirstValue + (other * unit.WordCount);
        int place = 0;
        for (uint left = unit.Words; left != 0; left &= left - 1, place++)
        {
            if ((words & left & (~left + 1)) != 0 && values[first + place] != values[second + place])
            {
                return false;
            }
        }

        return true;
    }
}
