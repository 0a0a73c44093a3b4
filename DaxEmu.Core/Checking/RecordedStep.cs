using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Checking;

/// <summary>A step of a run.</summary>
/// <param name="Thread">The thread that made it; of a drain, the thread that stored.</param>
/// <param name="Kind">What it did.</param>
/// <param name="Site">Where in the core.</param>
/// <param name="Label">What the author of a protocol calls it.</param>
/// <param name="Word">The word's number in order of first use; -1 for none.</param>
/// <param name="Result">What was read or stored; of a wake-up, how many were woken.</param>
/// <param name="Operand">What a locked instruction brought.</param>
/// <param name="Succeeded">Of a compare-and-exchange, whether it wrote; of a wait, whether it slept; of a store, whether it was buffered.</param>
internal readonly record struct RecordedStep(
    int Thread, StepKind Kind, Site Site, StepLabel Label, int Word, ulong Result, ulong Operand, bool Succeeded)
{
    private string Name => Label.Word ?? $"w{Word}";

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        StepKind.Drain => $"T{Thread} drains: {Name} <- {Result:x}",
        _ when Label.Text is not null => $"T{Thread} {Describe()}",
        StepKind.Load => $"T{Thread} {Site}: load {Name} = {Result:x}",
        StepKind.SpinWhile => $"T{Thread} {Site}: spun until {Name} = {Result:x}",
        StepKind.Store => $"T{Thread} {Site}: store {Name} <- {Result:x}",
        StepKind.CompareExchange when Succeeded => $"T{Thread} {Site}: compare-exchange {Name} {Result:x} -> {Operand:x}",
        StepKind.CompareExchange => $"T{Thread} {Site}: compare-exchange {Name} failed, found {Result:x}",
        StepKind.ProcessWideBarrier => $"T{Thread} {Site}: process-wide barrier",
        StepKind.Wait => Succeeded ? $"T{Thread} {Site}: sleeps on {Name}" : $"T{Thread} {Site}: does not sleep, {Name} is not {Result:x}",
        StepKind.Wake => $"T{Thread} {Site}: wakes {Result} on {Name}",
        _ => $"T{Thread} {Site}: {Kind} {Name} with {Operand:x}, gives {Result:x}",
    };

    /// <summary>A labelled step, or the drain of a buffered store, in the author's words and without the thread.</summary>
    public string Describe()
    {
        string label = Label.Text ?? "buffered store reaches memory";
        string effect = Kind switch
        {
            StepKind.Load or StepKind.SpinWhile => $"{Name} is {Text(Result)}",
            StepKind.Store => $"{Name} <- {Text(Result)}{(Succeeded ? ", buffered" : string.Empty)}",
            StepKind.Drain or StepKind.Add => $"{Name} <- {Text(Result)}",
            StepKind.CompareExchange when !Succeeded => $"not done, {Name} is {Text(Result)}",
            StepKind.CompareExchange or StepKind.Exchange => $"{Name} was {Text(Result)}, <- {Text(Operand)}",
            StepKind.Wait => Succeeded ? $"sleeps on {Name}" : $"does not sleep, {Name} is not {Text(Result)}",
            StepKind.Wake => $"wakes {Result} on {Name}",
            _ => string.Empty, // a fence
        };
        return effect.Length == 0 ? label : $"{label} ({effect})";
    }

    private static string Text(ulong value) => value < 1000 ? $"{value}" : $"0x{value:x}";
}
