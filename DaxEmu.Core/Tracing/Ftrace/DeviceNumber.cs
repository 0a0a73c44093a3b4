namespace DaxEmu.Core.Tracing;

/// <summary>The device that a trace line names (<c>dev</c>).</summary>
/// <param name="Major">Its major number.</param>
/// <param name="Minor">Its minor number.</param>
public readonly record struct DeviceNumber(int Major, int Minor);
