namespace DaxEmu.Core.CApi.Interpose;

/// <summary>A system call of the program as it arrives: its number and six arguments, of which it may use fewer.</summary>
internal readonly record struct SystemCall(int Number, nint A0, nint A1, nint A2, nint A3, nint A4, nint A5)
{
    /// <summary>The same call with another argument in one place.</summary>
    public SystemCall With(int index, nint value) => index switch
    {
        0 => this with { A0 = value },
        1 => this with { A1 = value },
        2 => this with { A2 = value },
        3 => this with { A3 = value },
        4 => this with { A4 = value },
        _ => this with { A5 = value },
    };
}
