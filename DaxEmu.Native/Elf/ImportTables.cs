using System.Runtime.InteropServices;
using DaxEmu.Native.Libc;

namespace DaxEmu.Native.Elf;

/// <summary>The tables by which the loaded objects of this process call functions of each other (ELF of x86-64).</summary>
internal static unsafe partial class ImportTables
{
    private const uint SegmentDynamic = 2;
    private const long TagPltBytes = 2;
    private const long TagStrings = 5;
    private const long TagSymbols = 6;
    private const long TagRelocations = 7;
    private const long TagRelocationBytes = 8;
    private const long TagPlt = 23;
    private const uint GlobalData = 6; // R_X86_64_GLOB_DAT
    private const uint JumpSlot = 7; // R_X86_64_JUMP_SLOT
    private const nint PageBytes = 4096;

    /// <summary>Redirects imported functions in every loaded object but some. May be called again when objects have been added.</summary>
    /// <param name="functions">The code by name; it is looked up only.</param>
    /// <param name="isLeftAlone">Whether the object that has an address in it keeps its tables; it is asked for the first address of each.</param>
    /// <returns>The number of entries that were changed.</returns>
    public static int Redirect(IReadOnlyDictionary<string, nint> functions, Func<string, bool> isLeftAlone)
    {
        var pass = new Pass(functions, isLeftAlone);
        var handle = GCHandle.Alloc(pass);
        try
        {
            _ = Iterate(&Visit, GCHandle.ToIntPtr(handle));
            return pass.ChangedCount;
        }
        finally
        {
            handle.Free();
        }
    }

    /// <summary>How many objects have been loaded since the process began: a change says that there are new ones.</summary>
    public static long LoadedCount()
    {
        long count = 0;
        _ = Iterate(&ReadCount, (nint)(&count));
        return count;
    }

    [UnmanagedCallersOnly]
    private static int ReadCount(ObjectInfo* info, nuint size, nint count)
    {
        *(long*)count = info->LoadedCount;
        return 1; // all objects say the same
    }

    [UnmanagedCallersOnly]
    private static int Visit(ObjectInfo* info, nuint size, nint pass)
    {
        ((Pass)GCHandle.FromIntPtr(pass).Target!).Visit(info);
        return 0;
    }

    [LibraryImport("libc", EntryPoint = "dl_iterate_phdr")]
    private static partial int Iterate(delegate* unmanaged<ObjectInfo*, nuint, nint, int> visit, nint data);

    // SAFETY: the loader keeps an object's headers and tables mapped and in place while it iterates; addresses in the dynamic section are
    // absolute, as glibc leaves them.
    private sealed class Pass(IReadOnlyDictionary<string, nint> functions, Func<string, bool> isLeftAlone)
    {
        public int ChangedCount { get; private set; }

        public void Visit(ObjectInfo* info)
        {
            if (isLeftAlone(Marshal.PtrToStringUTF8((nint)info->Name) ?? string.Empty))
            {
                return;
            }

            for (int i = 0; i < info->HeaderCount; i++)
            {
                if (info->Headers[i].Type == SegmentDynamic)
                {
                    VisitDynamic(info, (DynamicEntry*)(info->Base + info->Headers[i].Address));
                }
            }
        }

        private void VisitDynamic(ObjectInfo* info, DynamicEntry* entry)
        {
            Symbol* symbols = null;
            byte* strings = null;
            Relocation* plt = null;
            Relocation* other = null;
            nint pltBytes = 0;
            nint otherBytes = 0;
            for (; entry->Tag != 0; entry++)
            {
                switch (entry->Tag)
                {
                    case TagSymbols: symbols = (Symbol*)entry->Value; break;
                    case TagStrings: strings = (byte*)entry->Value; break;
                    case TagPlt: plt = (Relocation*)entry->Value; break;
                    case TagPltBytes: pltBytes = entry->Value; break;
                    case TagRelocations: other = (Relocation*)entry->Value; break;
                    case TagRelocationBytes: otherBytes = entry->Value; break;
                    default: break;
                }
            }

            // The kernel's own object has addresses that are relative, and imports nothing.
            if (symbols != null && strings != null && (nint)symbols > info->Base)
            {
                Redirect(info, plt, pltBytes, symbols, strings);
                Redirect(info, other, otherBytes, symbols, strings);
            }
        }

        private void Redirect(ObjectInfo* info, Relocation* relocations, nint bytes, Symbol* symbols, byte* strings)
        {
            if (relocations == null)
            {
                return;
            }

            for (nint i = 0; i < bytes / sizeof(Relocation); i++)
            {
                if (relocations[i].Type is JumpSlot or GlobalData
                    && Marshal.PtrToStringUTF8((nint)(strings + symbols[relocations[i].SymbolIndex].Name)) is { Length: > 0 } name
                    && functions.TryGetValue(name, out nint code))
                {
                    Set(info, info->Base + relocations[i].Offset, code);
                }
            }
        }

        // The page may have been made read-only after relocation, and is made so again.
        private void Set(ObjectInfo* info, nint slot, nint code)
        {
            if (*(nint*)slot == code)
            {
                return;
            }

            nint page = slot & -PageBytes;
            if (Mman.Mprotect(page, (nuint)PageBytes, MmapProt.Read | MmapProt.Write) == 0)
            {
                *(nint*)slot = code;
                ChangedCount++;
                if (IsReadOnlyAfterwards(info, page))
                {
                    _ = Mman.Mprotect(page, (nuint)PageBytes, MmapProt.Read);
                }
            }
        }

        private static bool IsReadOnlyAfterwards(ObjectInfo* info, nint page)
        {
            for (int i = 0; i < info->HeaderCount; i++)
            {
                ref ProgramHeader header = ref info->Headers[i];
                nint begin = info->Base + header.Address;
                if (header.Type == RelocatedReadOnly && page >= begin && page + PageBytes <= ((begin + header.MemoryBytes) & -PageBytes))
                {
                    return true;
                }
            }

            return false;
        }

        private const uint RelocatedReadOnly = 0x6474e552; // PT_GNU_RELRO
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct ObjectInfo
    {
        public nint Base;
        public byte* Name;
        public ProgramHeader* Headers;
        public ushort HeaderCount;
        public long LoadedCount;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct ProgramHeader
    {
        public uint Type;
        public uint Flags;
        public nint FileOffset;
        public nint Address;
        public nint PhysicalAddress;
        public nint FileBytes;
        public nint MemoryBytes;
        public nint Alignment;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct DynamicEntry
    {
        public long Tag;
        public nint Value;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Relocation
    {
        public nint Offset;
        public uint Type;
        public uint SymbolIndex;
        public long Addend;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Symbol
    {
        public uint Name;
        public byte Info;
        public byte Other;
        public ushort Section;
        public nint Value;
        public nint Bytes;
    }
}
