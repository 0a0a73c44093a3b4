namespace DaxEmu.Core.CApi;

/// <summary>What a check or a repair has found.</summary>
internal sealed class OpenReport(VolumeReport report) : IHandled
{
    public static string Kind => "report";

    public VolumeReport Report => report;
}
