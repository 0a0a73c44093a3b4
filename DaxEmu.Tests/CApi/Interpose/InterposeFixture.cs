using System.Runtime.InteropServices;
using System.Text;
using DaxEmu.Core;
using DaxEmu.Core.CApi.Interpose;
using DaxEmu.Native.Libc;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.CApi.Interpose;

/// <summary>A volume under /dax, and what a program's system calls do on it.</summary>
internal sealed unsafe class InterposeFixture : IDisposable
{
    public const int Page = DaxConstants.PageSize;

    private readonly ScratchDirectory scratch = new();

    public InterposeFixture(long volumeBytes = 16 << 20)
    {
        VolumePath = scratch["volume"];
        using (PmemDevice device = PmemDevice.Create(VolumePath, volumeBytes, new PmemDeviceOptions { Sparse = true }))
        {
            DaxVolume.Format(device);
        }

        Host = Directory.CreateDirectory(scratch["host"]).FullName;
        Volume = NewVolume();
        Calls = new SystemCalls(Volume);
    }

    public string VolumePath { get; }

    /// <summary>A directory of the host.</summary>
    public string Host { get; }

    public InterposedVolume Volume { get; private set; }

    public SystemCalls Calls { get; private set; }

    public List<string> Notes { get; } = [];

    public InterposedVolume NewVolume() => new(new InterposeSettings
    {
        VolumePath = VolumePath,
        LowestDescriptor = 0,
        Note = Notes.Add,
        BusyWait = TimeSpan.FromMilliseconds(20),
        FileOptions = new DaxFileOptions { MaximumSizeBytes = 1L << 30 },
    });

    /// <summary>As another program that this one starts in its place: what it inherits are descriptors.</summary>
    public void Exec()
    {
        Volume.LetGo(0);
        Volume = NewVolume();
        Calls = new SystemCalls(Volume);
    }

    /// <summary>A call that must be the volume's.</summary>
    public long Call(int number, nint a0 = 0, nint a1 = 0, nint a2 = 0, nint a3 = 0, nint a4 = 0, nint a5 = 0)
    {
        Assert.That(Calls.TryServe(new SystemCall(number, a0, a1, a2, a3, a4, a5), out long result), $"{Sys.NameOf(number)} is left to the kernel");
        return result;
    }

    public long Call(int number, string path, nint a1 = 0, nint a2 = 0, nint a3 = 0)
    {
        using var text = new NativeText(path);
        return Call(number, text.Address, a1, a2, a3);
    }

    public bool IsServed(int number, string path, out long result)
    {
        using var text = new NativeText(path);
        return Calls.TryServe(new SystemCall(number, text.Address, 0, 0, 0, 0, 0), out result);
    }

    public int Open(string path, int flags = OpenFlags.ReadWrite | OpenFlags.Create, int mode = 0x1B6)
    {
        long descriptor = Call(Sys.Open, path, flags, mode);
        Assert.That(descriptor, Is.GreaterThanOrEqualTo(0), path);
        return (int)descriptor;
    }

    public long Write(int descriptor, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        fixed (byte* start = bytes)
        {
            return Call(Sys.Write, descriptor, (nint)start, bytes.Length);
        }
    }

    public long Write(int descriptor, byte[] bytes, long offset)
    {
        fixed (byte* start = bytes)
        {
            return Call(Sys.Pwrite64, descriptor, (nint)start, bytes.Length, (nint)offset);
        }
    }

    public string Read(int descriptor, int count = 4096)
    {
        byte[] bytes = new byte[count];
        fixed (byte* start = bytes)
        {
            long read = Call(Sys.Read, descriptor, (nint)start, count);
            return read < 0 ? $"errno {-read}" : Encoding.UTF8.GetString(bytes, 0, (int)read);
        }
    }

    public byte[] ReadAll(int descriptor, long offset, int count)
    {
        byte[] bytes = new byte[count];
        fixed (byte* start = bytes)
        {
            Assert.That(Call(Sys.Pread64, descriptor, (nint)start, count, (nint)offset), Is.EqualTo(count));
        }

        return bytes;
    }

    public long Close(int descriptor) => Call(Sys.Close, descriptor);

    public KernelStat Stat(string path)
    {
        KernelStat stat;
        Assert.That(Call(Sys.Stat, path, (nint)(&stat)), Is.Zero, path);
        return stat;
    }

    public KernelStat Stat(int descriptor)
    {
        KernelStat stat;
        Assert.That(Call(Sys.Fstat, descriptor, (nint)(&stat)), Is.Zero);
        return stat;
    }

    /// <summary>The memory behind an address that is in nobody's use: anonymous, without any right.</summary>
    public static nint Forbidden(long bytes) => (nint)RawSystemCall.Invoke(Sys.Mmap, 0, (nint)bytes, 0, 0x22, -1, 0);

    public void Dispose()
    {
        foreach (int descriptor in Placeholder.OpenDescriptors().Where(Calls.Owns))
        {
            _ = Close(descriptor);
        }

        Volume.Dispose();
        foreach (string note in Notes)
        {
            TestContext.Out.WriteLine(note);
        }

        scratch.Dispose();
    }

    /// <summary>A text in native memory, with a NUL at its end.</summary>
    internal sealed class NativeText(string text) : IDisposable
    {
        public nint Address { get; } = Marshal.StringToCoTaskMemUTF8(text);

        public void Dispose() => Marshal.FreeCoTaskMem(Address);
    }
}
