using System.Numerics;
using System.Runtime.InteropServices;
using DaxEmu.Native.Elf;
using DaxEmu.Native.Interpose;

namespace DaxEmu.Core.CApi.Interpose.Dispatch;

/// <summary>The functions that programs call most, by which their calls arrive without a signal: in all objects but libc and the library.</summary>
internal sealed unsafe class FunctionHooks
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, nint> functions = [];
    private long loaded;
    private int signals;

    /// <summary>Hooks them in the objects that are loaded.</summary>
    public FunctionHooks(StubTable* table)
    {
        for (HookedFunction* hook = table->Hooks; hook->Name != null; hook++)
        {
            functions.Add(Marshal.PtrToStringUTF8((nint)hook->Name)!, hook->Code);
        }

        Apply();
    }

    /// <summary>
    /// A call was served by a signal. If it is one of these functions', an object that was loaded meanwhile may have made it: looked for after the
    /// first such call and less and less often, since libc's own calls always come this way.
    /// </summary>
    public void NoteSignal(int number)
    {
        if (number is Sys.Read or Sys.Write or Sys.Lseek or Sys.Pread64 or Sys.Pwrite64 or Sys.Readv or Sys.Writev or Sys.Preadv or Sys.Pwritev or Sys.Fsync or Sys.Fdatasync
            && (BitOperations.IsPow2(++signals) || signals % 1024 == 0))
        {
            lock (gate)
            {
                if (ImportTables.LoadedCount() != loaded)
                {
                    Apply();
                }
            }
        }
    }

    private void Apply()
    {
        loaded = ImportTables.LoadedCount();
        _ = ImportTables.Redirect(functions, name => name.Contains("/libdaxemu", StringComparison.Ordinal) || name.Contains("/libc.so", StringComparison.Ordinal));
    }
}
