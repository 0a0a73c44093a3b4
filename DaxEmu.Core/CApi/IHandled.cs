namespace DaxEmu.Core.CApi;

/// <summary>Something that a handle stands for.</summary>
internal interface IHandled
{
    /// <summary>What messages call it.</summary>
    static abstract string Kind { get; }
}
