using DaxEmu.Native.Library;
using NUnit.Framework;

namespace DaxEmu.Tests.CApi;

/// <summary>libdaxemu.so as it was built with the command, or where DAXEMU_LIBRARY says.</summary>
internal static class BuiltLibrary
{
    /// <summary>Its path; the test ends as ignored if it is not there.</summary>
    public static string Require()
    {
        string? path = LibraryLoader.Find();
        if (path is null)
        {
            Assert.Ignore($"{LibraryLoader.FileName} was not built, since this machine had no linker. Install gcc or clang (Debian package gcc) and build again.");
        }

        return path!;
    }

    /// <summary>The folder of the library.</summary>
    public static string RequireFolder() => Path.GetDirectoryName(Require())!;
}
