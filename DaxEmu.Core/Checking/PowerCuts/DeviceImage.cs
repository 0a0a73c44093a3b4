namespace DaxEmu.Core.Checking.PowerCuts;

/// <summary>Puts content on a new device.</summary>
internal static class DeviceImage
{
    /// <summary>Copies pages to a device of zeroes; those of zeroes need not become real.</summary>
    public static void CopyTo(ReadOnlySpan<byte> content, PmemDevice device)
    {
        for (int page = 0; page < content.Length; page += DaxConstants.PageSize)
        {
            ReadOnlySpan<byte> bytes = content.Slice(page, Math.Min(DaxConstants.PageSize, content.Length - page));
            if (bytes.ContainsAnyExcept((byte)0))
            {
                bytes.CopyTo(device.SpanUnchecked(page, bytes.Length));
            }
        }
    }
}
