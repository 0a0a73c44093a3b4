using DaxEmu.Core;
using FASTER.core;

namespace Samples.FasterDevice;

/// <summary>A device of FASTER on one file of a volume: its segments lie one after the other, and one that goes is a hole.</summary>
/// <remarks>
/// A write is durable when its callback is called: the file's write stores around the caches, and its sync makes the blocks durable that
/// lead there. There is nothing to wait for, so the callback is called before the call returns.
/// </remarks>
internal sealed unsafe class DaxDevice(DaxFiles files, string path) : StorageDeviceBase(path, SectorBytes, Devices.CAPACITY_UNSPECIFIED)
{
    private const uint SectorBytes = 512;

    private readonly DaxFile file = files.Open(path);
    private bool isDisposed;

    public override void WriteAsync(
        IntPtr sourceAddress, int segmentId, ulong destinationAddress, uint numBytesToWrite, DeviceIOCompletionCallback callback, object context)
    {
        uint error = 0;
        try
        {
            var source = new ReadOnlySpan<byte>((void*)sourceAddress, (int)numBytesToWrite);
            for (long at = OffsetOf(segmentId, destinationAddress); !source.IsEmpty;)
            {
                int written = file.Write(source, at);
                source = source[written..];
                at += written;
            }

            file.Sync();
        }
        catch (DaxException failure)
        {
            error = (uint)failure.Errno;
        }

        callback(error, error == 0 ? numBytesToWrite : 0, context);
    }

    public override void ReadAsync(
        int segmentId, ulong sourceAddress, IntPtr destinationAddress, uint readLength, DeviceIOCompletionCallback callback, object context)
    {
        uint error = 0;
        try
        {
            var destination = new Span<byte>((void*)destinationAddress, (int)readLength);
            int read = file.Read(destination, OffsetOf(segmentId, sourceAddress));
            destination[read..].Clear(); // past the end
        }
        catch (DaxException failure)
        {
            error = (uint)failure.Errno;
        }

        callback(error, error == 0 ? readLength : 0, context);
    }

    public override void RemoveSegmentAsync(int segment, AsyncCallback callback, IAsyncResult result)
    {
        long start = OffsetOf(segment, 0);
        long length = Math.Min(file.Length - start, segmentSize < 0 ? long.MaxValue : segmentSize);
        if (length > 0)
        {
            file.PunchHole(start, length);
        }

        callback(result);
    }

    public override long GetFileSize(int segment)
    {
        long rest = Math.Max(0, file.Length - OffsetOf(segment, 0));
        return segmentSize < 0 ? rest : Math.Min(rest, segmentSize);
    }

    public override void Dispose()
    {
        if (!isDisposed)
        {
            isDisposed = true;
            files.Close(FileName);
        }
    }

    // Without a size (-1) there is one segment.
    private long OffsetOf(int segment, ulong address) => (segmentSize < 0 ? 0 : segment * segmentSize) + (long)address;
}
