using System.Runtime.CompilerServices;

// Locals are not cleared on the way into a method: the compiler sees to it that each is assigned before it is read, and the memory of a
// stackalloc is filled before it is read. Clearing cost the paths of a write more than its locks.
[module: SkipLocalsInit]
