using DaxEmu.Core;
using NUnit.Framework;

namespace DaxEmu.Tests.Support;

/// <summary>A device in memory and its volume; when it is left, every file's entries are checked and every block must come back.</summary>
internal sealed class FileFixture : IDisposable
{
    public const int Page = DaxConstants.PageSize;
    public const int Pmd = DaxConstants.PmdSize;

    private readonly List<DaxFile> files = [];
    private readonly DaxFileOptions options;

    public FileFixture(DaxFileOptions? options = null, long deviceBytes = 16L * Pmd)
    {
        this.options = options ?? DaxFileOptions.Default;
        Device = PmemDevice.CreateInMemory(deviceBytes);
        Volume = DaxVolume.ScratchOf(Device);
    }

    public PmemDevice Device { get; }

    public DaxVolume Volume { get; }

    public DaxFile Create(long sizeBytes = 0, DaxFileOptions? with = null)
    {
        DaxFile file = DaxVolume.ScratchOf(Device).CreateTemporary(sizeBytes, (with ?? options) with { MaximumSizeBytes = 1L << 30 });
        files.Add(file);
        return file;
    }

    /// <summary>A file of written pages; byte i of page p is p + i, so that every place is told from its neighbours.</summary>
    public DaxFile CreateFilled(long sizeBytes, int seed = 1, DaxFileOptions? with = null)
    {
        DaxFile file = Create(with: with);
        byte[] bytes = Pattern((int)sizeBytes, seed);
        Assert.That(file.Write(bytes, 0), Is.EqualTo(bytes.Length));
        return file;
    }

    public static byte[] Pattern(int lengthBytes, int seed)
    {
        var bytes = new byte[lengthBytes];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static byte[] Bytes(DaxFile file)
    {
        var bytes = new byte[file.Length];
        Assert.That(file.Read(bytes, 0), Is.EqualTo(bytes.Length));
        return bytes;
    }

    public static byte[] Bytes(DaxView view, long offset, int length)
    {
        var bytes = new byte[length];
        view.CopyTo(bytes, offset);
        return bytes;
    }

    /// <summary>Waits for a task that must end, and for its result.</summary>
    public static void Finish(Task task) => Assert.That(task.Wait(TimeSpan.FromSeconds(30)), "it hangs");

    /// <summary>Whether a task still runs after a time in which it would long have ended.</summary>
    public static bool IsStuck(Task task) => !task.Wait(TimeSpan.FromMilliseconds(100));

    public void Dispose()
    {
        try
        {
            foreach (DaxFile file in files.Where(f => IsOpen(f)))
            {
                Assert.That(file.Mapping.Entries.Verify(), Is.Empty, file.Mapping.Entries.Dump());
                file.Dispose();
            }

            Assert.That(Volume.FreeBytes, Is.EqualTo(Device.SizeBytes), "blocks are lost");
            Device.Owners.VerifyUnused();
        }
        finally
        {
            Volume.Dispose();
            Device.Dispose();
        }
    }

    private static bool IsOpen(DaxFile file)
    {
        try
        {
            return file.Length >= 0;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }
}
