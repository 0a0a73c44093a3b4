using System.Text;

namespace DaxEmu.Tests.Fuzzing.Inputs;

/// <summary>Bytes as text with one character for each byte, so that text can be changed in ways that UTF-8 does not allow.</summary>
internal static class Latin1
{
    public static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    public static string Text(byte[] bytes) => Encoding.Latin1.GetString(bytes);
}
