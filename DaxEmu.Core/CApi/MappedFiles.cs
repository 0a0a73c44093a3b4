using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using DaxEmu.Core.Dax.Faults;
using DaxEmu.Core.Mm;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi;

/// <summary>The mappings that C programs have made, by their addresses; each keeps its file open.</summary>
internal static class MappedFiles
{
    private static readonly ConcurrentDictionary<HostMapping, Owner> Owners = new();

    /// <summary>How many mappings show files of a volume.</summary>
    public static int CountOf(OpenVolume volume) => Owners.Values.Count(owner => owner.Shared.Volume == volume);

    /// <summary>Keeps the file of a new mapping open until nothing of it is mapped.</summary>
    public static void Add(HostMapping mapping, SharedFile shared, DaxFile file)
    {
        shared.Volume.AddUser(shared);
        Owners[mapping] = new Owner(shared, file.ViewOver(mapping.Area));
    }

    /// <summary>The mapping around an address, and its file as a view.</summary>
    /// <exception cref="IOException">There is none (EFAULT).</exception>
    public static (HostMapping Mapping, DaxView View) At(nint address) =>
        HostMapping.Find(address) is { } mapping && Owners.TryGetValue(mapping, out Owner? owner) && mapping.Pieces.Any(p => IsInside(mapping, p, address))
            ? (mapping, owner.View)
            : throw new IOException($"No file is mapped at 0x{address:x}.", Errno.Efault);

    /// <summary>Unmaps a range; what is not mapped is passed over.</summary>
    /// <exception cref="DaxException">All is unmapped, but a file that this has closed could not be written back.</exception>
    public static void Unmap(nint address, long length)
    {
        Exception? failure = null;
        foreach (HostMapping mapping in HostMapping.InRange(address, length).Select(run => run.Mapping).Distinct().ToArray())
        {
            mapping.Unmap(address, length);
            if (mapping.Pieces.Count == 0 && Owners.TryRemove(mapping, out Owner? owner))
            {
                try
                {
                    owner.Shared.Volume.Close(owner.Shared);
                }
#pragma warning disable CA1031 // The rest is unmapped first.
                catch (Exception problem)
#pragma warning restore CA1031
                {
                    failure ??= problem;
                }
            }
        }

        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>Does something to each mapped part of a range, in the order of addresses.</summary>
    /// <exception cref="IOException">A part of the range is not mapped (ENOMEM); the rest is done.</exception>
    public static void ForEach(nint address, long length, Action<Part> work)
    {
        long done = 0;
        foreach (HostAddresses run in HostMapping.InRange(address, length))
        {
            nint start = Math.Max(address, run.Start);
            nint end = Math.Min(address + (nint)length, run.End);
            if (start < end && Owners.TryGetValue(run.Mapping, out Owner? owner))
            {
                work(new Part(run.Mapping, owner.View, start, end - start));
                done += end - start;
            }
        }

        if (done < length)
        {
            throw new IOException($"Only {done} of {length} bytes at 0x{address:x} are mapped from files.", Errno.Enomem);
        }
    }

    private static bool IsInside(HostMapping mapping, HostPiece piece, nint address) =>
        (address - mapping.Address) >> DaxConstants.PageShift is var page && page >= piece.First && page < piece.End;

    /// <summary>A part of a range that one mapping has.</summary>
    internal readonly record struct Part(HostMapping Mapping, DaxView View, nint Address, long Length)
    {
        /// <summary>Its first byte, from the start of the view.</summary>
        public long Offset => Address - Mapping.Address;
    }

    private sealed record Owner(SharedFile Shared, DaxView View);
}
