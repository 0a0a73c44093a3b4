using DaxEmu.Core;
using DaxEmu.Core.Checking;

namespace DaxEmu.Tests.Checking.PowerCuts;

/// <summary>A random program of a few stores, flushes and fences of two threads, with the states that the rules allow worked out naively.</summary>
internal sealed class RandomProgram
{
    private const int WordCount = 24; // three lines, of which a few words are used
    private readonly List<Operation> operations = [];

    public RandomProgram(int seed, int length)
    {
        var random = new Random(seed);
        for (int i = 0; i < length; i++)
        {
            int thread = random.Next(4) == 0 ? 1 : 0;
            int word = (random.Next(3) * 8) + random.Next(3);
            var kind = (Kind)random.Next(6);

            // A raw store that changes nothing cannot be seen.
            operations.Add(new Operation(kind, thread, word, kind == Kind.Raw ? 10 + i : random.Next(1, 4)));
        }
    }

    private enum Kind
    {
        Store,
        Store2,
        Raw,
        Around,
        Flush,
        Fence,
    }

    /// <summary>What each cut leaves, by its number of operations before it: the words that are used.</summary>
    public IEnumerable<(int Cut, string Content)> Allowed()
    {
        int cut = 0;
        bool isNew = true;
        for (int end = 0; end <= operations.Count; end++)
        {
            if (isNew && (end == operations.Count || operations[end].Kind == Kind.Fence))
            {
                isNew = false;
                cut++;
                foreach (string content in AllowedAt(end))
                {
                    yield return (cut, content);
                }
            }

            isNew |= end < operations.Count && operations[end].Kind is not (Kind.Flush or Kind.Fence);
        }
    }

    /// <summary>Does it.</summary>
    public void Run(PmemDevice device, CutProgress progress)
    {
        using var other = new OtherThread();
        foreach (Operation operation in operations)
        {
            void Do()
            {
                switch (operation.Kind)
                {
                    case Kind.Raw:
                        device.PutRaw(operation.Word, operation.Value);
                        device.Recorder!.Finish(); // a sampling point: two raw stores to one line would be one else
                        break;
                    case Kind.Around:
                        device.PutAround(operation.Word, operation.Value);
                        break;
                    case Kind.Flush:
                        device.Flush(operation.Word * 8, 8);
                        break;
                    case Kind.Fence:
                        device.Drain();
                        break;
                    default:
                        device.Put(operation.Word, operation.Value);
                        break;
                }
            }

            if (operation.Thread == 0)
            {
                Do();
            }
            else
            {
                other.Do(Do);
            }
        }
    }

    /// <summary>The words that a program may use.</summary>
    public static IEnumerable<long> Words() => from line in Enumerable.Range(0, 3) from word in Enumerable.Range(0, 3) select (long)((line * 8) + word);

    private HashSet<string> AllowedAt(int end)
    {
        int[] stores = [.. Enumerable.Range(0, end).Where(i => operations[i].IsStore)];
        HashSet<string> contents = [];
        for (int chosen = 0; chosen < 1 << stores.Length; chosen++)
        {
            bool HasArrived(int store) => (chosen >> Array.IndexOf(stores, store) & 1) != 0;
            if (stores.All(s => HasArrived(s) || !(IsDurable(s, end) || stores.Any(later => later > s && HasArrived(later) && KeepsOrder(s, later)))))
            {
                long[] content = new long[WordCount];
                foreach (int store in stores.Where(HasArrived))
                {
                    content[operations[store].Word] = operations[store].Value;
                }

                contents.Add(string.Join(' ', Words().Select(w => content[w])));
            }
        }

        return contents;
    }

    private bool KeepsOrder(int store, int later) =>
        operations[store].IsCached && operations[later].IsCached && operations[store].Word / 8 == operations[later].Word / 8;

    private bool IsDurable(int store, int end)
    {
        for (int fence = store + 1; fence < end; fence++)
        {
            if (operations[fence].Kind != Kind.Fence)
            {
                continue;
            }

            if (operations[store].Kind == Kind.Around ? operations[fence].Thread == operations[store].Thread : Enumerable.Range(store, fence - store).Any(f =>
                operations[f].Kind == Kind.Flush && operations[f].Thread == operations[fence].Thread && operations[f].Word / 8 == operations[store].Word / 8))
            {
                return true;
            }
        }

        return false;
    }

    private sealed record Operation(Kind Kind, int Thread, int Word, long Value)
    {
        public bool IsStore => Kind is not (Kind.Flush or Kind.Fence);

        public bool IsCached => IsStore && Kind != Kind.Around;
    }

    // A second thread that does one thing after the other.
    private sealed class OtherThread : IDisposable
    {
        private readonly System.Collections.Concurrent.BlockingCollection<(Action Action, TaskCompletionSource Done)> queue = [];
        private readonly Thread thread;

        public OtherThread()
        {
            thread = new Thread(() =>
            {
                foreach ((Action action, TaskCompletionSource done) in queue.GetConsumingEnumerable())
                {
                    action();
                    done.SetResult();
                }
            });
            thread.Start();
        }

        public void Do(Action action)
        {
            var done = new TaskCompletionSource();
            queue.Add((action, done));
            done.Task.Wait();
        }

        public void Dispose()
        {
            queue.CompleteAdding();
            thread.Join();
            queue.Dispose();
        }
    }
}
