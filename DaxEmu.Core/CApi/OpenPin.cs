namespace DaxEmu.Core.CApi;

/// <summary>Pages that a C program has pinned.</summary>
internal sealed class OpenPin(PagePin pin) : IHandled
{
    public static string Kind => "pin";

    public PagePin Pin => pin;
}
