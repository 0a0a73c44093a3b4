using System.Text;
using BenchmarkDotNet.Attributes;
using DaxEmu.Core;
using DaxEmu.Native.Libc;
using Microsoft.Win32.SafeHandles;

namespace DaxEmu.Bench.Benchmark.Suites;

/// <summary>
/// What a volume on a medium costs, beside the host's tmpfs: an append of 4 KiB with its sync beside a pwrite without one, a file that is made and
/// deleted beside open(O_CREAT) and unlink. Figures are per operation.
/// </summary>
[MemoryDiagnoser]
public class VolumeSuite : IDisposable
{
    private const int Operations = 4096;
    private const int BlockBytes = DaxConstants.PageSize;

    private readonly byte[] block = new byte[BlockBytes];
    private PmemDevice? device;
    private DaxVolume? volume;
    private DaxFile? appended;
    private SafeFileHandle? hostFile;
    private string hostPath = "";

    [GlobalSetup]
    public void Setup()
    {
        device = PmemDevice.CreateTemporary(256L << 20);
        DaxVolume.Format(device);
        volume = DaxVolume.Mount(device);
        string directory = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(); // where the device lies
        hostPath = Path.Combine(directory, $"daxemu-suite-{Environment.ProcessId}");
        hostFile = File.OpenHandle(hostPath, FileMode.Create, FileAccess.ReadWrite, options: FileOptions.DeleteOnClose);
    }

    [IterationSetup(Targets = [nameof(AppendAndSync), nameof(HostPwrite)])]
    public void Empty()
    {
        appended?.Dispose();
        if (volume!.Exists("appended"))
        {
            volume.Delete("appended");
        }

        appended = volume.Create("appended");
        RandomAccess.SetLength(hostFile!, 0);
    }

    [Benchmark(OperationsPerInvoke = Operations)]
    public void AppendAndSync()
    {
        DaxFile file = appended!;
        for (long i = 0; i < Operations; i++)
        {
            _ = file.Write(block, i * BlockBytes);
            file.Sync();
        }
    }

    [Benchmark(OperationsPerInvoke = Operations)]
    public void HostPwrite()
    {
        for (long i = 0; i < Operations; i++)
        {
            RandomAccess.Write(hostFile!, block, i * BlockBytes);
        }
    }

    [Benchmark(OperationsPerInvoke = Operations)]
    public void CreateAndDelete()
    {
        for (int i = 0; i < Operations; i++)
        {
            volume!.Create("made").Dispose();
            volume.Delete("made");
        }
    }

    [Benchmark(OperationsPerInvoke = Operations)]
    public void HostCreateAndUnlink()
    {
        byte[] path = Encoding.UTF8.GetBytes(hostPath + "-made\0");
        for (int i = 0; i < Operations; i++)
        {
            if (!HostFiles.CreateAndUnlink(path))
            {
                throw new IOException($"'{hostPath}-made' cannot be made and deleted.");
            }
        }
    }

    [GlobalCleanup]
    public void Dispose()
    {
        appended?.Dispose();
        volume?.Dispose();
        device?.Dispose();
        hostFile?.Dispose();
        GC.SuppressFinalize(this);
    }
}
