/*
 * What plain stores to a mapping of a DAX file cost, beside what the same costs without the emulator: a client of libdaxemu.so, and the C
 * floors. Each round measures every case once, so a machine that changes its speed changes it for all of them.
 *
 *     real-memory stores DEVICE-BYTES ROUNDS AROUND-BYTES     prints lines: case, nanoseconds a page or store
 *     real-memory calls FILE FILE-BYTES ROUNDS                the same for pread and pwrite of 4 KiB, by system calls
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#ifndef WITHOUT_LIBRARY
#include "daxemu.h"
#endif

enum { PAGE = 4096, FAULTED_PAGES = 4096, STORES = 1 << 22, CALLS = 1 << 15 };

static char buffer[PAGE];

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void print(const char *name, double began, uint64_t count)
{
    printf("%s %.3f\n", name, (now() - began) / (double)count);
    fflush(stdout);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

#ifndef WITHOUT_LIBRARY
static char *floor_start;
static int floor_file;

/* The least that a handler in user space can do. */
static void floor_handler(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    int error = errno;
    char *page = (char *)((uintptr_t)info->si_addr & -(uintptr_t)PAGE);
    if (mmap(page, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, floor_file, page - floor_start) == MAP_FAILED) {
        _exit(1);
    }

    errno = error;
}

static void store_to_each_page(const char *name, volatile char *memory)
{
    double began = now();
    for (uint64_t page = 0; page < FAULTED_PAGES; page++) {
        memory[page * PAGE] = 1;
    }

    print(name, began, FAULTED_PAGES);
}

static void store_at_random(const char *name, volatile char *memory, uint64_t bytes)
{
    uint64_t state = 88172645463325252u;
    double began = now();
    for (int i = 0; i < STORES; i++) {
        *(volatile uint64_t *)(memory + (next_random(&state) % bytes & -sizeof(uint64_t))) = 1;
    }

    print(name, began, STORES);
}

static void check(const char *what, int result)
{
    if (result < 0) {
        fail(what, daxemu_error_message());
    }
}

/* Every page of it has a block and an entry, and may be stored to. */
static char *map_file(uint64_t bytes, int64_t around)
{
    daxemu_device_options place = { .struct_size = sizeof place, .flags = DAXEMU_DEVICE_SMALL_PAGES };
    daxemu_mount_options mount = { .struct_size = sizeof mount, .flags = DAXEMU_MOUNT_SCRATCH, .fault_around_bytes = around };
    daxemu_device *device;
    daxemu_volume *volume;
    daxemu_file *file;
    void *memory = NULL;
    check("device", daxemu_device_create_temporary((int64_t)bytes + (16 << 20), &place, &device));
    check("mount", daxemu_volume_mount(device, &mount, &volume));
    check("open", daxemu_file_open(volume, "stores", DAXEMU_RDWR | DAXEMU_CREAT, &file));
    check("allocate", daxemu_file_allocate(file, DAXEMU_ALLOCATE, 0, (int64_t)bytes));
    check("mmap", daxemu_mmap(file, 0, bytes, DAXEMU_PROT_READ | DAXEMU_PROT_WRITE, DAXEMU_MAP_SHARED | DAXEMU_MAP_SMALL_PAGES, &memory));
    for (uint64_t at = 0; at < bytes; at += PAGE) {
        ((volatile char *)memory)[at] = 1;
    }

    return memory;
}

static void drop(char *memory) { check("madvise", daxemu_madvise(memory, FAULTED_PAGES * (size_t)PAGE, DAXEMU_MADV_DONTNEED)); }

static char *map_memory(int *file, uint64_t bytes)
{
    *file = memfd_create("floor", 0);
    if (*file < 0 || ftruncate(*file, (off_t)bytes) != 0) {
        fail("memfd_create", strerror(errno));
    }

    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, *file, 0);
    if (memory == MAP_FAILED) {
        fail("mmap", strerror(errno));
    }

    for (uint64_t at = 0; at < bytes; at += PAGE) {
        ((volatile char *)memory)[at] = 1;
    }

    return memory;
}

static void drop_floor(void)
{
    floor_start = mmap(floor_start, FAULTED_PAGES * (size_t)PAGE, PROT_NONE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (floor_start == NULL ? 0 : MAP_FIXED), -1, 0);
    if (floor_start == MAP_FAILED) {
        fail("mmap", strerror(errno));
    }
}

static void measure_stores(uint64_t bytes, int rounds, int64_t around)
{
    int plain_file;
    char *plain = map_memory(&plain_file, bytes);
    map_memory(&floor_file, FAULTED_PAGES * (uint64_t)PAGE);
    char *mapped = map_file(bytes, 0);
    char *around_mapped = map_file(FAULTED_PAGES * (uint64_t)PAGE, around);
    struct sigaction library, floor = { .sa_sigaction = floor_handler, .sa_flags = SA_SIGINFO | SA_NODEFER };
    sigaction(SIGSEGV, NULL, &library);
    for (int round = 0; round <= rounds; round++) {
        if (round == 1) {
            puts("measured"); /* what came before was to warm up */
        }

        drop_floor();
        sigaction(SIGSEGV, &floor, NULL);
        store_to_each_page("floor-fault", floor_start);
        sigaction(SIGSEGV, &library, NULL);
        drop(mapped);
        store_to_each_page("fault", mapped);
        drop(around_mapped);
        store_to_each_page("fault-around", around_mapped);
        store_at_random("floor-store", plain, bytes);
        store_at_random("store", mapped, bytes);
    }
}
#endif

static void measure_calls(const char *path, uint64_t bytes, int rounds)
{
    int file = open(path, O_RDWR | O_CREAT, 0600);
    if (file < 0) {
        fail(path, strerror(errno));
    }

    for (uint64_t at = 0; at < bytes; at += PAGE) {
        if (pwrite(file, buffer, PAGE, (off_t)at) != PAGE) {
            fail(path, strerror(errno));
        }
    }

    for (int round = 0; round <= rounds; round++) {
        if (round == 1) {
            puts("measured");
        }

        for (int writes = 0; writes < 2; writes++) {
            uint64_t state = 88172645463325252u;
            double began = now();
            for (int i = 0; i < CALLS; i++) {
                off_t at = (off_t)(next_random(&state) % bytes & -(uint64_t)PAGE);
                ssize_t count = writes ? pwrite(file, buffer, PAGE, at) : pread(file, buffer, PAGE, at);
                if (count != PAGE) {
                    fail(path, strerror(errno));
                }
            }

            print(writes ? "pwrite" : "pread", began, CALLS);
        }
    }
}

int main(int count, char **arguments)
{
    if (count == 5 && strcmp(arguments[1], "calls") == 0) {
        measure_calls(arguments[2], strtoull(arguments[3], NULL, 10), atoi(arguments[4]));
        return 0;
    }
#ifndef WITHOUT_LIBRARY
    if (count == 5 && strcmp(arguments[1], "stores") == 0) {
        measure_stores(strtoull(arguments[2], NULL, 10), atoi(arguments[3]), atoll(arguments[4]));
        return 0;
    }
#endif

    fail("usage", "real-memory stores DEVICE-BYTES ROUNDS AROUND-BYTES | calls FILE FILE-BYTES ROUNDS");
}
