using System.Globalization;
using DaxEmu.Core;

namespace Samples.FasterDevice;

/// <summary>Runs FASTER's work on files of a volume, which is unmounted in between, and on its own local devices, both on tmpfs, and prints what a record took.</summary>
internal static class Program
{
    private const long LeastRecords = 1000;
    private const string SharedMemory = "/dev/shm";

    private static int Main(string[] arguments)
    {
        long records = 200_000;
        if (arguments.Length > 1
            || (arguments is [{ } text] && (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out records) || records < LeastRecords)))
        {
            Console.Error.WriteLine($"'{string.Join(' ', arguments)}' is no number of records. Give one from {LeastRecords} on, or none.");
            return 2;
        }

        // Turn about, so that neither always runs on a colder machine; the second turn counts.
        Workload.Figures dax = default;
        Workload.Figures local = default;
        for (int turn = 0; turn < 2; turn++)
        {
            dax = OnVolume(records);
            local = OnDirectory(records);
        }

        Console.WriteLine($"{records} records of 24 bytes, 1 MiB of memory, every value verified before and after the recovery");
        Console.WriteLine("ns a record          DaxEmu    local device");
        Print("upsert", dax.Upsert, local.Upsert);
        Print("read", dax.Read, local.Read);
        Print("checkpoint", dax.Checkpoint, local.Checkpoint);
        Print("recover", dax.Recover, local.Recover);
        return 0;
    }

    private static Workload.Figures OnVolume(long records)
    {
        using PmemDevice device = PmemDevice.CreateTemporary(AlignedBytes(records));
        DaxVolume.Format(device);
        return Workload.Run(records, () => new Storage.OfVolume(device));
    }

    private static Workload.Figures OnDirectory(long records)
    {
        string folder = Directory.CreateDirectory(Path.Combine(
            Directory.Exists(SharedMemory) ? SharedMemory : Path.GetTempPath(), $"faster-{Guid.NewGuid():N}")).FullName;
        try
        {
            return Workload.Run(records, () => new Storage.OfDirectory(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // The log, the index of a checkpoint, and space to spare.
    private static long AlignedBytes(long records) => ((records * 32) + (256L << 20)) & ~((2L << 20) - 1);

    private static void Print(string what, double dax, double local) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-14} {dax,12:F0} {local,15:F0}"));
}
