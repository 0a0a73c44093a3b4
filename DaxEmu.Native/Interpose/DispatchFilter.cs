namespace DaxEmu.Native.Interpose;

/// <summary>What lets most calls of a dispatched program pass without asking the library. Without effect where no calls are dispatched.</summary>
internal static unsafe class DispatchFilter
{
    private static StubTable* table;

    /// <summary>Whether this process's calls are dispatched.</summary>
    public static bool IsOn => table != null;

    /// <summary>Grows whenever the program unmaps or protects memory; stays 0 where nothing is dispatched.</summary>
    public static int Unmaps => table == null ? 0 : Volatile.Read(ref table->Unmaps);

    /// <summary>Begins to fill the table of this process.</summary>
    public static void Begin(StubTable* stubs) => table = stubs;

    /// <summary>Says whether calls with a descriptor are the library's. One that cannot be marked is not given to the program.</summary>
    /// <returns>False if its number is too large.</returns>
    public static bool TryMark(int descriptor, bool isLibrarys)
    {
        if (table == null)
        {
            return true;
        }

        if (descriptor is < 0 or >= StubTable.DescriptorCount)
        {
            return false;
        }

        Volatile.Write(ref table->Descriptors[descriptor], isLibrarys ? (byte)1 : (byte)0);
        return true;
    }

    /// <summary>Says between which addresses mappings lie: calls with addresses there are asked about.</summary>
    public static void Cover(nint low, nint high)
    {
        if (table != null)
        {
            table->Low = low;
            table->High = high;
        }
    }
}
