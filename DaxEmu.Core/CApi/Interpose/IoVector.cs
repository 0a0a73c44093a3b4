using System.Runtime.InteropServices;

namespace DaxEmu.Core.CApi.Interpose;

/// <summary><c>struct iovec</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct IoVector(nint Address, nint Length);
