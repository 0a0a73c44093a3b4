using System.Diagnostics;
using System.Globalization;
using DaxEmu.Core;
using DaxEmu.Tests.CApi;
using DaxEmu.Tests.EndToEnd;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Run;

/// <summary>Programs as they are installed, on a volume: they do what they do on tmpfs.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class ProgramTests
{
    [Test]
    public void FilesAreCopiedListedMovedAndRemovedAsOnTmpfs() => RunFixture.MustDoTheSame(
        """
        dd if=/etc/passwd of=$D/a bs=100 conv=fsync 2>/dev/null; cp $D/a $D/b; cp --reflink=auto $D/b $D/c; mv $D/c $D/d; ln -f $D/d $D/e 2>/dev/null || cp $D/d $D/e
        mkdir -p $D/x/y; cp -r /etc/apt $D/x/y; (cd $D; sha256sum a b d e); rm $D/b; rmdir $D/x 2>/dev/null || true
        ls -l --time-style=+ $D | grep -v -e ^total -e ^d; (cd $D; find . | sort; tar cf t.tar x; tar tf t.tar | sort; tar xf t.tar -C $D/x; diff -r x/y x/x/y)
        truncate -s 5m $D/a; stat -c '%s %F' $D/a; chmod 640 $D/a; stat -c %a $D/a; touch -d 2020-02-02 $D/a; stat -c %Y $D/a
        """);

    [Test]
    public void APipelineOfAShellUsesTheVolumeProcessAfterProcess() => RunFixture.MustDoTheSame(
        """
        echo first > $D/a; cat $D/a > $D/b; cat /etc/passwd >> $D/b; wc -l < $D/b; sort $D/b | tail -n 1; (echo x; cat $D/b) | gzip > $D/c; gunzip -c < $D/c | head -n 2
        while read -r line; do printf '%s.' "$line"; done < $D/a; { echo 1; echo 2; } > $D/n; echo 3 >> $D/n; paste -sd+ $D/n; test -s $D/n; sh -c 'exec cat' < $D/n
        """);

    [Test]
    public void ProcessesThatHaveFilesOpenBesideEachOtherUseTheVolumeInTurn() => RunFixture.MustDoTheSame(
        """
        seq 1 40000 > $D/a; gzip -k $D/a; gunzip -c $D/a.gz | cmp - $D/a; cat $D/a | tee $D/b | gzip > $D/c.gz; cmp $D/a $D/b; gunzip -c $D/c.gz | cmp - $D/b
        (cd $D; tar czf t.tgz a b; mkdir x; tar xzf t.tgz -C x; cmp a x/a); for i in 1 2 3 4; do (echo $i; seq 1 500) >> $D/log & done; wait; wc -l < $D/log
        """);

    [Test]
    public void PythonMapsAFileAndStartsHelpers()
    {
        CCompiler.Require("python3", "python3");
        RunFixture.MustDoTheSame(
            """
            python3 -c '
            import mmap, os, subprocess, sys, threading
            d = os.environ["D"]
            f = open(d + "/m", "w+b"); f.truncate(8 << 20)
            m = mmap.mmap(f.fileno(), 8 << 20)
            def work(i):
                for k in range(64): m[(i << 20) + k * 4096] = (i * k) & 255
            team = [threading.Thread(target=work, args=(i,)) for i in range(8)]
            for t in team: t.start()
            for t in team: t.join()
            m.flush(); m[5:10] = b"hello"; m.close()
            f.seek(0); print(f.read(12)); f.seek(3 << 20); print(sum(f.read(1 << 20))); f.close()
            print(subprocess.check_output(["head", "-c", "10", d + "/m"]))
            with open(d + "/s", "w") as s:
                print("a", file=s, flush=True); subprocess.check_call(["sh", "-c", "echo b"], stdout=s)
            print(open(d + "/s").read(), sorted(os.listdir(d)), os.stat(d + "/m").st_size)
            os.remove(d + "/m"); print(os.path.exists(d + "/m"))
            '
            """);
    }

    [Test]
    public void AForkedChildMapsFilesOfItsOwn()
    {
        CCompiler.Require("python3", "python3");
        string report = RunFixture.MustDoTheSame(
            """
            python3 -c '
            import mmap, os
            d = os.environ["D"]
            for turn in range(2):
                child = os.fork()
                if child == 0:
                    f = open(d + "/m%d" % turn, "w+b"); f.truncate(8192)
                    m = mmap.mmap(f.fileno(), 8192); m[5000] = 7 + turn; m.flush(); m.close(); f.close()
                    os._exit(0)
                print(os.waitpid(child, 0)[1], open(d + "/m%d" % turn, "rb").read()[5000])
            '
            """);
        Assert.That(report, Does.Contain("0 ended in SIGBUS"));
    }

    // A collection of garbage in a child looks for all threads that the parent had. What begins on the stack of one of those must not confuse it.
    [Test]
    public void ForkedProcessesWithThreadsOfTheirOwnCollectGarbage()
    {
        CCompiler.Require("python3", "python3");
        _ = RunFixture.MustDoTheSame(
            """
            export DOTNET_GCgen0size=10000
            python3 -c '
            import os, threading
            d = os.environ["D"]
            def work(name, turns):
                for turn in range(turns):
                    with open("%s/%s-%d" % (d, name, turn % 7), "ab") as f: f.write(b"x" * 5000)
                    with open("%s/%s-%d" % (d, name, turn % 7), "rb") as f: f.read()
            def child(name, turns, then):
                process = os.fork()
                if process == 0:
                    work(name, turns); then(); os._exit(0)
                return process
            def threads(name):
                team = [threading.Thread(target=work, args=("%s.%d" % (name, i), 10)) for i in range(2)]
                [t.start() for t in team]; [t.join() for t in team]
                if os.waitpid(child(name + ".g", 10, lambda: None), 0)[1]: os._exit(1)
            work("p", 10)
            for turn in range(4):
                team = [child("c%d.%d" % (turn, i), 30, lambda: threads("t%d.%d" % (turn, i))) for i in range(3)]
                work("p", 10)
                print([os.waitpid(process, 0)[1] for process in team])
            print(len(os.listdir(d)))
            '
            """);
    }

    [Test]
    public void ADatabaseOverMappedMemoryIsSound()
    {
        CCompiler.Require("sqlite3", "sqlite3");
        string report = RunFixture.MustDoTheSame(
            """
            sqlite3 $D/t "pragma mmap_size=268435456; create table a(x integer primary key, y); insert into a select value, hex(value) from generate_series(1, 20000); create index i on a(y); delete from a where x % 3 = 0;"
            sqlite3 $D/t "pragma mmap_size=268435456; pragma integrity_check; select count(*), sum(length(y)) from a; pragma journal_mode=wal; update a set y = y || 1; pragma integrity_check; vacuum;"
            sqlite3 $D/t "pragma mmap_size=268435456; pragma integrity_check; select count(*), sum(length(y)) from a;"
            """);
        Assert.That(report, Does.Match(@"faults +[1-9]"));
    }

    [TestCase("mmap", "--thread --numjobs=2")]
    [TestCase("psync", "")]
    public void FioFindsWhatItHasWritten(string engine, string jobs)
    {
        CCompiler.Require("fio", "fio");
        CommandResult result = RunFixture.Run(
            ["--size", "64m", "--", "fio", "--name=j", "--directory=/dax", "--size=2m", $"--ioengine={engine}", "--rw=randwrite", "--bs=4k", "--verify=crc32c", "--verify_state_save=0", "--output-format=terse",
            .. jobs.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.That(result.Code, Is.Zero, result.Output + result.Error);
        Assert.That(result.Error, Does.Contain("fio used /dax").And.Not.Contain("verify:"));
    }

    [Test]
    public void AHugeMappingIsOneFaultAndIsReported()
    {
        CCompiler.Require("python3", "python3");
        CommandResult result = RunFixture.Run(
            "--output-format=json", "--", "python3", "-c", "import mmap; f = open('/dax/h', 'w+b'); f.truncate(4 << 20); m = mmap.mmap(f.fileno(), 4 << 20); m[1] = 1; m[(2 << 20) + 1] = 1; m.close()");
        Assert.That(result.Code, Is.Zero, result.Error);
        Assert.That(result.Error, Does.Contain("\"pmd\": 2").And.Contain("\"mapped_by_pmd\": 1").And.Contain("\"99.000000\""));
    }

    [Test]
    public void AfterAKillUnderLoadTheVolumeIsSoundAndTheDatabaseHasAllThatWasCommitted()
    {
        CCompiler.Require("python3", "python3");
        CCompiler.Require("sqlite3", "sqlite3");
        RunFixture.RequireLibrary();
        using var scratch = new ScratchDirectory();
        string device = scratch["device"];
        Assert.That(Command.Run("volume", "format", device, "--size", "64m").Code, Is.Zero);
        using Process load = Command.Start(
            "run", "--volume", device, "--", "python3", "-u", "-c",
            """
            import os, sqlite3
            c = sqlite3.connect("/dax/t"); c.execute("pragma mmap_size=268435456"); c.execute("create table a(x integer primary key, y)")
            print(os.getpid())
            n = 0
            while True:
                n += 1
                c.execute("insert into a values(?, ?)", (n, "y" * 500)); c.commit(); print(n)
            """);
        int program = int.Parse(load.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture);
        int committed = 0;
        while (committed < 100)
        {
            committed = int.Parse(load.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture);
        }

        Process.GetProcessById(program).Kill();
        committed = load.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries) is [.., var last] ? int.Parse(last, CultureInfo.InvariantCulture) : committed;
        load.WaitForExit();
        Assert.That(load.ExitCode, Is.EqualTo(128 + 9));
        using (PmemDevice opened = PmemDevice.Open(device))
        {
            Assert.That(DaxVolume.Check(opened).IsSound);
        }

        CommandResult found = RunFixture.Run("--volume", device, "--", "sqlite3", "/dax/t", "pragma integrity_check; select count(*) from a");
        Assert.That(found.Output, Does.StartWith("ok\n"), found.Error);
        Assert.That(int.Parse(found.Output.Split('\n')[1], CultureInfo.InvariantCulture), Is.GreaterThanOrEqualTo(committed));
    }

    [Test]
    public void AVolumeThatAnotherProcessMapsIsRefusedInOneLine()
    {
        CCompiler.Require("python3", "python3");
        if (!Effort.IsThorough)
        {
            Assert.Ignore("It waits for two seconds, as a process does for a volume in use: DAXEMU_THOROUGH=1 runs it.");
        }

        CommandResult result = RunFixture.Run(
            "--", "python3", "-c",
            "import mmap, subprocess; f = open('/dax/h', 'w+b'); f.truncate(1 << 20); m = mmap.mmap(f.fileno(), 1 << 20); m[0] = 1; print(subprocess.call(['cat', '/dax/h'], stderr=subprocess.PIPE))");
        Assert.That(result.Output, Is.EqualTo("1\n"), result.Error);
    }
}
