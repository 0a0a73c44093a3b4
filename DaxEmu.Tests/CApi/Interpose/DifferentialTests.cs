using System.Runtime.InteropServices;
using System.Text;
using DaxEmu.Core.CApi.Interpose;
using DaxEmu.Native.Libc;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.CApi.Interpose;

[TestFixture]
internal sealed unsafe class DifferentialTests
{
    private static readonly string[] Names =
    [
        "a", "b", "c", "d", "e", "d/a", "d/b", "d/e", "d/e/a", "e/a", "a/x", "./a", "d/../b", "d/./a", "a/", "d/", "e/", "d//a", "d/e/../a", ".", "..x", "d/.", "e/..", "a/..", "n/x",
    ];

    private static readonly int[] Modes = [0, 1, 3, 2, 0x80, 0x100];
    private static readonly int[] Moves = [Sys.Read, Sys.Write, Sys.Pread64, Sys.Pwrite64];
    private static readonly int[] VectorMoves = [Sys.Readv, Sys.Writev, Sys.Preadv, Sys.Pwritev, Sys.Preadv2, Sys.Pwritev2];

    [Test]
    public void Random_calls_do_on_the_volume_what_they_do_on_tmpfs()
    {
        ulong seeds = Effort.IsThorough ? 80ul : 40ul;
        for (ulong seed = 1; seed <= seeds; seed++)
        {
            using var fixture = new InterposeFixture();
            using var pair = new Pair(fixture);
            var random = new Random((int)seed);
            for (int i = 0; i < 300; i++)
            {
                pair.Step(random, $"seed {seed}, step {i}");
            }

            pair.CompareTrees();
        }
    }

    /// <summary>The same calls on the volume and on a directory of the host.</summary>
    private sealed class Pair(InterposeFixture fixture) : IDisposable
    {
        private const int Slots = 6;
        private const int BufferBytes = 40_000;

        private readonly int[] ours = [.. Enumerable.Repeat(-1, Slots)];
        private readonly int[] kernels = [.. Enumerable.Repeat(-1, Slots)];
        private readonly byte* bytes = (byte*)NativeMemory.AllocZeroed(BufferBytes);
        private readonly byte* ourBuffer = (byte*)NativeMemory.AllocZeroed(BufferBytes);
        private readonly byte* kernelBuffer = (byte*)NativeMemory.AllocZeroed(BufferBytes);
        private readonly List<string> log = [];

        public void Step(Random random, string where)
        {
            int kind = random.Next(34);
            string name = Names[random.Next(Names.Length)];
            string other = Names[random.Next(Names.Length)];
            int slot = random.Next(Slots);
            switch (kind)
            {
                case 0 or 1 or 2 or 3:
                    Open(random, name, slot, where);
                    break;
                case 4:
                    OnDescriptor(where, $"close {slot}", slot, fd => [Sys.Close, fd]);
                    ours[slot] = kernels[slot] = -1;
                    break;
                case 5 or 6 or 7:
                    Move(random, slot, where);
                    break;
                case 8:
                    Vectors(random, slot, where);
                    break;
                case 9:
                    int whence = random.Next(6);
                    long offset = random.Next(-5000, 50_000);
                    OnDescriptor(where, $"lseek {slot} {offset} {whence}", slot, fd => [Sys.Lseek, fd, (nint)offset, whence]);
                    break;
                case 10:
                    long size = random.Next(-1, 40_000);
                    OnDescriptor(where, $"ftruncate {slot} {size}", slot, fd => [Sys.Ftruncate, fd, (nint)size]);
                    break;
                case 11:
                    int mode = Modes[random.Next(Modes.Length)];
                    long at = random.Next(-1, 40_000);
                    long length = random.Next(0, 20_000);
                    OnDescriptor(where, $"fallocate {slot} {mode} {at} {length}", slot, fd => [Sys.Fallocate, fd, mode, (nint)at, (nint)length]);
                    break;
                case 12 or 13:
                    Stat(name, where);
                    break;
                case 14:
                    OnPaths(where, $"mkdir {name}", path => [Sys.Mkdir, path, 0x1ED], name);
                    break;
                case 15:
                    OnPaths(where, $"rmdir {name}", path => [Sys.Rmdir, path], name);
                    break;
                case 16 or 17:
                    OnPaths(where, $"unlink {name}", path => [Sys.Unlink, path], name);
                    break;
                case 18 or 19:
                    OnTwoPaths(where, $"rename {name} {other}", (from, to) => [Sys.Rename, from, to], name, other);
                    break;
                case 20:
                    OnTwoPaths(where, $"renameat2 NOREPLACE {name} {other}", (from, to) => [Sys.Renameat2, AtFlags.CurrentDirectory, from, AtFlags.CurrentDirectory, to, 1], name, other);
                    break;
                case 21:
                    OnTwoPaths(where, $"link {name} {other}", (from, to) => [Sys.Link, from, to], name, other);
                    break;
                case 22:
                    int wanted = random.Next(8);
                    OnPaths(where, $"access {name} {wanted}", path => [Sys.Access, path, wanted], name);
                    break;
                case 23:
                    int bits = random.Next(0x1000);
                    OnPaths(where, $"chmod {name} {bits}", path => [Sys.Chmod, path, bits], name);
                    break;
                case 24:
                    long newSize = random.Next(-1, 30_000);
                    OnPaths(where, $"truncate {name} {newSize}", path => [Sys.Truncate, path, (nint)newSize], name);
                    break;
                case 25:
                    Duplicate(random, slot, where);
                    break;
                case 26:
                    OnDescriptor(where, $"fcntl {slot} F_GETFL", slot, fd => [Sys.Fcntl, fd, 3]);
                    break;
                case 27:
                    int set = random.Next(2) * OpenFlags.Append;
                    OnDescriptor(where, $"fcntl {slot} F_SETFL {set}", slot, fd => [Sys.Fcntl, fd, 4, set]);
                    break;
                case 28:
                    Times(random, name, where);
                    break;
                case 29:
                    Names28(name, where);
                    break;
                case 30:
                    int from = slot;
                    int target = random.Next(Slots);
                    int count = random.Next(10_000);
                    OnTwoDescriptors(where, $"copy_file_range {from} {target} {count}", from, target, (one, two) => [Sys.CopyFileRange, one, 0, two, 0, count, 0]);
                    break;
                case 31:
                    int source = random.Next(Slots);
                    int sent = random.Next(10_000);
                    OnTwoDescriptors(where, $"sendfile {slot} {source} {sent}", slot, source, (one, two) => [Sys.Sendfile, one, two, 0, sent]);
                    break;
                case 32:
                    OnPaths(where, $"rmdir by unlinkat {name}", path => [Sys.Unlinkat, AtFlags.CurrentDirectory, path, 0x200], name);
                    break;
                default:
                    OnDescriptor(where, $"fsync {slot}", slot, fd => [random.Next(2) == 0 ? Sys.Fsync : Sys.Fdatasync, fd]);
                    break;
            }
        }

        public void CompareTrees()
        {
            string[] host = [.. Directory.EnumerateFileSystemEntries(fixture.Host, "*", SearchOption.AllDirectories).Select(path => path[(fixture.Host.Length + 1)..]).Order(StringComparer.Ordinal)];
            var found = new List<string>();
            Collect("", found);
            Assert.That(found.Order(StringComparer.Ordinal), Is.EqualTo(host));
            foreach (string name in host.Where(name => File.Exists(Path.Combine(fixture.Host, name))))
            {
                int descriptor = fixture.Open($"/dax/{name}", OpenFlags.ReadOnly);
                byte[] expected = File.ReadAllBytes(Path.Combine(fixture.Host, name));
                Assert.That(fixture.ReadAll(descriptor, 0, expected.Length), Is.EqualTo(expected), name);
                Assert.That(fixture.Stat(descriptor).Size, Is.EqualTo(expected.Length));
                _ = fixture.Close(descriptor);
            }
        }

        public void Dispose()
        {
            for (int i = 0; i < Slots; i++)
            {
                if (ours[i] >= 0)
                {
                    _ = fixture.Close(ours[i]);
                    _ = RawSystemCall.Invoke(Sys.Close, kernels[i]);
                }
            }

            NativeMemory.Free(bytes);
            NativeMemory.Free(ourBuffer);
            NativeMemory.Free(kernelBuffer);
        }

        private void Collect(string directory, List<string> found)
        {
            foreach (string name in List(fixture.Call, "/dax/" + directory).Where(name => name is not ("." or "..")))
            {
                string path = directory + name;
                found.Add(path);
                if ((fixture.Stat($"/dax/{path}").Mode & 0xF000) == 0x4000)
                {
                    Collect(path + "/", found);
                }
            }
        }

        private delegate long Invoker(int number, nint a0, nint a1, nint a2, nint a3, nint a4, nint a5);

        private static long Kernel(int number, nint a0, nint a1, nint a2, nint a3, nint a4, nint a5) => RawSystemCall.Invoke(number, a0, a1, a2, a3, a4, a5);

        private static List<string> List(Invoker call, string path)
        {
            using var text = new InterposeFixture.NativeText(path);
            long directory = call(Sys.Open, text.Address, OpenFlags.Directory, 0, 0, 0, 0);
            var names = new List<string>();
            if (directory < 0)
            {
                names.Add($"errno {-directory}");
                return names;
            }

            byte* buffer = stackalloc byte[200];
            long length;
            while ((length = call(Sys.Getdents64, (nint)directory, (nint)buffer, 200, 0, 0, 0)) > 0)
            {
                for (int at = 0; at < length; at += *(ushort*)(buffer + at + 16))
                {
                    names.Add(Marshal.PtrToStringUTF8((nint)(buffer + at + 19))!);
                }
            }

            Assert.That(length, Is.Zero);
            _ = call(Sys.Close, (nint)directory, 0, 0, 0, 0, 0);
            names.Sort(StringComparer.Ordinal);
            return names;
        }

        private void Names28(string name, string where)
        {
            log.Add($"list {name}");
            Assert.That(List(fixture.Call, $"/dax/{name}"), Is.EqualTo(List(Kernel, $"{fixture.Host}/{name}")), Explain(where));
        }

        private void Open(Random random, string name, int slot, string where)
        {
            int flags = random.Next(4) | Pick(random, OpenFlags.Create, 2) | Pick(random, OpenFlags.Exclusive, 4) | Pick(random, OpenFlags.Truncate, 4) | Pick(random, OpenFlags.Append, 4)
                | Pick(random, OpenFlags.Directory, 8) | Pick(random, OpenFlags.NoFollow, 8) | Pick(random, OpenFlags.Path, 16) | Pick(random, OpenFlags.Sync, 16)
                | Pick(random, OpenFlags.CloseOnExec, 3) | Pick(random, OpenFlags.Temporary, 24);
            if (ours[slot] >= 0)
            {
                _ = fixture.Close(ours[slot]);
                _ = RawSystemCall.Invoke(Sys.Close, kernels[slot]);
            }

            log.Add($"open {name} 0x{flags:x} -> {slot}");
            using var our = new InterposeFixture.NativeText($"/dax/{name}");
            using var kernel = new InterposeFixture.NativeText($"{fixture.Host}/{name}");
            long mine = fixture.Call(Sys.Open, our.Address, flags, 0x1A4);
            long theirs = RawSystemCall.Invoke(Sys.Open, kernel.Address, flags, 0x1A4);
            Assert.That(Math.Min(mine, 0), Is.EqualTo(Math.Min(theirs, 0)), Explain(where));
            ours[slot] = (int)Math.Max(mine, -1);
            kernels[slot] = (int)Math.Max(theirs, -1);
        }

        private static int Pick(Random random, int flag, int oneIn) => random.Next(oneIn) == 0 ? flag : 0;

        private void Move(Random random, int slot, string where)
        {
            int count = random.Next(random.Next(2) == 0 ? 100 : 20_000);
            long offset = random.Next(-1, 40_000);
            int number = Moves[random.Next(Moves.Length)];
            bool isWrite = number is Sys.Write or Sys.Pwrite64;
            random.NextBytes(new Span<byte>(bytes, count));
            OnDescriptor(
                where,
                $"{Sys.NameOf(number)} {slot} {count} at {offset}",
                slot,
                (fd, buffer) => [number, fd, isWrite ? (nint)bytes : buffer, count, (nint)offset]);
        }

        private void Vectors(Random random, int slot, string where)
        {
            int number = VectorMoves[random.Next(VectorMoves.Length)];
            bool isWrite = number is Sys.Writev or Sys.Pwritev or Sys.Pwritev2;
            int[] lengths = [.. Enumerable.Range(0, random.Next(5)).Select(_ => random.Next(3) == 0 ? 0 : random.Next(6000))];
            long offset = random.Next(-2, 30_000);
            random.NextBytes(new Span<byte>(bytes, BufferBytes));
            IoVector* vectors = stackalloc IoVector[4];
            nint list = (nint)vectors;
            OnDescriptor(where, $"{Sys.NameOf(number)} {slot} [{string.Join(' ', lengths)}] at {offset}", slot, (fd, buffer) =>
            {
                nint at = isWrite ? (nint)bytes : buffer;
                for (int i = 0; i < lengths.Length; i++)
                {
                    ((IoVector*)list)[i] = new IoVector(at, lengths[i]);
                    at += lengths[i];
                }

                return [number, fd, list, lengths.Length, (nint)offset, 0, 0];
            });
        }

        private void Duplicate(Random random, int slot, string where)
        {
            int target = random.Next(Slots);
            if (target == slot)
            {
                return;
            }

            bool isNew = ours[target] < 0 || random.Next(2) == 0;
            log.Add($"dup {slot} -> {target}{(isNew ? "" : " (dup2)")}");
            if (ours[slot] < 0)
            {
                return;
            }

            if (isNew && ours[target] >= 0)
            {
                _ = fixture.Close(ours[target]);
                _ = RawSystemCall.Invoke(Sys.Close, kernels[target]);
            }

            long mine = isNew ? fixture.Call(Sys.Dup, ours[slot]) : fixture.Call(Sys.Dup2, ours[slot], ours[target]);
            long theirs = isNew ? RawSystemCall.Invoke(Sys.Dup, kernels[slot]) : RawSystemCall.Invoke(Sys.Dup2, kernels[slot], kernels[target]);
            Assert.That(Math.Min(mine, 0), Is.EqualTo(Math.Min(theirs, 0)), Explain(where));
            ours[target] = (int)mine;
            kernels[target] = (int)theirs;
        }

        private void Times(Random random, string name, string where)
        {
            KernelTime* times = stackalloc KernelTime[2];
            times[0] = new KernelTime(random.Next(), random.Next(10_000_000) * 100);
            times[1] = new KernelTime(random.Next(), random.Next(random.Next(2) == 0 ? 10_000_000 : 11_000_000) * 100);
            nint address = (nint)times;
            OnPaths(where, $"utimensat {name}", path => [Sys.Utimensat, AtFlags.CurrentDirectory, path, address, 0], name);
        }

        private void Stat(string name, string where)
        {
            log.Add($"stat {name}");
            KernelStat mine = default;
            KernelStat theirs = default;
            using var our = new InterposeFixture.NativeText($"/dax/{name}");
            using var kernel = new InterposeFixture.NativeText($"{fixture.Host}/{name}");
            long ourResult = fixture.Call(Sys.Stat, our.Address, (nint)(&mine));
            Assert.That(ourResult, Is.EqualTo(RawSystemCall.Invoke(Sys.Stat, kernel.Address, (nint)(&theirs))), Explain(where));
            bool isFile = (theirs.Mode & 0xF000) == 0x8000;
            Assert.That((mine.Mode, mine.LinkCount, isFile ? mine.Size : 0), Is.EqualTo((theirs.Mode, theirs.LinkCount, isFile ? theirs.Size : 0)), Explain(where));
            bool wasSet = theirs.Modified.Seconds < DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 100;
            Assert.That(wasSet ? mine.Modified : default, Is.EqualTo(wasSet ? theirs.Modified : default), Explain(where));
        }

        private void OnPaths(string where, string what, Func<nint, nint[]> call, string name)
        {
            using var our = new InterposeFixture.NativeText($"/dax/{name}");
            using var kernel = new InterposeFixture.NativeText($"{fixture.Host}/{name}");
            Compare(where, what, call(our.Address), () => call(kernel.Address));
        }

        private void OnTwoPaths(string where, string what, Func<nint, nint, nint[]> call, string name, string other)
        {
            using var ourFirst = new InterposeFixture.NativeText($"/dax/{name}");
            using var ourSecond = new InterposeFixture.NativeText($"/dax/{other}");
            using var kernelFirst = new InterposeFixture.NativeText($"{fixture.Host}/{name}");
            using var kernelSecond = new InterposeFixture.NativeText($"{fixture.Host}/{other}");
            Compare(where, what, call(ourFirst.Address, ourSecond.Address), () => call(kernelFirst.Address, kernelSecond.Address));
        }

        private void OnDescriptor(string where, string what, int slot, Func<int, nint[]> call) => OnDescriptor(where, what, slot, (fd, _) => call(fd));

        private void OnDescriptor(string where, string what, int slot, Func<int, nint, nint[]> call)
        {
            if (ours[slot] < 0)
            {
                return;
            }

            new Span<byte>(ourBuffer, BufferBytes).Clear();
            new Span<byte>(kernelBuffer, BufferBytes).Clear();
            Compare(where, what, call(ours[slot], (nint)ourBuffer), () => call(kernels[slot], (nint)kernelBuffer));
            Assert.That(new Span<byte>(ourBuffer, BufferBytes).SequenceEqual(new Span<byte>(kernelBuffer, BufferBytes)), Explain(where));
        }

        private void OnTwoDescriptors(string where, string what, int first, int second, Func<int, int, nint[]> call)
        {
            if (ours[first] >= 0 && ours[second] >= 0)
            {
                Compare(where, what, call(ours[first], ours[second]), () => call(kernels[first], kernels[second]));
            }
        }

        private void Compare(string where, string what, nint[] our, Func<nint[]> kernel)
        {
            log.Add(what);
            long mine = fixture.Call((int)our[0], At(our, 1), At(our, 2), At(our, 3), At(our, 4), At(our, 5), At(our, 6));
            nint[] theirs = kernel();
            Assert.That(
                mine,
                Is.EqualTo(RawSystemCall.Invoke(theirs[0], At(theirs, 1), At(theirs, 2), At(theirs, 3), At(theirs, 4), At(theirs, 5), At(theirs, 6))),
                Explain(where));
        }

        private static nint At(nint[] values, int index) => index < values.Length ? values[index] : 0;

        private string Explain(string where)
        {
            var text = new StringBuilder(where);
            foreach (string line in log.TakeLast(40))
            {
                _ = text.Append('\n').Append(line);
            }

            return text.ToString();
        }
    }
}
