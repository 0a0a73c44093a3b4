/* The signals of page faults, one case a run: what the kernel would send, to the handler that the program has. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>
#include "daxemu.h"

#define PAGE 4096
#define BYTES (8 << 20)
#define REQUIRE(condition) do { if (!(condition)) { \
        printf("%s:%d: %s (errno %d, %s)\n", __FILE__, __LINE__, #condition, errno, daxemu_error_message()); exit(1); } } while (0)

static daxemu_device *device;
static daxemu_volume *volume;
static daxemu_file *file;
static volatile char *memory;

static sigjmp_buf again;
static volatile siginfo_t seen;
static volatile int count;
static volatile uintptr_t nowhere = 16;
static char stack[16384] __attribute__((aligned(16)));

static void map(int flags)
{
    void *address = NULL;
    daxemu_mount_options options = { .struct_size = sizeof options, .flags = DAXEMU_MOUNT_SCRATCH };
    REQUIRE(daxemu_device_create_temporary(2 * BYTES, NULL, &device) == 0);
    REQUIRE(daxemu_volume_mount(device, &options, &volume) == 0);
    REQUIRE(daxemu_file_open(volume, "a", DAXEMU_RDWR | DAXEMU_CREAT, &file) == 0);
    REQUIRE(daxemu_file_truncate(file, BYTES) == 0);
    REQUIRE(daxemu_mmap(file, 0, BYTES, DAXEMU_PROT_READ | DAXEMU_PROT_WRITE, flags, &address) == 0);
    memory = address;
}

static void jump(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    seen = *info;
    count++;
    siglongjmp(again, 1);
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };
    REQUIRE(sigaction(signal, &action, NULL) == 0);
}

/* Past the end of the file: BUS_ADRERR, with the address. */
static void past_eof(void)
{
    map(DAXEMU_MAP_SHARED);
    handle(SIGBUS, jump, 0);
    memory[3 * PAGE] = 1;
    REQUIRE(daxemu_file_truncate(file, PAGE) == 0);
    for (int i = 0; i < 3; i++) {
        if (sigsetjmp(again, 1) == 0) {
            memory[(3 + i) * PAGE + 7] = 1;
            REQUIRE(!"a store past the end went through");
        }
        REQUIRE(count == i + 1 && seen.si_signo == SIGBUS && seen.si_code == BUS_ADRERR);
        REQUIRE(seen.si_addr == (void *)(memory + (3 + i) * PAGE + 7));
    }
    memory[5] = 1; /* the rest goes on */
}

/* Lost memory: BUS_MCEERR_AR, with the size of what is lost. */
static void poison(void)
{
    map(DAXEMU_MAP_SHARED);
    handle(SIGBUS, jump, 0);
    memory[0] = 1;
    REQUIRE(daxemu_file_poison(file, 0) == 0);
    if (sigsetjmp(again, 1) == 0)
        printf("%d\n", memory[0]);
    REQUIRE(count == 1 && seen.si_code == BUS_MCEERR_AR && seen.si_addr == (void *)memory && ((siginfo_t *)&seen)->si_addr_lsb == 12);
}

/* No block left: BUS_ADRERR. */
static void full(void)
{
    daxemu_file *other;
    static char block[1 << 20];
    map(DAXEMU_MAP_SHARED);
    handle(SIGBUS, jump, 0);
    REQUIRE(daxemu_file_open(volume, "b", DAXEMU_RDWR | DAXEMU_CREAT, &other) == 0);
    for (int64_t at = 0, done; (done = daxemu_file_write(other, block, sizeof block, at)) > 0; at += done)
        ;
    if (sigsetjmp(again, 1) == 0)
        memory[0] = 1;
    REQUIRE(count == 1 && seen.si_code == BUS_ADRERR);
    REQUIRE(daxemu_file_truncate(other, 0) == 0);
    memory[0] = 1;
    REQUIRE(memory[0] == 1);
}

/* Protected by mprotect: SIGSEGV with SEGV_ACCERR, to the handler that was there before. */
static void protect(void)
{
    handle(SIGSEGV, jump, 0);
    map(DAXEMU_MAP_SHARED);
    memory[0] = 1;
    REQUIRE(daxemu_mprotect((void *)memory, PAGE, DAXEMU_PROT_READ) == 0);
    REQUIRE(memory[0] == 1);
    if (sigsetjmp(again, 1) == 0)
        memory[0] = 2;
    REQUIRE(count == 1 && seen.si_signo == SIGSEGV && seen.si_code == SEGV_ACCERR && seen.si_addr == (void *)memory);
    if (sigsetjmp(again, 1) == 0)
        *(volatile char *)nowhere = 2; /* foreign */
    REQUIRE(count == 2 && seen.si_addr == (void *)nowhere);
    if (sigsetjmp(again, 1) == 0)
        raise(SIGSEGV); /* sent, not a fault */
    REQUIRE(count == 3 && seen.si_code == SI_TKILL);
    REQUIRE(memory[0] == 1);
}

/* Without a handler the process ends as by the signal. */
static void fatal(void)
{
    map(DAXEMU_MAP_SHARED);
    REQUIRE(daxemu_file_truncate(file, 0) == 0);
    memory[0] = 1;
}

/* Blocked: as the kernel, which ends the process. */
static void blocked(void)
{
    sigset_t all;
    map(DAXEMU_MAP_SHARED);
    handle(SIGBUS, jump, 0);
    REQUIRE(daxemu_file_truncate(file, PAGE) == 0);
    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    REQUIRE(sigprocmask(SIG_BLOCK, &all, NULL) == 0);
    memory[0] = 1; /* served with everything else blocked */
    memory[2 * PAGE] = 1;
}

static void null(void)
{
    map(DAXEMU_MAP_SHARED);
    *(volatile char *)nowhere = 1;
}

/* A program that works on a small alternate stack, and keeps errno. */
static void on_usr1(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)info;
    (void)context;
    for (int i = 0; i < 64; i++)
        memory[i * PAGE] = 1;
    count++;
}

static void stacks(void)
{
    stack_t small = { .ss_sp = stack, .ss_size = sizeof stack };
    map(DAXEMU_MAP_SHARED | DAXEMU_MAP_SMALL_PAGES);
    REQUIRE(sigaltstack(&small, NULL) == 0);
    handle(SIGUSR1, on_usr1, SA_ONSTACK);
    errno = 77;
    raise(SIGUSR1);
    REQUIRE(errno == 77 && count == 1);
    memory[100 * PAGE] = 1;
    REQUIRE(errno == 77);
}

/* Registers survive: sums with all vector registers busy while pages fault. */
static void registers(void)
{
    double a[64], b[64], expected = 0, sum = 0;
    map(DAXEMU_MAP_SHARED | DAXEMU_MAP_SMALL_PAGES);
    for (int i = 0; i < 64; i++) {
        a[i] = i * 1.5;
        b[i] = i + 0.25;
        expected += a[i] * b[i];
    }
    for (int i = 0; i < 64; i++) {
        memory[i * 2 * PAGE] = (char)i;
        sum += a[i] * b[i] + memory[(i * 2 + 1) * PAGE];
    }
    REQUIRE(sum == expected);
}

/* A child of fork has no mapping, its parent keeps it; a child that execs is not disturbed. */
static void forks(void)
{
    int status;
    map(DAXEMU_MAP_SHARED);
    memory[0] = 1;
    memory[PAGE] = 2;
    pid_t child = fork();
    if (child == 0) {
        char byte;
        if (daxemu_file_read(file, &byte, 1, 0) != -ECHILD)
            _exit(3);
        memory[PAGE] = 3;
        _exit(0);
    }
    REQUIRE(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    REQUIRE(memory[PAGE] == 2);
    child = fork();
    if (child == 0) {
        execl("/bin/true", "true", (char *)NULL);
        _exit(4);
    }
    REQUIRE(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    REQUIRE(system("exit 5") == 5 << 8);
}

/* Threads that come and go, each faulting while others are started: no page lost, none of another's. */
static void *stores(void *argument)
{
    long number = (long)argument;
    for (int i = 0; i < 32; i++) {
        volatile long *word = (volatile long *)(memory + (number % 64 * 32 + i) * PAGE);
        *word = number;
        if (*word != number)
            return (void *)1;
    }
    return NULL;
}

static void threads(void)
{
    pthread_t thread[8];
    map(DAXEMU_MAP_SHARED | DAXEMU_MAP_SMALL_PAGES);
    for (long round = 0; round < 32; round++) {
        for (long i = 0; i < 8; i++)
            REQUIRE(pthread_create(&thread[i], NULL, stores, (void *)(round * 8 + i)) == 0);
        for (int i = 0; i < 8; i++) {
            void *result;
            REQUIRE(pthread_join(thread[i], &result) == 0 && result == NULL);
        }
        REQUIRE(daxemu_madvise((void *)memory, BYTES, DAXEMU_MADV_DONTNEED) == 0);
    }
}

/* More stretches than the kernel lets a process have mappings. */
static void many(void)
{
    void *address = NULL;
    long pages = 1 << 17;
    daxemu_mount_options options = { .struct_size = sizeof options, .flags = DAXEMU_MOUNT_SCRATCH };
    REQUIRE(daxemu_device_create_temporary(pages * PAGE + (64 << 20), NULL, &device) == 0);
    REQUIRE(daxemu_volume_mount(device, &options, &volume) == 0);
    REQUIRE(daxemu_file_open(volume, "a", DAXEMU_RDWR | DAXEMU_CREAT, &file) == 0);
    REQUIRE(daxemu_file_allocate(file, DAXEMU_ALLOCATE, 0, pages * PAGE) == 0);
    REQUIRE(daxemu_mmap(file, 0, pages * PAGE, DAXEMU_PROT_READ | DAXEMU_PROT_WRITE, DAXEMU_MAP_SHARED | DAXEMU_MAP_SMALL_PAGES, &address) == 0);
    memory = address;
    for (long page = 0; page < pages; page += 2)
        *(volatile long *)(memory + page * PAGE) = page;
    for (long page = 0; page < pages; page += 2)
        REQUIRE(*(volatile long *)(memory + page * PAGE) == page);
    daxemu_counters counters = { .struct_size = sizeof counters };
    REQUIRE(daxemu_get_counters(&counters) == 0 && counters.evictions > 0);
}

int main(int argc, char **argv)
{
    static const struct { const char *name; void (*run)(void); } cases[] = {
        { "past-eof", past_eof }, { "poison", poison }, { "full", full }, { "protect", protect }, { "fatal", fatal }, { "blocked", blocked },
        { "null", null }, { "stacks", stacks }, { "registers", registers }, { "forks", forks }, { "threads", threads }, { "many", many },
    };
    setvbuf(stdout, NULL, _IONBF, 0);
    for (size_t i = 0; argc == 2 && i < sizeof cases / sizeof *cases; i++) {
        if (strcmp(argv[1], cases[i].name) == 0) {
            cases[i].run();
            puts("done");
            return 0;
        }
    }
    puts("usage: faults CASE");
    return 2;
}
