/* A durable log: log DEVICE [TEXT...] appends each text and lists all of them. An append that is cut off has not happened. */
#include <daxemu.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICE_BYTES (16 << 20)
#define LOG_BYTES (1 << 20)

typedef struct { uint64_t count, used; char text[]; } log_header;

static int64_t check(const char *what, int64_t result)
{
    if (result < 0) {
        fprintf(stderr, "log: %s: %s\n", what, daxemu_error_message());
        exit(1);
    }
    return result;
}

static void append(log_header *log, const char *text)
{
    size_t size = strlen(text) + 1;
    char *end = log->text + log->used;
    if (end + size > (char *)log + LOG_BYTES) {
        fprintf(stderr, "log: it is full\n");
        exit(1);
    }
    memcpy(end, text, size); /* a plain store: it faults the page in */
    check("persist", daxemu_persist(end, size));

    /* Both numbers lie in one cache line, and become durable together: from here on the text is in the log. */
    log->used += size;
    log->count += 1;
    check("persist", daxemu_persist(log, sizeof *log));
}

int main(int argc, char **argv)
{
    daxemu_device *device;
    daxemu_volume *volume;
    daxemu_file *file;
    void *memory = NULL;
    if (argc < 2) {
        fprintf(stderr, "usage: log DEVICE [TEXT...]\n");
        return 2;
    }
    int made = daxemu_device_create(argv[1], DEVICE_BYTES, NULL, &device);
    if (made == 0)
        check("format", daxemu_volume_format(device, "log"));
    else
        check("open", made == -EEXIST ? daxemu_device_open(argv[1], NULL, &device) : made);
    check("mount", daxemu_volume_mount(device, NULL, &volume));
    check("open", daxemu_file_open(volume, "log", DAXEMU_RDWR | DAXEMU_CREAT, &file));
    if (check("size", daxemu_file_size(file)) < LOG_BYTES)
        check("truncate", daxemu_file_truncate(file, LOG_BYTES));

    /* With MAP_SYNC a page can be stored to once its block is durably the file's: persist alone is enough then. */
    check("mmap", daxemu_mmap(file, 0, LOG_BYTES, DAXEMU_PROT_READ | DAXEMU_PROT_WRITE, DAXEMU_MAP_SHARED | DAXEMU_MAP_SYNC, &memory));
    log_header *log = memory;
    for (int i = 2; i < argc; i++)
        append(log, argv[i]);
    const char *text = log->text;
    for (uint64_t i = 0; i < log->count; i++, text += strlen(text) + 1)
        printf("%llu %s\n", (unsigned long long)i, text);
    check("munmap", daxemu_munmap(memory, LOG_BYTES));
    check("close", daxemu_file_close(file));
    check("unmount", daxemu_volume_unmount(volume));
    check("close", daxemu_device_close(device));
    return 0;
}
