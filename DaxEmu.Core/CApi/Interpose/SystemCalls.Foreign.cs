using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi.Interpose;

/// <content>Calls that are the kernel's, with buffers in mapped files of the volume.</content>
/// <remarks>
/// The kernel raises no signal for a page that is not mapped: it fails with EFAULT, or stops short. So the pages of a buffer are faulted in before the call, and
/// what still fails with EFAULT is faulted in and tried again: writeback and truncate may take pages away at any time.
/// </remarks>
internal sealed unsafe partial class SystemCalls
{
    private const int MostTries = 16;
    private const int MessageVectors = 16;
    private const int MessageVectorCount = 24;

    private static bool ServeForeign(in SystemCall call, out long result)
    {
        result = 0;
        if (call.Number is Sys.Clone or Sys.Clone3 or Sys.Fork or Sys.Vfork or Sys.RtSigreturn or Sys.Exit or Sys.ExitGroup)
        {
            return false;
        }

        bool hasVectors = call.Number is Sys.Readv or Sys.Writev or Sys.Preadv or Sys.Pwritev or Sys.Preadv2 or Sys.Pwritev2 or Sys.Sendmsg or Sys.Recvmsg or Sys.Vmsplice;
        bool hasBuffer = TryBuffer(call, out nint buffer, out long length, out bool isWritten) && DaxRanges.Overlaps(buffer, length);
        bool pointsToMapped = hasBuffer || DaxRanges.Overlaps(call.A0, 1) || DaxRanges.Overlaps(call.A1, 1) || DaxRanges.Overlaps(call.A2, 1)
            || DaxRanges.Overlaps(call.A3, 1) || DaxRanges.Overlaps(call.A4, 1) || DaxRanges.Overlaps(call.A5, 1);
        if (!pointsToMapped && !hasVectors)
        {
            return false;
        }

        for (int tries = 0; ; tries++)
        {
            if (hasBuffer)
            {
                DaxRanges.AccessAll(buffer, length, isWritten);
            }

            result = Raw(call);
            if (result != -Errno.Efault || tries == MostTries || !(FaultInArguments(call) | (hasVectors && FaultInVectors(call))))
            {
                return true;
            }
        }
    }

    private static bool TryBuffer(in SystemCall call, out nint buffer, out long length, out bool isWritten)
    {
        (buffer, length) = call.Number == Sys.Getrandom ? (call.A0, call.A1) : (call.A1, call.A2);
        isWritten = call.Number is Sys.Read or Sys.Pread64 or Sys.Recvfrom or Sys.Getrandom;
        return isWritten || call.Number is Sys.Write or Sys.Pwrite64 or Sys.Sendto;
    }

    private static bool FaultInArguments(in SystemCall call) =>
        FaultIn(call.A0) | FaultIn(call.A1) | FaultIn(call.A2) | FaultIn(call.A3) | FaultIn(call.A4) | FaultIn(call.A5);

    // Whether the kernel loads or stores there is not known: a page that may be written serves both.
    private static bool FaultIn(nint address) => DaxRanges.Overlaps(address, 1)
        && (DaxRanges.Access(address, isWrite: true) == IoError.None || DaxRanges.Access(address, isWrite: false) == IoError.None);

    private static bool FaultInVectors(in SystemCall call)
    {
        nint vectors = call.A1;
        long count = call.A2;
        if (call.Number is Sys.Sendmsg or Sys.Recvmsg)
        {
            vectors = UserMemory.Load<nint>(call.A1 + MessageVectors);
            count = UserMemory.Load<long>(call.A1 + MessageVectorCount);
        }

        bool isWritten = call.Number is Sys.Readv or Sys.Preadv or Sys.Preadv2 or Sys.Recvmsg;
        bool isAny = false;
        for (long i = 0; i < Math.Min(count, MostVectors); i++)
        {
            IoVector vector = UserMemory.Load<IoVector>(vectors + ((nint)i * sizeof(IoVector)));
            if (vector.Length > 0 && DaxRanges.Overlaps(vector.Address, vector.Length))
            {
                isAny |= DaxRanges.AccessAll(vector.Address, vector.Length, isWritten);
            }
        }

        return isAny;
    }
}
