using System.Runtime.InteropServices;
using System.Text;
using DaxEmu.Core;
using DaxEmu.Core.CApi.Interpose;
using DaxEmu.Core.Dax.Faults;
using DaxEmu.Native.Libc;
using NUnit.Framework;
using static DaxEmu.Tests.CApi.Interpose.InterposeFixture;

namespace DaxEmu.Tests.CApi.Interpose;

[TestFixture]
internal sealed unsafe class SystemCallTests
{
    private const int SetLock = 6;
    private const int OfdSetLock = 37;
    private const int DuplicateAtLeast = 0;
    private const int LockExclusive = 2;
    private const int LockNoWait = 4;

    [Test]
    public void Paths_outside_the_prefix_are_left_to_the_kernel()
    {
        using var fixture = new InterposeFixture();
        Assert.Multiple(() =>
        {
            Assert.That(fixture.IsServed(Sys.Open, "/tmp/a", out _), Is.False);
            Assert.That(fixture.IsServed(Sys.Open, "/daxes/a", out _), Is.False);
            Assert.That(fixture.IsServed(Sys.Stat, "/", out _), Is.False);
            Assert.That(fixture.IsServed(Sys.Stat, "dax", out _), Is.False);
            Assert.That(fixture.Volume.IsMounted, Is.False, "nothing of the volume was needed");
            Assert.That(fixture.Calls.TryServe(new SystemCall(Sys.Open, 0, 0, 0, 0, 0, 0), out _), Is.False, "a bad address is the kernel's, too");
        });
    }

    [Test]
    public void Paths_that_lead_to_the_prefix_by_a_detour_are_the_volumes()
    {
        using var fixture = new InterposeFixture();
        _ = fixture.Close(fixture.Open("/dax/a"));
        foreach (string path in (string[])["/tmp/../dax/a", "//dax/a", "/./dax//a", "/dax/./a", "/dax/../dax/a"])
        {
            bool isServed = fixture.IsServed(Sys.Stat, path, out long result);
            Assert.That((path, isServed, result), Is.EqualTo((path, true, -(long)Errno.Efault)));
        }
    }

    [Test]
    public void A_path_that_leads_out_of_the_volume_reaches_the_host()
    {
        using var fixture = new InterposeFixture();
        File.WriteAllText(Path.Combine(fixture.Host, "file"), "host");
        long descriptor = fixture.Call(Sys.Open, $"/dax/..{fixture.Host}/file", OpenFlags.ReadOnly);
        Assert.That(descriptor, Is.GreaterThanOrEqualTo(0));
        byte* bytes = stackalloc byte[8];
        Assert.That(RawSystemCall.Invoke(Sys.Read, (nint)descriptor, (nint)bytes, 8), Is.EqualTo(4));
        _ = RawSystemCall.Invoke(Sys.Close, (nint)descriptor);
    }

    [Test]
    public void A_bad_address_is_EFAULT_in_every_direction()
    {
        using var fixture = new InterposeFixture();
        int descriptor = fixture.Open("/dax/a");
        _ = fixture.Write(descriptor, "text");
        nint forbidden = Forbidden(2 * Page);
        nint readOnly = (nint)RawSystemCall.Invoke(Sys.Mmap, 0, Page, 1, 0x22, -1, 0);
        using var path = new NativeText("/dax/a");
        Assert.Multiple(() =>
        {
            Assert.That(fixture.Call(Sys.Pread64, descriptor, forbidden, 4, 0), Is.EqualTo(-Errno.Efault));
            Assert.That(fixture.Call(Sys.Pread64, descriptor, readOnly, 4, 0), Is.EqualTo(-Errno.Efault));
            Assert.That(fixture.Call(Sys.Pwrite64, descriptor, forbidden, 4, 0), Is.EqualTo(-Errno.Efault));
            Assert.That(fixture.Call(Sys.Pwrite64, descriptor, readOnly, 4, 4), Is.EqualTo(4));
            Assert.That(fixture.Call(Sys.Pread64, descriptor, -16, 4, 0), Is.EqualTo(-Errno.Efault));
            Assert.That(fixture.Call(Sys.Fstat, descriptor, forbidden), Is.EqualTo(-Errno.Efault));
            Assert.That(fixture.Call(Sys.Readv, descriptor, forbidden, 1), Is.EqualTo(-Errno.Efault));
            Assert.That(fixture.Call(Sys.Stat, path.Address, 8), Is.EqualTo(-Errno.Efault));
        });
        _ = RawSystemCall.Invoke(Sys.Munmap, forbidden, 2 * Page);
        _ = RawSystemCall.Invoke(Sys.Munmap, readOnly, Page);
    }

    [Test]
    public void A_buffer_that_ends_in_bad_memory_is_served_up_to_there()
    {
        using var fixture = new InterposeFixture();
        int descriptor = fixture.Open("/dax/a");
        Assert.That(fixture.Write(descriptor, new byte[3 * Page], 0), Is.EqualTo(3 * Page));
        nint memory = (nint)RawSystemCall.Invoke(Sys.Mmap, 0, 2 * Page, 3, 0x22, -1, 0);
        _ = RawSystemCall.Invoke(Sys.Mprotect, memory + Page, Page, 0);
        Assert.Multiple(() =>
        {
            Assert.That(fixture.Call(Sys.Pread64, descriptor, memory + 96, 2 * Page, 0), Is.EqualTo(Page - 96));
            Assert.That(fixture.Call(Sys.Pwrite64, descriptor, memory + 96, 2 * Page, 0), Is.EqualTo(Page - 96));
        });
        _ = RawSystemCall.Invoke(Sys.Munmap, memory, 2 * Page);
    }

    [Test]
    public void Checks_of_buffers_hold_until_the_program_unmaps()
    {
        int unmaps = 0;
        var memory = new UserMemory(&unmaps);
        nint page = (nint)RawSystemCall.Invoke(Sys.Mmap, 0, Page, 3, 0x22, -1, 0);
        Assert.That(memory.IsUsable(page, 10, isWrite: true));
        _ = RawSystemCall.Invoke(Sys.Munmap, page, Page);
        Assert.That(memory.IsUsable(page, 10, isWrite: true), "it is remembered");
        unmaps++;
        Assert.That(memory.IsUsable(page, 10, isWrite: false), Is.False);
    }

    [Test]
    public void A_check_for_reading_is_none_for_writing()
    {
        int unmaps = 0;
        var memory = new UserMemory(&unmaps);
        nint page = (nint)RawSystemCall.Invoke(Sys.Mmap, 0, Page, 1, 0x22, -1, 0);
        Assert.That((memory.IsUsable(page, 10, isWrite: false), memory.IsUsable(page, 10, isWrite: true)), Is.EqualTo((true, false)));
        _ = RawSystemCall.Invoke(Sys.Munmap, page, Page);
    }

    [Test]
    public void Locks_of_two_descriptions_meet_and_those_of_one_do_not()
    {
        using var fixture = new InterposeFixture();
        int first = fixture.Open("/dax/a");
        int second = fixture.Open("/dax/a");
        FileLock whole = new() { Type = LockType.Write };
        Assert.That(RawSystemCall.Invoke(73, first, LockExclusive), Is.Zero, "flock");
        Assert.That(RawSystemCall.Invoke(73, second, LockExclusive | LockNoWait), Is.EqualTo(-Errno.Eagain));
        Assert.That(fixture.Call(Sys.Fcntl, first, OfdSetLock, (nint)(&whole)), Is.Zero);
        Assert.That(fixture.Call(Sys.Fcntl, second, OfdSetLock, (nint)(&whole)), Is.EqualTo(-Errno.Eagain));
        int duplicate = (int)fixture.Call(Sys.Dup, first);
        Assert.That(fixture.Call(Sys.Fcntl, duplicate, OfdSetLock, (nint)(&whole)), Is.Zero, "a duplicate has the same description");
        _ = fixture.Close(first);
        Assert.That(fixture.Call(Sys.Fcntl, second, OfdSetLock, (nint)(&whole)), Is.EqualTo(-Errno.Eagain), "it lives on in its duplicate");
        _ = fixture.Close(duplicate);
        Assert.That(fixture.Call(Sys.Fcntl, second, OfdSetLock, (nint)(&whole)), Is.Zero);
    }

    [Test]
    public void A_lock_that_counts_from_the_end_counts_from_the_files_end()
    {
        using var fixture = new InterposeFixture();
        int first = fixture.Open("/dax/a");
        int second = fixture.Open("/dax/a");
        Assert.That(fixture.Write(first, new byte[100], 0), Is.EqualTo(100));
        FileLock last = new() { Type = LockType.Write, Whence = 2, Start = -10, Length = 10 };
        Assert.That(fixture.Call(Sys.Fcntl, first, OfdSetLock, (nint)(&last)), Is.Zero);
        FileLock before = new() { Type = LockType.Write, Start = 0, Length = 90 };
        FileLock inside = new() { Type = LockType.Write, Start = 99, Length = 1 };
        Assert.That((fixture.Call(Sys.Fcntl, second, OfdSetLock, (nint)(&before)), fixture.Call(Sys.Fcntl, second, OfdSetLock, (nint)(&inside))), Is.EqualTo((0L, -(long)Errno.Eagain)));
    }

    [Test]
    public void Closing_any_descriptor_of_a_file_ends_the_process_locks_as_everywhere()
    {
        using var fixture = new InterposeFixture();
        int first = fixture.Open("/dax/a");
        int second = fixture.Open("/dax/a");
        FileLock whole = new() { Type = LockType.Write };
        Assert.That(fixture.Call(Sys.Fcntl, first, SetLock, (nint)(&whole)), Is.Zero);
        Assert.That(fixture.Call(Sys.Fcntl, second, OfdSetLock, (nint)(&whole)), Is.EqualTo(-Errno.Eagain));
        _ = fixture.Close(fixture.Open("/dax/a", OpenFlags.ReadOnly));
        Assert.That(fixture.Call(Sys.Fcntl, second, OfdSetLock, (nint)(&whole)), Is.Zero);
    }

    [Test]
    public void A_deleted_file_works_until_its_last_descriptor_is_closed()
    {
        using var fixture = new InterposeFixture();
        long free = FreeBytes(fixture);
        int descriptor = fixture.Open("/dax/a");
        Assert.That(fixture.Write(descriptor, new byte[10 * Page], 0), Is.EqualTo(10 * Page));
        Assert.That(fixture.Call(Sys.Unlink, "/dax/a"), Is.Zero);
        Assert.Multiple(() =>
        {
            Assert.That(fixture.Stat(descriptor).LinkCount, Is.Zero);
            Assert.That(fixture.Write(descriptor, "abc"), Is.EqualTo(3));
            Assert.That(fixture.ReadAll(descriptor, 0, 4), Is.EqualTo("abc\0"u8.ToArray()));
        });
        int other = fixture.Open("/dax/a", OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive);
        Assert.That(fixture.Stat(other).Inode, Is.Not.EqualTo(fixture.Stat(descriptor).Inode));
        _ = fixture.Close(descriptor);
        Assert.That(FreeBytes(fixture), Is.GreaterThanOrEqualTo(free - Page));
    }

    [Test]
    public void An_open_file_can_be_renamed_and_replaced()
    {
        using var fixture = new InterposeFixture();
        int old = fixture.Open("/dax/a");
        _ = fixture.Write(old, "old");
        int fresh = fixture.Open("/dax/b");
        _ = fixture.Write(fresh, "fresh");
        using var from = new NativeText("/dax/b");
        using var to = new NativeText("/dax/a");
        Assert.That(fixture.Call(Sys.Rename, from.Address, to.Address), Is.Zero);
        int reopened = fixture.Open("/dax/a", OpenFlags.ReadOnly);
        Assert.That((fixture.Read(reopened), Encoding.UTF8.GetString(fixture.ReadAll(old, 0, 3)), fixture.Stat(old).LinkCount), Is.EqualTo(("fresh", "old", 0UL)));
    }

    [Test]
    public void Duplicates_share_the_position_and_openings_do_not()
    {
        using var fixture = new InterposeFixture();
        int first = fixture.Open("/dax/a");
        int duplicate = (int)fixture.Call(Sys.Fcntl, first, DuplicateAtLeast, 300);
        Assert.That(duplicate, Is.GreaterThanOrEqualTo(300));
        _ = fixture.Write(first, "ab");
        _ = fixture.Write(duplicate, "cd");
        Assert.That(fixture.Read(fixture.Open("/dax/a", OpenFlags.ReadOnly)), Is.EqualTo("abcd"));
    }

    [Test]
    public void A_descriptor_replaced_by_dup2_of_the_hosts_is_the_volumes_no_more()
    {
        using var fixture = new InterposeFixture();
        int descriptor = fixture.Open("/dax/a");
        using FileStream host = File.OpenRead("/dev/null");
        Assert.That(fixture.Call(Sys.Dup2, (nint)host.SafeFileHandle.DangerousGetHandle(), descriptor), Is.EqualTo(descriptor));
        Assert.That(fixture.Calls.Owns(descriptor), Is.False);
        _ = RawSystemCall.Invoke(Sys.Close, descriptor);
    }

    [Test]
    public void Close_range_closes_what_is_in_it()
    {
        using var fixture = new InterposeFixture();
        int first = fixture.Open("/dax/a");
        int high = (int)fixture.Call(Sys.Fcntl, first, DuplicateAtLeast, 400);
        Assert.That(fixture.Call(Sys.CloseRange, 400, 4000, 0), Is.Zero);
        Assert.That((fixture.Calls.Owns(first), fixture.Calls.Owns(high)), Is.EqualTo((true, false)));
        Assert.That(fixture.Read(first), Is.Empty);
    }

    [Test]
    public void The_next_program_goes_on_where_this_one_stopped()
    {
        using var fixture = new InterposeFixture();
        int output = fixture.Open("/dax/out", OpenFlags.WriteOnly | OpenFlags.Create);
        int duplicate = (int)fixture.Call(Sys.Dup, output);
        int appended = fixture.Open("/dax/log", OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Append);
        _ = fixture.Write(output, "one ");
        _ = fixture.Write(appended, "first ");
        fixture.Exec();
        Assert.That(fixture.Volume.IsMounted, Is.False, "descriptors alone mount nothing");
        _ = fixture.Write(duplicate, "two ");
        _ = fixture.Write(output, "three");
        _ = fixture.Write(appended, "second");
        Assert.Multiple(() =>
        {
            Assert.That(fixture.Read(fixture.Open("/dax/out", OpenFlags.ReadOnly)), Is.EqualTo("one two three"));
            Assert.That(fixture.Read(fixture.Open("/dax/log", OpenFlags.ReadOnly)), Is.EqualTo("first second"));
            Assert.That(fixture.Read(output), Is.EqualTo($"errno {Errno.Ebadf}"), "it was opened for writing");
        });
    }

    [Test]
    public void A_descriptor_of_a_file_that_another_process_has_deleted_is_stale()
    {
        using var fixture = new InterposeFixture();
        int descriptor = fixture.Open("/dax/a");
        fixture.Volume.LetGo(insideCalls: 0);
        InterposedVolume other = fixture.NewVolume();
        other.Volume.Delete("a");
        other.Dispose();
        Assert.That(fixture.Write(descriptor, "x"), Is.EqualTo(-Errno.Estale));
    }

    [Test]
    public void A_descriptor_of_a_deleted_file_is_not_one_of_the_file_that_has_its_number_now()
    {
        using var fixture = new InterposeFixture();
        _ = fixture.Close(fixture.Open("/dax/a"));
        long number = (long)fixture.Stat("/dax/a").Inode;
        fixture.Volume.LetGo(insideCalls: 0);
        InterposedVolume next = fixture.NewVolume();
        OpenInode former = next.Adopt(number, birth: 1, isDirectory: false);
        SystemCallException? refusal = Assert.Throws<SystemCallException>(() => next.FileOf(former));
        Assert.That(refusal!.Errno, Is.EqualTo(Errno.Estale));
        Assert.That(next.Acquire(number, isDirectory: false, "a", out OpenInode current), Is.Zero);
        Assert.That(current, Is.Not.SameAs(former));
        next.Release(former);
        Assert.That(next.OpenFiles, Has.Count.EqualTo(1));
        next.Release(current);
        next.Dispose();
    }

    [Test]
    public void Two_users_of_one_volume_take_turns()
    {
        using var fixture = new InterposeFixture();
        int descriptor = fixture.Open("/dax/a");
        _ = fixture.Write(descriptor, "mine");
        InterposedVolume other = fixture.NewVolume();
        var otherCalls = new SystemCalls(other);
        using var path = new NativeText("/dax/a");
        KernelStat stat;
        Assert.That(otherCalls.TryServe(new SystemCall(Sys.Stat, path.Address, (nint)(&stat), 0, 0, 0, 0), out long refused));
        Assert.That((refused, fixture.Notes.Count), Is.EqualTo((-(long)Errno.Ebusy, 1)));
        fixture.Volume.LetGo(0);
        Assert.That(otherCalls.TryServe(new SystemCall(Sys.Stat, path.Address, (nint)(&stat), 0, 0, 0, 0), out long served));
        Assert.That((served, stat.Size), Is.EqualTo((0L, 4L)));
        other.LetGo(0);
        _ = fixture.Write(descriptor, "more");
        Assert.That(fixture.Stat(descriptor).Size, Is.EqualTo(8));
        other.Dispose();
    }

    [Test]
    public void A_deleted_file_keeps_the_volume_mounted()
    {
        using var fixture = new InterposeFixture();
        int descriptor = fixture.Open("/dax/a");
        Assert.That(fixture.Call(Sys.Unlink, "/dax/a"), Is.Zero);
        fixture.Volume.LetGo(0);
        Assert.That(fixture.Volume.IsMounted);
        Assert.That(fixture.Write(descriptor, "x"), Is.EqualTo(1));
    }

    [Test]
    public void A_forked_child_of_a_program_that_has_it_mounted_is_refused()
    {
        using var fixture = new InterposeFixture();
        int descriptor = fixture.Open("/dax/a");
        fixture.Volume.AfterForkInChild();
        using var path = new NativeText("/dax/a");
        Assert.Multiple(() =>
        {
            Assert.That(fixture.Call(Sys.Open, path.Address, OpenFlags.ReadOnly), Is.EqualTo(-Errno.Ebusy));
            Assert.That(fixture.Notes, Has.Count.EqualTo(1));
            Assert.That(fixture.Call(Sys.Dup, descriptor), Is.GreaterThan(descriptor), "descriptors are handed on to the next program");
            Assert.That(fixture.Close(descriptor), Is.Zero);
        });
    }

    [Test]
    public void A_file_without_a_name_can_be_given_one()
    {
        using var fixture = new InterposeFixture();
        int descriptor = fixture.Open("/dax", OpenFlags.Temporary | OpenFlags.ReadWrite, 0x180);
        _ = fixture.Write(descriptor, "content");
        using var empty = new NativeText("");
        using var source = new NativeText($"/proc/self/fd/{descriptor}");
        using var name = new NativeText("/dax/named");
        using var second = new NativeText("/dax/second");
        Assert.That(fixture.Call(Sys.Linkat, descriptor, empty.Address, AtFlags.CurrentDirectory, name.Address, AtFlags.EmptyPath), Is.Zero);
        Assert.That(fixture.Call(Sys.Linkat, AtFlags.CurrentDirectory, source.Address, AtFlags.CurrentDirectory, second.Address, AtFlags.Follow), Is.Zero);
        _ = fixture.Close(descriptor);
        fixture.Exec();
        Assert.That((fixture.Read(fixture.Open("/dax/second", OpenFlags.ReadOnly)), fixture.Stat("/dax/named").LinkCount, fixture.Stat("/dax/named").Mode & 0xFFF), Is.EqualTo(("content", 2UL, 0x180u)));
    }

    [Test]
    public void The_current_directory_can_lie_on_the_volume_and_is_inherited()
    {
        string before = Directory.GetCurrentDirectory();
        using var fixture = new InterposeFixture();
        try
        {
            Assert.That(fixture.Call(Sys.Mkdir, "/dax/sub", 0x1ED), Is.Zero);
            Assert.That(fixture.Call(Sys.Chdir, "/dax/sub"), Is.Zero);
            int descriptor = fixture.Open("file");
            _ = fixture.Write(descriptor, "here");
            fixture.Exec();
            byte* path = stackalloc byte[64];
            Assert.That(fixture.Call(Sys.Getcwd, (nint)path, 64), Is.EqualTo("/dax/sub".Length + 1));
            Assert.That(Marshal.PtrToStringUTF8((nint)path), Is.EqualTo("/dax/sub"));
            Assert.That(fixture.Call(Sys.Getcwd, (nint)path, 5), Is.EqualTo(-Errno.Erange));
            Assert.That(fixture.Stat("../sub/file").Size, Is.EqualTo(4));
            Assert.That(fixture.Call(Sys.Chdir, $"../..{fixture.Host}"), Is.Zero);
            Assert.That(fixture.IsServed(Sys.Stat, "file", out _), Is.False);
        }
        finally
        {
            Directory.SetCurrentDirectory(before);
        }
    }

    [Test]
    public void Calls_from_an_open_directory_follow_it_when_it_is_renamed()
    {
        using var fixture = new InterposeFixture();
        Assert.That(fixture.Call(Sys.Mkdir, "/dax/old", 0x1ED), Is.Zero);
        int directory = fixture.Open("/dax/old", OpenFlags.Directory);
        using var from = new NativeText("/dax/old");
        using var to = new NativeText("/dax/new");
        Assert.That(fixture.Call(Sys.Rename, from.Address, to.Address), Is.Zero);
        using var name = new NativeText("file");
        Assert.That(fixture.Call(Sys.Openat, directory, name.Address, OpenFlags.Create | OpenFlags.WriteOnly, 0x1A4), Is.GreaterThanOrEqualTo(0));
        Assert.That(fixture.Stat("/dax/new/file").Mode & 0xFFF, Is.EqualTo(0x1A4 & ~CurrentMask()));
    }

    [Test]
    public void What_proc_says_of_a_descriptor_is_its_path()
    {
        using var fixture = new InterposeFixture();
        int descriptor = fixture.Open("/dax/a");
        _ = fixture.Write(descriptor, "abc");
        byte* target = stackalloc byte[64];
        long length = fixture.Call(Sys.Readlink, $"/proc/self/fd/{descriptor}", (nint)target, 64);
        Assert.That(Encoding.UTF8.GetString(target, (int)length), Is.EqualTo("/dax/a"));
        int reopened = fixture.Open($"/dev/fd/{descriptor}", OpenFlags.ReadOnly);
        Assert.That(fixture.Read(reopened), Is.EqualTo("abc"), "it is opened anew, at its start");
        Assert.That(fixture.Stat($"/proc/self/fd/{descriptor}").Size, Is.EqualTo(3));
    }

    [Test]
    public void Names_between_the_volume_and_the_host_are_EXDEV()
    {
        using var fixture = new InterposeFixture();
        _ = fixture.Close(fixture.Open("/dax/a"));
        using var ours = new NativeText("/dax/a");
        using var hosts = new NativeText($"{fixture.Host}/a");
        Assert.Multiple(() =>
        {
            Assert.That(fixture.Call(Sys.Rename, ours.Address, hosts.Address), Is.EqualTo(-Errno.Exdev));
            Assert.That(fixture.Call(Sys.Link, ours.Address, hosts.Address), Is.EqualTo(-Errno.Exdev));
        });
    }

    [Test]
    public void Copies_go_between_the_volume_and_the_host_in_both_directions()
    {
        using var fixture = new InterposeFixture();
        byte[] content = new byte[100_000];
        new Random(1).NextBytes(content);
        string path = Path.Combine(fixture.Host, "file");
        File.WriteAllBytes(path, content);
        using FileStream host = new(path, FileMode.Open);
        nint hostDescriptor = host.SafeFileHandle.DangerousGetHandle();
        int ours = fixture.Open("/dax/a");
        long from = 10;
        Assert.That(fixture.Call(Sys.CopyFileRange, hostDescriptor, (nint)(&from), ours, 0, content.Length, 0), Is.EqualTo(content.Length - 10));
        Assert.That((from, fixture.Stat(ours).Size), Is.EqualTo((100_000L, 99_990L)));
        Assert.That(fixture.ReadAll(ours, 0, 99_990), Is.EqualTo(content[10..]));
        using FileStream target = new(Path.Combine(fixture.Host, "target"), FileMode.Create);
        long start = 90;
        Assert.That(fixture.Call(Sys.Sendfile, target.SafeFileHandle.DangerousGetHandle(), ours, (nint)(&start), 1000), Is.EqualTo(1000));
        Assert.That(File.ReadAllBytes(target.Name), Is.EqualTo(content[100..1100]));
    }

    [Test]
    public void A_clone_shares_blocks_until_it_is_written()
    {
        const uint Clone = 0x4004_9409;
        using var fixture = new InterposeFixture();
        int source = fixture.Open("/dax/a");
        byte[] content = new byte[(2 * Page) + 100];
        new Random(1).NextBytes(content);
        Assert.That(fixture.Write(source, content, 0), Is.EqualTo(content.Length));
        long free = FreeBytes(fixture);
        int target = fixture.Open("/dax/b");
        Assert.That(fixture.Call(Sys.Ioctl, target, unchecked((nint)Clone), source), Is.Zero);
        Assert.That(FreeBytes(fixture), Is.GreaterThan(free - (2 * Page)));
        Assert.That(fixture.Write(target, [1], 0), Is.EqualTo(1));
        Assert.That((fixture.ReadAll(source, 0, content.Length), fixture.ReadAll(target, 1, content.Length - 1)), Is.EqualTo((content, content[1..])));
    }

    [Test]
    public void A_change_that_is_not_synced_shows_in_the_time_and_a_time_that_was_set_stays()
    {
        using var fixture = new InterposeFixture();
        int descriptor = fixture.Open("/dax/a");
        KernelTime made = fixture.Stat(descriptor).Modified;
        Thread.Sleep(5);
        _ = fixture.Write(descriptor, "x");
        KernelTime changed = fixture.Stat(descriptor).Modified;
        Assert.That(changed.ToTicks(), Is.GreaterThan(made.ToTicks()));
        Thread.Sleep(5);
        Assert.That(fixture.Call(Sys.Fsync, descriptor), Is.Zero);
        Assert.That(fixture.Stat(descriptor).Modified, Is.EqualTo(changed), "a sync is no change");
        _ = fixture.Write(descriptor, "y");
        KernelTime* times = stackalloc KernelTime[2];
        times[1] = new KernelTime(1_000_000, 500);
        Assert.That(fixture.Call(Sys.Utimensat, descriptor, 0, (nint)times, 0), Is.Zero);
        _ = fixture.Close(descriptor);
        Assert.That(fixture.Stat("/dax/a").Modified, Is.EqualTo(times[1]), "cp -p sets the time before it closes");
    }

    [Test]
    public void What_cannot_be_served_says_so_once()
    {
        using var fixture = new InterposeFixture();
        using var target = new NativeText("x");
        using var name = new NativeText("/dax/link");
        Assert.That(fixture.Call(Sys.Symlink, target.Address, name.Address), Is.EqualTo(-Errno.Eperm));
        Assert.That(fixture.Call(Sys.Symlink, target.Address, name.Address), Is.EqualTo(-Errno.Eperm));
        Assert.That(fixture.Notes, Is.EqualTo((string[])["symlink: the volume has files and directories only: no symbolic link can be made there (the system does not permit it, errno 1)."]));
    }

    [Test]
    public void Programs_are_not_started_from_the_volume()
    {
        using var fixture = new InterposeFixture();
        _ = fixture.Close(fixture.Open("/dax/program"));
        Assert.That(fixture.Call(Sys.Execve, "/dax/program"), Is.EqualTo(-Errno.Eacces));
        Assert.That(fixture.Call(Sys.Execve, "/dax/none"), Is.EqualTo(-Errno.Enoent));
    }

    [Test]
    public void Files_too_large_and_a_full_volume_are_told_apart()
    {
        using var fixture = new InterposeFixture();
        int descriptor = fixture.Open("/dax/a");
        Assert.That(fixture.Write(descriptor, [1], 1L << 30), Is.EqualTo(-Errno.Efbig));
        Assert.That(fixture.Call(Sys.Ftruncate, descriptor, unchecked((nint)(2L << 30))), Is.EqualTo(-Errno.Efbig));
        Assert.That(fixture.Call(Sys.Fallocate, descriptor, 0, 0, 64 << 20), Is.EqualTo(-Errno.Enospc));
        long written = 0;
        long result;
        byte[] bytes = new byte[1 << 20];
        while ((result = fixture.Write(descriptor, bytes, written)) > 0)
        {
            written += result;
        }

        Assert.That((result, written), Is.EqualTo((-(long)Errno.Enospc, fixture.Stat(descriptor).Size)));
    }

    [Test]
    public void A_mapped_file_is_the_file()
    {
        using var fixture = new InterposeFixture();
        int descriptor = fixture.Open("/dax/a");
        Assert.That(fixture.Write(descriptor, new byte[2 * Page], 0), Is.EqualTo(2 * Page));
        nint address = (nint)fixture.Call(Sys.Mmap, 0, 2 * Page, 3, MapFlags.Shared, descriptor, 0);
        Assert.That((long)address, Is.GreaterThan(0));
        _ = fixture.Close(descriptor);
        Store(address + Page, "mapped"u8);
        int again = fixture.Open("/dax/a");
        Assert.That(fixture.ReadAll(again, Page, 6), Is.EqualTo("mapped"u8.ToArray()));
        _ = fixture.Write(again, "written");
        Assert.That(Load(address, 7), Is.EqualTo("written"u8.ToArray()));
        Assert.That(fixture.Call(Sys.Msync, address, 2 * Page, MapFlags.SyncWait), Is.Zero);
        Assert.That(fixture.Call(Sys.Munmap, address, 2 * Page), Is.Zero);
        Assert.That(HostMapping.Overlaps(address, 2 * Page), Is.False);
    }

    [Test]
    public void A_mapping_is_refused_as_the_kernel_refuses_it()
    {
        using var fixture = new InterposeFixture();
        int readOnly = fixture.Open("/dax/a");
        _ = fixture.Close(readOnly);
        readOnly = fixture.Open("/dax/a", OpenFlags.ReadOnly);
        int writeOnly = fixture.Open("/dax/a", OpenFlags.WriteOnly);
        int directory = fixture.Open("/dax", OpenFlags.Directory);
        Assert.Multiple(() =>
        {
            Assert.That(fixture.Call(Sys.Mmap, 0, Page, 3, MapFlags.Shared, readOnly, 0), Is.EqualTo(-Errno.Eacces));
            Assert.That(fixture.Call(Sys.Mmap, 0, Page, 1, MapFlags.Shared, writeOnly, 0), Is.EqualTo(-Errno.Eacces));
            Assert.That(fixture.Call(Sys.Mmap, 0, Page, 1, MapFlags.Shared, directory, 0), Is.EqualTo(-Errno.Enodev));
            Assert.That(fixture.Call(Sys.Mmap, 0, 0, 1, MapFlags.Shared, readOnly, 0), Is.EqualTo(-Errno.Einval));
            Assert.That(fixture.Call(Sys.Mmap, 0, Page, 1, MapFlags.Shared, readOnly, 100), Is.EqualTo(-Errno.Einval));
            Assert.That(fixture.Call(Sys.Mmap, 0, Page, 5, MapFlags.Private, readOnly, 0), Is.EqualTo(-Errno.Eperm));
            Assert.That(fixture.Call(Sys.Mmap, 0, Page, 1, MapFlags.SharedValidate | 0x4000000, readOnly, 0), Is.EqualTo(-Errno.Eopnotsupp));
        });
        nint address = (nint)fixture.Call(Sys.Mmap, 0, Page, 1, MapFlags.Shared, readOnly, 0);
        Assert.That(fixture.Call(Sys.Mprotect, address, Page, 3), Is.EqualTo(-Errno.Eacces));
        Assert.That(fixture.Call(Sys.Munmap, address, Page), Is.Zero);
    }

    [Test]
    public void A_part_of_a_mapping_can_be_unmapped_and_used_for_another()
    {
        using var fixture = new InterposeFixture();
        int descriptor = fixture.Open("/dax/a");
        int other = fixture.Open("/dax/b");
        Assert.That(fixture.Write(descriptor, [.. Enumerable.Repeat((byte)1, 4 * Page)], 0), Is.EqualTo(4 * Page));
        Assert.That(fixture.Write(other, [.. Enumerable.Repeat((byte)2, Page)], 0), Is.EqualTo(Page));
        nint address = (nint)fixture.Call(Sys.Mmap, 0, 4 * Page, 3, MapFlags.Shared, descriptor, 0);
        Assert.That(fixture.Call(Sys.Munmap, address + Page, Page), Is.Zero);
        Assert.That(fixture.Call(Sys.Mmap, address + Page, Page, 3, MapFlags.Shared | MapFlags.Fixed, other, 0), Is.EqualTo((long)(address + Page)));
        nint anonymous = (nint)RawSystemCall.Invoke(Sys.Mmap, 0, Page, 3, 0x22, -1, 0);
        Assert.That((Load(address, 1)[0], Load(address + Page, 1)[0], Load(address + (2 * Page), 1)[0]), Is.EqualTo(((byte)1, (byte)2, (byte)1)));

        // Anything else that is mapped there takes the place of the file.
        Assert.That(fixture.Calls.TryServe(new SystemCall(Sys.Mmap, address + (2 * Page), Page, 3, 0x22 | MapFlags.Fixed, -1, 0), out _), Is.False);
        Assert.That((HostMapping.Overlaps(address + (2 * Page), Page), HostMapping.Overlaps(address + (3 * Page), Page)), Is.EqualTo((false, true)));
        Assert.That(fixture.Call(Sys.Munmap, address, 4 * Page), Is.Zero);
        Assert.That(HostMapping.Overlaps(address, 4 * Page), Is.False);
        _ = RawSystemCall.Invoke(Sys.Munmap, anonymous, Page);
    }

    [Test]
    public void A_call_on_a_range_serves_each_part_by_itself()
    {
        using var fixture = new InterposeFixture();
        int descriptor = fixture.Open("/dax/a");
        Assert.That(fixture.Write(descriptor, new byte[Page], 0), Is.EqualTo(Page));
        nint around = (nint)RawSystemCall.Invoke(Sys.Mmap, 0, 3 * Page, 3, 0x22, -1, 0);
        Assert.That(fixture.Call(Sys.Mmap, around + Page, Page, 3, MapFlags.Shared | MapFlags.Fixed, descriptor, 0), Is.EqualTo((long)(around + Page)));
        Assert.That(fixture.Call(Sys.Mprotect, around, 3 * Page, 1), Is.Zero);
        Assert.That((CanStore(around), CanStore(around + Page), CanStore(around + (2 * Page))), Is.EqualTo((false, false, false)));
        Assert.That(fixture.Call(Sys.Mprotect, around, 3 * Page, 3), Is.Zero);
        Assert.That((CanStore(around), CanStore(around + Page), CanStore(around + (2 * Page))), Is.EqualTo((true, true, true)));
        byte* vector = stackalloc byte[3];
        Assert.That(fixture.Call(Sys.Mincore, around, 3 * Page, (nint)vector), Is.Zero);
        Assert.That((vector[0], vector[1], vector[2]), Is.EqualTo(((byte)1, (byte)1, (byte)1)));
        Assert.That(fixture.Call(Sys.Madvise, around, 3 * Page, 4), Is.Zero);
        Assert.That(fixture.Call(Sys.Munmap, around, 3 * Page), Is.Zero);
        Assert.That(CanStore(around + (2 * Page)), Is.False);
    }

    [Test]
    public void A_mapping_grows_and_moves_with_its_bytes([Values] bool isPrivate)
    {
        using var fixture = new InterposeFixture();
        int descriptor = fixture.Open("/dax/a");
        Assert.That(fixture.Write(descriptor, [.. Enumerable.Repeat((byte)7, 6 * Page)], 0), Is.EqualTo(6 * Page));
        nint address = (nint)fixture.Call(Sys.Mmap, 0, 2 * Page, 3, isPrivate ? MapFlags.Private : MapFlags.Shared, descriptor, Page);
        Store(address, "own"u8);
        Assert.That(fixture.Call(Sys.Mremap, address, 2 * Page, Page, 0), Is.EqualTo((long)(address)));
        nint moved = (nint)fixture.Call(Sys.Mremap, address, Page, 5 * Page, MapFlags.MayMove);
        Assert.That((long)moved, Is.GreaterThan(0));
        nint target = Forbidden(5 * Page);
        Assert.That(fixture.Call(Sys.Mremap, moved, 5 * Page, 5 * Page, MapFlags.MayMove | MapFlags.MoveFixed, target), Is.EqualTo((long)(target)));
        Assert.That((Load(target, 4), Load(target + (4 * Page), 1)[0]), Is.EqualTo(("own\u0007"u8.ToArray(), (byte)7)));
        Assert.That(fixture.ReadAll(descriptor, Page, 1)[0], Is.EqualTo(isPrivate ? 7 : (byte)'o'));
        Assert.That(HostMapping.Overlaps(moved, 5 * Page), Is.False);
        Assert.That(fixture.Call(Sys.Munmap, target, 5 * Page), Is.Zero);
        Assert.That(fixture.Volume.OpenFiles, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_buffer_may_lie_in_a_mapped_file()
    {
        using var fixture = new InterposeFixture();
        int descriptor = fixture.Open("/dax/a");
        int other = fixture.Open("/dax/b");
        byte[] content = new byte[40 * Page];
        new Random(1).NextBytes(content);
        Assert.That(fixture.Write(other, content, 0), Is.EqualTo(content.Length));
        Assert.That(fixture.Call(Sys.Ftruncate, descriptor, content.Length), Is.Zero);
        nint address = (nint)fixture.Call(Sys.Mmap, 0, content.Length, 3, MapFlags.Shared, descriptor, 0);
        Assert.That(fixture.Call(Sys.Pread64, other, address, content.Length, 0), Is.EqualTo(content.Length));
        Assert.That(fixture.ReadAll(descriptor, 0, content.Length), Is.EqualTo(content));

        // Of the same file, and past the end of the file, where a load is SIGBUS.
        Assert.That(fixture.Call(Sys.Pwrite64, descriptor, address + 100, Page, 3), Is.EqualTo(Page));
        Assert.That(fixture.ReadAll(descriptor, 3, 10), Is.EqualTo(content[100..110]));
        Assert.That(fixture.Call(Sys.Ftruncate, descriptor, Page), Is.Zero);
        Assert.That(fixture.Call(Sys.Pwrite64, other, address + (2 * Page), 10, 0), Is.EqualTo(-Errno.Efault));
        Assert.That(fixture.Call(Sys.Fstat, other, address), Is.Zero, "a structure, too");
        Assert.That(fixture.Call(Sys.Munmap, address, content.Length), Is.Zero);
    }

    [Test]
    public void A_call_of_the_kernels_with_a_buffer_in_a_mapped_file_is_served()
    {
        using var fixture = new InterposeFixture();
        int descriptor = fixture.Open("/dax/a");
        byte[] content = new byte[3 * Page];
        new Random(1).NextBytes(content);
        Assert.That(fixture.Write(descriptor, content, 0), Is.EqualTo(content.Length));
        nint address = (nint)fixture.Call(Sys.Mmap, 0, content.Length, 3, MapFlags.Shared, descriptor, 0);
        using FileStream host = new(Path.Combine(fixture.Host, "file"), FileMode.Create);
        nint file = host.SafeFileHandle.DangerousGetHandle();
        Assert.That(fixture.Call(Sys.Pwrite64, file, address + 10, 2 * Page, 0), Is.EqualTo(2 * Page));
        Assert.That(File.ReadAllBytes(host.Name), Is.EqualTo(content[10..(10 + (2 * Page))]));
        IoVector vector = new(address + Page, Page);
        Assert.That(fixture.Call(Sys.Preadv, file, (nint)(&vector), 1, 0), Is.EqualTo(Page));
        Assert.That(fixture.ReadAll(descriptor, Page, Page), Is.EqualTo(content[10..(10 + Page)]));
        Assert.That(fixture.Call(Sys.Munmap, address, content.Length), Is.Zero);
    }

    [Test]
    public void Many_writers_that_append_lose_nothing()
    {
        using var fixture = new InterposeFixture();
        int descriptor = fixture.Open("/dax/a", OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Append);
        int[] descriptors = [descriptor, descriptor, fixture.Open("/dax/a", OpenFlags.WriteOnly | OpenFlags.Append), fixture.Open("/dax/a", OpenFlags.WriteOnly | OpenFlags.Append)];
        _ = Parallel.For(0, descriptors.Length, i =>
        {
            byte[] line = [.. Enumerable.Repeat((byte)('a' + i), 99), (byte)'\n'];
            IoVector* halves = stackalloc IoVector[2];
            fixed (byte* start = line)
            {
                for (int n = 0; n < 200; n++)
                {
                    halves[0] = new IoVector((nint)start, 50);
                    halves[1] = new IoVector((nint)start + 50, 50);
                    _ = n % 2 == 0 ? fixture.Call(Sys.Write, descriptors[i], (nint)start, 100) : fixture.Call(Sys.Writev, descriptors[i], (nint)halves, 2);
                }
            }
        });
        int reader = fixture.Open("/dax/a", OpenFlags.ReadOnly);
        string[] lines = Encoding.UTF8.GetString(fixture.ReadAll(reader, 0, 80_000)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines, Has.Length.EqualTo(800));
        Assert.That(lines.All(line => line.Length == 99 && line.Distinct().Count() == 1));
    }

    private static uint CurrentMask()
    {
        uint now = (uint)RawSystemCall.Invoke(Sys.Umask, 0x12);
        _ = RawSystemCall.Invoke(Sys.Umask, (nint)now);
        return now;
    }

    private static long FreeBytes(InterposeFixture fixture)
    {
        KernelStatfs statfs;
        Assert.That(fixture.Call(Sys.Statfs, "/dax", (nint)(&statfs)), Is.Zero);
        return statfs.FreeBlocks * Page;
    }

    private static void Store(nint address, ReadOnlySpan<byte> bytes)
    {
        Assert.That((HostAccess.Store(address, bytes, out int copied), copied), Is.EqualTo((IoError.None, bytes.Length)));
    }

    private static byte[] Load(nint address, int count)
    {
        byte[] bytes = new byte[count];
        Assert.That((HostAccess.Load(address, bytes, out int copied), copied), Is.EqualTo((IoError.None, count)));
        return bytes;
    }

    private static bool CanStore(nint address)
    {
        _ = HostAccess.Store(address, [0], out int copied);
        return copied == 1;
    }
}
