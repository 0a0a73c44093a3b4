"""The durable log of log.c, in Python: log.py DEVICE [TEXT...] appends each text and lists all of them."""
import ctypes
import errno
import os
import struct
import sys

DEVICE_BYTES, LOG_BYTES, HEADER = 16 << 20, 1 << 20, struct.Struct("<QQ")
RDWR, CREAT, READ_WRITE, SHARED_SYNC = 2, 0x40, 3, 0x01 | 0x80000

dax = ctypes.CDLL(os.path.join(os.environ.get("DAXEMU_LIBRARY", "."), "libdaxemu.so"))
dax.daxemu_error_message.restype = ctypes.c_char_p
dax.daxemu_file_size.restype = ctypes.c_int64
dax.daxemu_device_create.argtypes = [ctypes.c_char_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p]
dax.daxemu_device_open.argtypes = [ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p]
dax.daxemu_volume_format.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
dax.daxemu_volume_mount.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
dax.daxemu_file_open.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p]
dax.daxemu_file_truncate.argtypes = [ctypes.c_void_p, ctypes.c_int64]
dax.daxemu_mmap.argtypes = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_void_p]
for name in ("munmap", "persist"):
    getattr(dax, "daxemu_" + name).argtypes = [ctypes.c_void_p, ctypes.c_size_t]
for name in ("device_close", "volume_unmount", "file_close", "file_size"):
    getattr(dax, "daxemu_" + name).argtypes = [ctypes.c_void_p]


def check(result):
    if result < 0:
        sys.exit(f"log: {dax.daxemu_error_message().decode()}")
    return result


def append(memory, address, text):
    data = text.encode() + b"\0"
    count, used = HEADER.unpack_from(memory)
    if HEADER.size + used + len(data) > LOG_BYTES:
        sys.exit("log: it is full")
    memory[HEADER.size + used:HEADER.size + used + len(data)] = data  # a plain store: it faults the page in
    check(dax.daxemu_persist(address + HEADER.size + used, len(data)))

    # Both numbers lie in one cache line, and become durable together: from here on the text is in the log.
    HEADER.pack_into(memory, 0, count + 1, used + len(data))
    check(dax.daxemu_persist(address, HEADER.size))


def main(path, *texts):
    device, volume, file, address = (ctypes.c_void_p() for _ in range(4))
    made = dax.daxemu_device_create(path.encode(), DEVICE_BYTES, None, ctypes.byref(device))
    if made == 0:
        check(dax.daxemu_volume_format(device, b"log"))
    else:
        check(dax.daxemu_device_open(path.encode(), None, ctypes.byref(device)) if made == -errno.EEXIST else made)
    check(dax.daxemu_volume_mount(device, None, ctypes.byref(volume)))
    check(dax.daxemu_file_open(volume, b"log", RDWR | CREAT, ctypes.byref(file)))
    if check(dax.daxemu_file_size(file)) < LOG_BYTES:
        check(dax.daxemu_file_truncate(file, LOG_BYTES))
    check(dax.daxemu_mmap(file, 0, LOG_BYTES, READ_WRITE, SHARED_SYNC, ctypes.byref(address)))
    memory = (ctypes.c_char * LOG_BYTES).from_address(address.value)
    for text in texts:
        append(memory, address.value, text)
    count, used = HEADER.unpack_from(memory)
    for number, text in enumerate(memory[HEADER.size:HEADER.size + used].split(b"\0")[:count]):
        print(number, text.decode())
    check(dax.daxemu_munmap(address, LOG_BYTES))
    check(dax.daxemu_file_close(file))
    check(dax.daxemu_volume_unmount(volume))
    check(dax.daxemu_device_close(device))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: log.py DEVICE [TEXT...]")
    main(*sys.argv[1:])
