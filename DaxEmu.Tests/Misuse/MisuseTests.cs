using System.Diagnostics;
using DaxEmu.Core;
using DaxEmu.Core.Iomap;
using NUnit.Framework;

namespace DaxEmu.Tests.Misuse;

/// <summary>Any member, with any arguments, at any time: the result is right, or an exception that says what was wrong.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class MisuseTests
{
    private const int MostCalls = 150;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PerPair = TimeSpan.FromMilliseconds(100);

    private static IEnumerable<Type> Types => MisuseSubjects.Types;

    private static IEnumerable<Disposed> Steps => Enum.GetValues<Disposed>();

    // Left out: a device and an allocator may be disposed only when no call to them runs, as they say.
    private static IEnumerable<(Type Type, Disposed Disposed)> Pairs =>
        from type in Types
        from disposed in Steps
        where disposed != Disposed.Nothing
        where type != typeof(PmemDevice) || disposed is not (Disposed.Itself or Disposed.Device)
        where type != typeof(BlockAllocator) || disposed != Disposed.Itself
        select (type, disposed);

    [Test]
    public void EveryParameterOfEveryPublicMemberIsTried()
    {
        using var subjects = new MisuseSubjects();
        IEnumerable<string> unknown =
            from type in Types
            from member in MisuseMember.Of(type)
            from parameter in member.ArgumentTypes
            where subjects.ValuesFor(parameter, type) is null
            select $"{member}: {parameter}";
        Assert.That(unknown, Is.Empty);
    }

    [Test]
    public void WrongArgumentsAndDisposedObjectsGetAnExceptionThatSaysSo(
        [ValueSource(nameof(Types))] Type type, [ValueSource(nameof(Steps))] Disposed disposed) => OnAThread(() =>
        {
            var wrong = new List<string>();
            foreach (MisuseMember member in MisuseMember.Of(type))
            {
                using var subjects = new MisuseSubjects();
                subjects.Dispose(disposed, type);
                foreach (object?[] arguments in Combinations(subjects, member, MostCalls))
                {
                    if (Call(subjects, member, arguments) is { } problem)
                    {
                        wrong.Add(problem);
                        break;
                    }
                }

                bool isKept = member.Method.Name != nameof(IDisposable.Dispose);
                wrong.AddRange((isKept ? subjects.Verify(disposed, type) : []).Select(p => $"after {member}: {p}"));
            }

            return wrong;
        });

    [Test]
    public void ACallBesideADisposeEndsWellOrSaysWhatIsGone(
        [ValueSource(nameof(Pairs))] (Type Type, Disposed Disposed) pair)
    {
        (Type type, Disposed disposed) = pair;
        MisuseMember[] members = [.. MisuseMember.Of(type).Where(m => !m.Method.IsConstructor)];
        OnAThread(() =>
        {
            var random = new Random(1);
            var wrong = new List<string>();
            var watch = Stopwatch.StartNew();
            while (watch.Elapsed < PerPair && wrong.Count == 0)
            {
                using var subjects = new MisuseSubjects();
                (MisuseMember Member, object?[] Arguments)[] calls =
                [
                    .. members.SelectMany(m => Combinations(subjects, m, 4, random.Next()).Select(a => (m, a))).OrderBy(_ => random.Next()),
                ];
                using var started = new ManualResetEventSlim();
                var caller = new Thread(() =>
                {
                    started.Set();
                    foreach ((MisuseMember member, object?[] arguments) in calls)
                    {
                        if (Call(subjects, member, arguments) is { } problem)
                        {
                            wrong.Add(problem);
                        }
                    }
                });
                caller.Start();
                started.Wait();
                Thread.SpinWait(random.Next(20_000));
                subjects.Dispose(disposed, type);
                caller.Join();
            }

            return wrong;
        });
    }

    [Test]
    [NonParallelizable]
    public void AFinalizerMayCallWhatItLikes([Values(Disposed.Nothing, Disposed.File, Disposed.Device)] Disposed disposed)
    {
        var wrong = new List<string>();
        using var done = new ManualResetEventSlim();
        using var subjects = new MisuseSubjects();
        MakeCaller(subjects, disposed, wrong, done);
        for (int i = 0; i < 50 && !done.IsSet; i++)
        {
            GC.Collect();
            done.Wait(TimeSpan.FromMilliseconds(200));
        }

        Assert.That(done.Wait(Patience), "the finalizer hangs, or was never called");
        Assert.That(wrong, Is.Empty);
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static void MakeCaller(MisuseSubjects subjects, Disposed disposed, List<string> wrong, ManualResetEventSlim done) =>
        _ = new CallerFromFinalizer(subjects, disposed, wrong, done);

    private static void OnAThread(Func<List<string>> work)
    {
        List<string> wrong = [];
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                wrong = work();
            }
            catch (Exception e)
            {
                failure = e;
            }
        })
        { IsBackground = true };
        thread.Start();
        Assert.That(thread.Join(Patience), "it hangs");
        Assert.That(failure, Is.Null);
        Assert.That(wrong, Is.Empty);
    }

    // All combinations of the values, or as many of them as are wished for.
    private static IEnumerable<object?[]> Combinations(MisuseSubjects subjects, MisuseMember member, int most, int seed = 1)
    {
        IReadOnlyList<object?>[] values = [.. member.ArgumentTypes.Select(t => subjects.ValuesFor(t, member.Type)!)];
        long count = values.Aggregate(1L, (product, v) => product * v.Count);
        var random = new Random(seed);
        for (long i = 0; i < Math.Min(count, most); i++)
        {
            long code = count <= most ? i : random.NextInt64(count);
            var arguments = new object?[values.Length];
            for (int k = 0; k < values.Length; k++)
            {
                arguments[k] = values[k][(int)(code % values[k].Count)];
                code /= values[k].Count;
            }

            yield return arguments;
        }
    }

    private static string? Call(MisuseSubjects subjects, MisuseMember member, object?[] arguments)
    {
        try
        {
            object? result = member.Invoke(subjects.Target(member), arguments);
            if (!member.Method.IsSpecialName && result is IDisposable made && !subjects.Has(made))
            {
                made.Dispose();
            }

            return null;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or IOException or NotSupportedException or OperationCanceledException)
        {
            return null;
        }
        catch (Exception e)
        {
            return $"{member} with ({string.Join(", ", arguments.Select(a => a ?? "null"))}): {e}";
        }
    }

    private sealed class CallerFromFinalizer(MisuseSubjects subjects, Disposed disposed, List<string> wrong, ManualResetEventSlim done)
    {
        ~CallerFromFinalizer()
        {
            subjects.Dispose(disposed, typeof(DaxFile));
            foreach (MisuseMember member in Types.SelectMany(MisuseMember.Of).Where(m => m.Type != typeof(PmemDevice) || disposed != Disposed.Nothing))
            {
                foreach (object?[] arguments in Combinations(subjects, member, 5))
                {
                    if (Call(subjects, member, arguments) is { } problem)
                    {
                        wrong.Add(problem);
                    }
                }
            }

            done.Set();
        }
    }
}
