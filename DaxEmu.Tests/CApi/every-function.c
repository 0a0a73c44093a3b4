/* Calls each function of daxemu.h and looks at what it does: every-function DEVICE, a path that does not exist. */
#include "daxemu.h"
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define HUGE_PAGE (2 << 20)

static int64_t is(int line, const char *what, int64_t expected, int64_t got)
{
    if (got != expected) {
        fprintf(stderr, "line %d: %s is %lld and should be %lld: %s\n", line, what, (long long)got, (long long)expected, daxemu_error_message());
        exit(1);
    }
    return got;
}

#define IS(expected, call) is(__LINE__, #call, (int64_t)(expected), (int64_t)(call))
#define OK(call) IS(0, call)
#define SAYS(part) IS(1, strstr(daxemu_error_message(), part) != NULL)

static sigjmp_buf back;
static siginfo_t seen;

static void on_signal(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    seen = *info;
    siglongjmp(back, 1);
}

static void devices(const char *path)
{
    daxemu_device *device, *other;
    daxemu_device_options options = { sizeof options, 0, DAXEMU_FLUSH_CLFLUSH, 0 };
    daxemu_device_info info = { .struct_size = sizeof info };
    char name[4] = "???";
    IS(-EINVAL, daxemu_device_create(path, 12345, NULL, &device));
    SAYS("12345");
    IS(-EINVAL, daxemu_device_create(NULL, HUGE_PAGE, NULL, &device));
    IS(-EINVAL, daxemu_device_create(path, HUGE_PAGE, NULL, NULL));
    OK(daxemu_device_create(path, 2 * HUGE_PAGE, &options, &device));
    IS(-EEXIST, daxemu_device_create(path, 2 * HUGE_PAGE, NULL, &other));
    IS(-EAGAIN, daxemu_device_open(path, NULL, &other));
    OK(daxemu_device_get_info(device, &info));
    IS(2 * HUGE_PAGE, info.size_bytes);
    IS(DAXEMU_FLUSH_CLFLUSH, info.flush);
    IS((int)strlen(path), daxemu_device_name(device, name, sizeof name));
    IS(0, strncmp(name, path, 3) | name[3]);
    OK(daxemu_device_flush(device, 0, PAGE));
    OK(daxemu_device_drain(device));
    OK(daxemu_device_persist(device, 0, PAGE));
    IS(-EINVAL, daxemu_device_persist(device, 0, 3 * HUGE_PAGE));
    OK(daxemu_device_close(device));
    IS(-EBADF, daxemu_device_close(device));
    IS(-ENOENT, daxemu_device_open("/nowhere/at/all", NULL, &device));
    info.struct_size = 24; /* an older caller knows less */
    info.poisoned_pages = -7;
    OK(daxemu_device_probe(path, &info));
    IS(-7, info.poisoned_pages);
    info.struct_size = 3;
    IS(-EINVAL, daxemu_device_probe(path, &info));
    struct { daxemu_device_options known; int64_t unknown; } newer = { { sizeof newer, 0, 0, 0 }, 0 };
    OK(daxemu_device_open(path, &newer.known, &device));
    OK(daxemu_device_close(device));
    newer.unknown = 1;
    IS(-E2BIG, daxemu_device_open(path, &newer.known, &device));
    options.flags = 1u << 30;
    IS(-EINVAL, daxemu_device_open(path, &options, &device));
}

static void names(daxemu_volume *volume)
{
    daxemu_file *file, *again;
    daxemu_directory *directory;
    daxemu_entry entry = { .struct_size = sizeof entry };
    char text[64];
    OK(daxemu_mkdir(volume, "d"));
    IS(-EEXIST, daxemu_mkdir(volume, "d"));
    IS(-ENOENT, daxemu_mkdir(volume, "missing/d"));
    IS(-ENOENT, daxemu_file_open(volume, "d/a", DAXEMU_RDWR, &file));
    OK(daxemu_file_open(volume, "d/a", DAXEMU_RDWR | DAXEMU_CREAT | DAXEMU_EXCL, &file));
    IS(-EEXIST, daxemu_file_open(volume, "d/a", DAXEMU_RDWR | DAXEMU_CREAT | DAXEMU_EXCL, &again));
    IS(-EISDIR, daxemu_file_open(volume, "d", DAXEMU_RDWR, &again));
    IS(-ENOTDIR, daxemu_mkdir(volume, "d/a/b"));
    IS(-ENOTEMPTY, daxemu_rmdir(volume, "d"));
    IS(5, daxemu_file_write(file, "hello", 5, 0));
    OK(daxemu_file_open(volume, "d/a", DAXEMU_RDONLY, &again)); /* another handle of the same file */
    IS(5, daxemu_file_size(again));
    IS(-EBADF, daxemu_file_write(again, "x", 1, 0));
    OK(daxemu_rename(volume, "d/a", "d/b"));
    IS(3, daxemu_file_name(file, text, sizeof text));
    IS(0, strcmp(text, "d/b"));
    OK(daxemu_link(volume, "d/b", "c"));
    OK(daxemu_chmod(volume, "c", 0600));
    OK(daxemu_set_modified(volume, "c", 1500000000123456700));
    OK(daxemu_stat(volume, "d/b", &entry));
    IS(0600, entry.mode);
    IS(2, entry.link_count);
    IS(5, entry.size_bytes);
    IS(1500000000123456700, entry.modified_ns);
    IS(0, strcmp(entry.name, "b"));
    OK(daxemu_directory_open(volume, "/", &directory));
    IS(1, daxemu_directory_read(directory, &entry));
    IS(0, strcmp(entry.name, "c") | (int)entry.is_directory);
    IS(1, daxemu_directory_read(directory, &entry));
    IS(1, entry.is_directory);
    IS(0, daxemu_directory_read(directory, &entry));
    OK(daxemu_directory_close(directory));
    OK(daxemu_unlink(volume, "d/b"));
    OK(daxemu_unlink(volume, "c"));
    IS(-ENOENT, daxemu_unlink(volume, "c"));
    OK(daxemu_rmdir(volume, "d"));
    IS(5, daxemu_file_read(again, text, sizeof text, 0)); /* an open file outlives its names */
    OK(daxemu_file_close(file));
    IS(-EBADF, daxemu_file_sync(file));
    OK(daxemu_file_close(again));
    IS(-EBADF, daxemu_file_close((daxemu_file *)volume));
    OK(daxemu_file_open(volume, "", DAXEMU_RDWR | DAXEMU_TMPFILE, &file));
    IS(0, daxemu_file_name(file, NULL, 0));
    OK(daxemu_file_close(file));
}

static void files(daxemu_volume *volume)
{
    daxemu_file *a, *b;
    daxemu_extent extents[2];
    char bytes[3 * PAGE], all[8 * PAGE];
    memset(bytes, 'a', sizeof bytes);
    OK(daxemu_file_open(volume, "a", DAXEMU_RDWR | DAXEMU_CREAT, &a));
    OK(daxemu_file_open(volume, "b", DAXEMU_RDWR | DAXEMU_CREAT, &b));
    IS(sizeof bytes, daxemu_file_write(a, bytes, sizeof bytes, 0));
    OK(daxemu_file_allocate(a, DAXEMU_ALLOCATE, 4 * PAGE, PAGE));
    IS(5 * PAGE, daxemu_file_size(a));
    OK(daxemu_file_allocate(a, DAXEMU_ALLOCATE_KEEP_SIZE, 5 * PAGE, PAGE));
    IS(5 * PAGE, daxemu_file_size(a));
    IS(2, daxemu_file_list_extents(a, extents, 2));
    IS(DAXEMU_EXTENT_MAPPED, extents[0].kind);
    IS(sizeof bytes, extents[0].length_bytes);
    IS(DAXEMU_EXTENT_UNWRITTEN, extents[1].kind);
    IS(2, daxemu_file_list_extents(a, NULL, 0));
    OK(daxemu_file_allocate(a, DAXEMU_PUNCH_HOLE, PAGE, PAGE));
    IS(5 * PAGE, daxemu_file_read(a, all, sizeof all, 0));
    IS('a', all[PAGE - 1]);
    IS(0, all[PAGE]);
    IS('a', all[2 * PAGE]);
    OK(daxemu_file_allocate(a, DAXEMU_COLLAPSE_RANGE, PAGE, PAGE));
    OK(daxemu_file_allocate(a, DAXEMU_INSERT_RANGE, 0, PAGE));
    OK(daxemu_file_allocate(a, DAXEMU_ZERO_RANGE, 2 * PAGE, PAGE));
    IS(-EOPNOTSUPP, daxemu_file_allocate(a, 0x80, 0, PAGE));
    IS(-EINVAL, daxemu_file_allocate(a, DAXEMU_COLLAPSE_RANGE, 1, PAGE));
    IS(5 * PAGE, daxemu_file_read(a, all, sizeof all, 0));
    IS(0, all[0] | all[2 * PAGE]);
    IS('a', all[PAGE]);
    OK(daxemu_file_clone(a, b));
    IS(5 * PAGE, daxemu_file_compare(a, 0, b, 0, 5 * PAGE));
    OK(daxemu_file_allocate(a, DAXEMU_UNSHARE_RANGE, 0, 5 * PAGE));
    IS(1, daxemu_file_deduplicate(a, PAGE, PAGE, b, PAGE));
    IS(1, daxemu_file_write(b, "b", 1, PAGE));
    IS(0, daxemu_file_compare(a, PAGE, b, PAGE, PAGE));
    IS(0, daxemu_file_deduplicate(a, PAGE, PAGE, b, PAGE));
    OK(daxemu_file_clone_range(a, PAGE, PAGE, b, 6 * PAGE));
    IS(7 * PAGE, daxemu_file_size(b));
    IS(PAGE, daxemu_file_copy_range(a, PAGE, b, 7 * PAGE, PAGE));
    IS(PAGE, daxemu_file_compare(b, 6 * PAGE, b, 7 * PAGE, PAGE));
    OK(daxemu_file_truncate(b, 1));
    IS(1, daxemu_file_read(b, all, sizeof all, 0));
    OK(daxemu_file_sync(a));
    OK(daxemu_volume_sync(volume));
    OK(daxemu_file_close(a));
    OK(daxemu_file_close(b));
}

static void *store_all(void *memory)
{
    for (int i = 0; i < HUGE_PAGE; i += PAGE)
        ((volatile char *)memory)[i] = (char)(i / PAGE);
    return NULL;
}

static void mappings(daxemu_volume *volume)
{
    daxemu_file *file;
    daxemu_pin *pin;
    daxemu_piece pieces[2];
    daxemu_mapping_info info = { .struct_size = sizeof info };
    daxemu_counters counters = { .struct_size = sizeof counters };
    daxemu_volume_info state = { .struct_size = sizeof state };
    struct sigaction action;
    pthread_t thread;
    void *address = NULL, *copy = NULL;
    char bytes[2 * PAGE];
    OK(daxemu_file_open(volume, "m", DAXEMU_RDWR | DAXEMU_CREAT, &file));
    OK(daxemu_file_truncate(file, 2 * HUGE_PAGE));
    IS(-EINVAL, daxemu_mmap(file, 1, PAGE, DAXEMU_PROT_READ, DAXEMU_MAP_SHARED, &address));
    IS(-EINVAL, daxemu_mmap(file, 0, PAGE, DAXEMU_PROT_READ, DAXEMU_MAP_SHARED | DAXEMU_MAP_PRIVATE, &address));
    OK(daxemu_mmap(file, 0, 2 * HUGE_PAGE, DAXEMU_PROT_READ | DAXEMU_PROT_WRITE, DAXEMU_MAP_SHARED, &address));
    char *memory = address;
    OK(daxemu_file_close(file)); /* it stays open while it is mapped */
    IS(0, pthread_create(&thread, NULL, store_all, memory));
    store_all(memory + HUGE_PAGE);
    IS(0, pthread_join(thread, NULL));
    OK(daxemu_msync(memory, 2 * HUGE_PAGE));
    OK(daxemu_file_open(volume, "m", DAXEMU_RDWR, &file));
    IS(1, daxemu_file_read(file, bytes, 1, HUGE_PAGE + 7 * PAGE));
    IS(7, bytes[0]);
    OK(daxemu_mapping_get_info(memory + PAGE, &info));
    IS((intptr_t)memory, (intptr_t)info.address);
    IS(DAXEMU_MAPPING_IS_SHARED, info.flags);
    IS(-EFAULT, daxemu_mapping_get_info(bytes, &info));
    OK(daxemu_flush(memory, 64));
    OK(daxemu_drain());
    OK(daxemu_persist(memory, 64));
    IS(-ENOMEM, daxemu_persist(bytes, 64));

    /* Buffers in a mapping whose pages are not mapped now. */
    OK(daxemu_madvise(memory, 2 * HUGE_PAGE, DAXEMU_MADV_DONTNEED));
    IS(2 * PAGE, daxemu_file_write(file, memory + 2 * PAGE, 2 * PAGE, 0));
    IS(2, memory[0]);
    OK(daxemu_madvise(memory, 2 * HUGE_PAGE, DAXEMU_MADV_DONTNEED));
    IS(PAGE, daxemu_file_read(file, memory + 9 * PAGE, PAGE, 3 * PAGE));
    IS(3, memory[9 * PAGE]);
    OK(daxemu_madvise(memory, HUGE_PAGE, DAXEMU_MADV_POPULATE_READ));
    OK(daxemu_madvise(memory, HUGE_PAGE, DAXEMU_MADV_POPULATE_WRITE));
    IS(-EINVAL, daxemu_madvise(memory, HUGE_PAGE, 77));
    strcpy(memory, "m");
    OK(daxemu_madvise(memory, PAGE, DAXEMU_MADV_DONTNEED));
    daxemu_entry entry = { .struct_size = sizeof entry };
    OK(daxemu_stat(volume, memory, &entry)); /* a path in a mapping */

    OK(daxemu_mmap(file, 0, HUGE_PAGE, DAXEMU_PROT_READ | DAXEMU_PROT_WRITE, DAXEMU_MAP_PRIVATE | DAXEMU_MAP_POPULATE, &copy));
    ((char *)copy)[PAGE] = 77;
    IS(3, memory[PAGE]);
    OK(daxemu_munmap(copy, HUGE_PAGE));

    /* Signals, and the copies that report instead. */
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGBUS, &action, NULL);
    OK(daxemu_file_truncate(file, HUGE_PAGE));
    if (sigsetjmp(back, 1) == 0) {
        memory[HUGE_PAGE + 5] = 1;
        IS(0, 1);
    }
    IS(BUS_ADRERR, seen.si_code);
    IS((intptr_t)(memory + HUGE_PAGE + 5), (intptr_t)seen.si_addr);
    IS(-ENXIO, daxemu_copy_to(memory + HUGE_PAGE, bytes, 1));
    IS(PAGE, daxemu_copy_from(bytes, memory + HUGE_PAGE - PAGE, 2 * PAGE));
    IS(-EFAULT, daxemu_file_write(file, memory + HUGE_PAGE, 1, 0));
    IS(1, daxemu_copy_to(memory, "x", 1));
    IS('x', memory[0]);
    OK(daxemu_file_poison(file, 5 * PAGE));
    if (sigsetjmp(back, 1) == 0) {
        bytes[0] = ((volatile char *)memory)[5 * PAGE];
        IS(0, 1);
    }
    IS(BUS_MCEERR_AR, seen.si_code);
    IS(-EIO, daxemu_copy_from(bytes, memory + 5 * PAGE, 1));
    memset(bytes, 9, PAGE);
    IS(PAGE, daxemu_file_write(file, bytes, PAGE, 5 * PAGE)); /* a page that is written whole is there again */
    IS(9, memory[5 * PAGE]);
    OK(daxemu_set_fault_policy(DAXEMU_FAULT_NULL));
    if (sigsetjmp(back, 1) == 0) {
        memory[HUGE_PAGE + 5] = 1;
        IS(0, 1);
    }
    IS(5, (intptr_t)seen.si_addr);
    IS(DAXEMU_FAULT_NULL, daxemu_set_fault_policy(DAXEMU_FAULT_SIGNAL));
    OK(daxemu_mprotect(memory, PAGE, DAXEMU_PROT_READ));
    IS(-EACCES, daxemu_copy_to(memory, bytes, 1));
    OK(daxemu_mprotect(memory, PAGE, DAXEMU_PROT_READ | DAXEMU_PROT_WRITE));

    OK(daxemu_pin_range(memory + PAGE, 2 * PAGE, 1, &pin));
    IS(1, daxemu_pin_list_pieces(pin, pieces, 2));
    IS(2 * PAGE, pieces[0].length_bytes);
    memset(pieces[0].address, 42, 2 * PAGE);
    OK(daxemu_unpin(pin));
    IS(-EBADF, daxemu_unpin(pin));
    IS(42, memory[2 * PAGE]);

    OK(daxemu_get_counters(&counters));
    IS(1, counters.pmd_faults > 0 && counters.fault_errors >= 3 && counters.fault_p50_ns > 0);
    OK(daxemu_volume_get_info(volume, &state));
    IS(1, state.mappings);
    IS(1, state.open_files);
    IS(-EBUSY, daxemu_volume_unmount(volume));

    pid_t child = fork();
    if (child == 0)
        _exit(daxemu_file_size(file) == -ECHILD ? 0 : 1);
    int status;
    waitpid(child, &status, 0);
    IS(0, status);

    OK(daxemu_munmap(memory + PAGE, PAGE)); /* a part, then the rest */
    IS(-EFAULT, daxemu_mapping_get_info(memory + PAGE, &info));
    OK(daxemu_munmap(memory, 2 * HUGE_PAGE));
    IS(-EFAULT, daxemu_mapping_get_info(memory, &info));
    OK(daxemu_file_close(file));
}

static void observe(daxemu_volume *volume, const char *path)
{
    daxemu_file *file;
    void *address = NULL;
    char text[256], line[640], trace[256];
    int has_v4_20 = 0, has_pmd = 0;
    for (int64_t i = 0; i < daxemu_profile_count(); i++) {
        IS(1, daxemu_profile_description(i, text, sizeof text) > 0);
        IS(1, daxemu_profile_name(i, text, sizeof text) > 0);
        has_v4_20 |= strcmp(text, "v4.20") == 0;
    }
    IS(1, has_v4_20);
    IS(-EINVAL, daxemu_profile_name(99, text, sizeof text));
    IS(15, daxemu_fallback_name(1, text, sizeof text));
    IS(0, strcmp(text, "colour-mismatch"));
    IS(1, daxemu_wait_graph(text, sizeof text) > 0);
    IS(0, strcmp(text, "No thread waits."));
    snprintf(trace, sizeof trace, "%s.trace", path);
    OK(daxemu_trace_start(volume, trace));
    OK(daxemu_file_open(volume, "t", DAXEMU_RDWR | DAXEMU_CREAT, &file));
    OK(daxemu_file_truncate(file, HUGE_PAGE));
    OK(daxemu_mmap(file, 0, HUGE_PAGE, DAXEMU_PROT_READ | DAXEMU_PROT_WRITE, DAXEMU_MAP_SHARED, &address));
    *(char *)address = 1;
    OK(daxemu_trace_stop(volume));
    OK(daxemu_munmap(address, HUGE_PAGE));
    OK(daxemu_file_close(file));
    FILE *lines = fopen(trace, "r");
    while (fgets(line, sizeof line, lines))
        has_pmd |= strstr(line, "dax_pmd_fault_done") != NULL;
    fclose(lines);
    IS(1, has_pmd);
}

int main(int argc, char **argv)
{
    daxemu_device *device;
    daxemu_volume *volume;
    daxemu_report *report;
    daxemu_mount_options options = { .struct_size = sizeof options, .profile = "no such profile" };
    daxemu_volume_info info = { .struct_size = sizeof info };
    daxemu_report_info found = { .struct_size = sizeof found };
    int64_t pages[2];
    char text[256];
    if (argc < 2)
        return 2;
    IS(DAXEMU_API_VERSION, daxemu_version());
    devices(argv[1]);
    OK(daxemu_device_create_temporary(32 << 20, NULL, &device));
    IS(-ENODEV, daxemu_volume_mount(device, NULL, &volume));
    SAYS("Format it first.");
    OK(daxemu_volume_check(device, &report));
    OK(daxemu_report_get_info(report, &found));
    IS(1, found.refusal);
    IS(1, found.problems > 0);
    IS(1, daxemu_report_problem(report, 0, text, sizeof text) > 0);
    IS(-EINVAL, daxemu_report_problem(report, 99, text, sizeof text));
    IS(-EINVAL, daxemu_report_repair(report, 0, text, sizeof text));
    OK(daxemu_report_free(report));
    IS(-ENODEV, daxemu_volume_repair(device, &report));
    OK(daxemu_volume_format(device, "every function"));
    IS(-EINVAL, daxemu_volume_mount(device, &options, &volume));
    SAYS("v4.20");
    OK(daxemu_volume_mount(device, NULL, &volume));
    IS(-EBUSY, daxemu_device_close(device));
    IS(-EBUSY, daxemu_volume_format(device, NULL));
    OK(daxemu_volume_get_info(volume, &info));
    IS(0, strcmp(info.label, "every function"));
    IS(0, daxemu_volume_grow(volume));
    names(volume);
    files(volume);
    mappings(volume);
    observe(volume, argv[1]);
    OK(daxemu_volume_poison(volume, 7000));
    IS(1, daxemu_device_list_poison(device, pages, 2));
    IS(7000, pages[0]);
    IS(1, daxemu_device_clear_poison(device, 7000, 1));
    OK(daxemu_volume_unmount(volume));
    IS(-EBADF, daxemu_volume_unmount(volume));
    OK(daxemu_volume_repair(device, &report));
    OK(daxemu_report_get_info(report, &found));
    IS(0, found.problems);
    IS(4, found.files);
    OK(daxemu_report_free(report));
    OK(daxemu_device_close(device));
    puts("done");
    return 0;
}
