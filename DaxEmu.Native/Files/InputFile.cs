using System.Runtime.InteropServices;
using DaxEmu.Native.Libc;
using Microsoft.Win32.SafeHandles;

namespace DaxEmu.Native.Files;

/// <summary>
/// A file, pipe, FIFO or device that is read once from its beginning to its end. Neither opening nor reading waits longer than
/// <see cref="PatienceMs"/> without a look at the token: a FIFO may be opened before its writer comes.
/// </summary>
internal sealed class InputFile : ForwardStream
{
    private const int PatienceMs = 50;

    private readonly SafeFileHandle file;
    private readonly string name;
    private readonly CancellationToken cancellation;

    private InputFile(SafeFileHandle file, string name, CancellationToken cancellation)
    {
        this.file = file;
        this.name = name;
        this.cancellation = cancellation;
    }

    /// <summary>Opens a path for reading.</summary>
    /// <exception cref="DaxEnvironmentException">It cannot be opened.</exception>
    public static InputFile Open(string path, CancellationToken cancellation)
    {
        int descriptor = InputCalls.Open(path, InputCalls.NonBlocking | InputCalls.CloseOnExec);
        return descriptor >= 0
            ? new InputFile(new SafeFileHandle(descriptor, ownsHandle: true), path, cancellation)
            : throw Errno.Failure("cannot open", path, Marshal.GetLastPInvokeError());
    }

    /// <summary>Standard input; it stays open.</summary>
    /// <param name="name">What messages call it.</param>
    /// <param name="cancellation">Ends a read that waits.</param>
    public static InputFile StandardInput(string name, CancellationToken cancellation) =>
        new(new SafeFileHandle(0, ownsHandle: false), name, cancellation);

    /// <inheritdoc/>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="DaxEnvironmentException">It cannot be read.</exception>
    public override unsafe int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!HasInput())
            {
                continue;
            }

            fixed (byte* start = buffer)
            {
                nint count = InputCalls.Read(file, start, (nuint)buffer.Length);
                if (count >= 0)
                {
                    return (int)count;
                }
            }

            int errno = Marshal.GetLastPInvokeError();
            if (errno is not (Errno.Eagain or Errno.Eintr))
            {
                throw Errno.Failure("cannot read", name, errno);
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            file.Dispose();
        }

        base.Dispose(disposing);
    }

    // A FIFO that has had no writer yet has neither input nor a hang-up: it is waited for. A file is always ready.
    private unsafe bool HasInput()
    {
        var descriptor = new PollDescriptor { Descriptor = (int)file.DangerousGetHandle(), Wanted = PollEvents.Input };
        int count = InputCalls.Poll(&descriptor, 1, PatienceMs);
        if (count < 0 && Marshal.GetLastPInvokeError() is not Errno.Eintr and int errno)
        {
            throw Errno.Failure("cannot read", name, errno);
        }

        return count > 0;
    }
}
