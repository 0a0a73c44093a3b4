using DaxEmu.Native.Failures;

namespace DaxEmu.Tests.Support;

/// <summary>Every step of one kind fails.</summary>
internal sealed class FailAll(FallibleStep step) : IFailurePlan
{
    public bool Fails(FallibleStep asked) => asked == step;
}
