using System.Runtime.InteropServices;
using DaxEmu.Native.Libc;

namespace DaxEmu.Native;

/// <summary>
/// Sleeping on a 32-bit word of native memory. A wait may return at any time and for no reason: the caller looks at its word
/// again. The word stays mapped while any thread may wait on it or wake it.
/// </summary>
internal static unsafe class Futex
{
    private const int Eintr = 4;
    private const int Eagain = 11;
    private const int Etimedout = 110;

    /// <summary>Sleeps while <paramref name="word"/> holds <paramref name="expected"/>, until woken; may return early.</summary>
    public static void Wait(int* word, int expected)
    {
        nint result = FutexCalls.Futex(FutexCalls.SysFutex, word, FutexCalls.WaitPrivate, expected, null, 0, 0);
        int errno = Marshal.GetLastPInvokeError();
        if (result < 0 && errno is not (Eintr or Eagain))
        {
            throw new InvalidOperationException($"futex(FUTEX_WAIT) on 0x{(nint)word:x} failed with errno {errno}.");
        }
    }

    /// <summary>As <see cref="Wait(int*, int)"/>, for at most <paramref name="timeout"/>.</summary>
    /// <returns>False if the time was over.</returns>
    public static bool Wait(int* word, int expected, TimeSpan timeout)
    {
        TimeSpec time = TimeSpec.From(timeout < TimeSpan.Zero ? TimeSpan.Zero : timeout);
        nint result = FutexCalls.Futex(FutexCalls.SysFutex, word, FutexCalls.WaitPrivate, expected, &time, 0, 0);
        int errno = Marshal.GetLastPInvokeError();
        if (result >= 0 || errno is Eintr or Eagain)
        {
            return true;
        }

        return errno == Etimedout
            ? false
            : throw new InvalidOperationException($"futex(FUTEX_WAIT) on 0x{(nint)word:x} failed with errno {errno}.");
    }

    /// <summary>Wakes up to <paramref name="count"/> threads that sleep on <paramref name="word"/>.</summary>
    /// <returns>How many were woken.</returns>
    public static int Wake(int* word, int count = 1)
    {
        nint result = FutexCalls.Futex(FutexCalls.SysFutex, word, FutexCalls.WakePrivate, count, null, 0, 0);
        return result < 0 ? 0 : (int)result;
    }
}
