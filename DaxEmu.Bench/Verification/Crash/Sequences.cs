namespace DaxEmu.Bench.Verification.Crash;

/// <summary>Sequences of operations.</summary>
internal static class Sequences
{
    /// <summary>All sequences of up to so many operations, the shorter ones first.</summary>
    public static IEnumerable<T[]> UpTo<T>(IReadOnlyList<T> operations, int longest)
    {
        IEnumerable<T[]> sequences = [[]];
        for (int length = 1; length <= longest; length++)
        {
            sequences = [.. from shorter in sequences from operation in operations select (T[])[.. shorter, operation]];
            foreach (T[] sequence in sequences)
            {
                yield return sequence;
            }
        }
    }
}
