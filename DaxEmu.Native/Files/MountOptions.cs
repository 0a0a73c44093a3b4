using System.Globalization;

namespace DaxEmu.Native.Files;

/// <summary>Options of mounted file systems, from <c>/proc/self/mountinfo</c>.</summary>
internal static class MountOptions
{
    /// <summary>The value of <paramref name="option"/> on the file system with this device number, or null if it is not set.</summary>
    public static string? Find(ulong deviceNumber, string option)
    {
        try
        {
            return Find(File.ReadLines("/proc/self/mountinfo"), deviceNumber, option);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>
    /// As the other, on given lines: <c>id parent major:minor root mountpoint options tags… - type source superOptions</c>.
    /// </summary>
    internal static string? Find(IEnumerable<string> lines, ulong deviceNumber, string option)
    {
        string wanted = string.Create(CultureInfo.InvariantCulture, $"{Major(deviceNumber)}:{Minor(deviceNumber)}");
        string prefix = option + "=";
        foreach (string line in lines)
        {
            string[] fields = line.Split(' ');
            if (fields.Length < 10 || fields[2] != wanted)
            {
                continue;
            }

            string? found = fields[^1].Split(',').FirstOrDefault(text => text.StartsWith(prefix, StringComparison.Ordinal));
            if (found is not null)
            {
                return found[prefix.Length..];
            }
        }

        return null;
    }

    // The split of a dev_t as glibc lays it out.
    internal static ulong Major(ulong device) => ((device >> 8) & 0xfff) | ((device >> 32) & ~0xfffUL);

    internal static ulong Minor(ulong device) => (device & 0xff) | ((device >> 12) & ~0xffUL);
}
