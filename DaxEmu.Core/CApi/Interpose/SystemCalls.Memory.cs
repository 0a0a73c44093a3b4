
namespace DaxEmu.Core.CApi.Interpose;

/// <content>Memory: files that are mapped.</content>
internal sealed unsafe partial class SystemCalls
{
    private bool ServeMemory(in SystemCall call, out long result)
    {
        result = 0;
        if (call.Number is not (Sys.Msync or Sys.Mincore))
        {
            memory.Forget();
        }

        return false;
    }
}
