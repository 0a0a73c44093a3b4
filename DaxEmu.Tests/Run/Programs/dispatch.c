// What a program may do beside opening files, each thing once: it must notice no difference when its system calls are dispatched.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static volatile sig_atomic_t caught;
static sigjmp_buf jump;
static char folder[512];

#define MUST(condition) \
    do \
    { \
        if (!(condition)) \
        { \
            fprintf(stderr, "line %d: %s (errno %d)\n", __LINE__, #condition, errno); \
            exit(1); \
        } \
    } while (0)

static char *path(char *text, const char *name)
{
    snprintf(text, sizeof folder + 64, "%s/%s", folder, name);
    return text;
}

static void store(const char *name, const char *content)
{
    char text[sizeof folder + 64];
    int file = open(path(text, name), O_CREAT | O_TRUNC | O_WRONLY, 0600);
    MUST(file >= 0);
    MUST(write(file, content, strlen(content)) == (ssize_t)strlen(content));
    MUST(close(file) == 0);
}

static void must_hold(const char *name, const char *content)
{
    char bytes[256] = {0};
    char text[sizeof folder + 64];
    int file = open(path(text, name), O_RDONLY);
    MUST(file >= 0);
    MUST(read(file, bytes, sizeof bytes - 1) == (ssize_t)strlen(content));
    MUST(strcmp(bytes, content) == 0);
    close(file);
}

// A handler makes calls of its own, and sees no other mask than it asked for.
static void count(int signal)
{
    sigset_t mask;
    MUST(sigprocmask(SIG_BLOCK, NULL, &mask) == 0);
    MUST(sigismember(&mask, signal));
    store("from-handler", "handler");
    caught++;
}

static void leap(int signal)
{
    (void)signal;
    siglongjmp(jump, 1);
}

static void set(int signal, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    MUST(sigaction(signal, &action, NULL) == 0);
}

static void signals(void)
{
    struct sigaction action;
    set(SIGUSR1, count, 0);
    MUST(sigaction(SIGUSR1, NULL, &action) == 0 && action.sa_handler == count);
    MUST(raise(SIGUSR1) == 0 && caught == 1);
    must_hold("from-handler", "handler");

    // Everything blocked, also what the library needs.
    sigset_t all, none, former;
    sigfillset(&all);
    sigemptyset(&none);
    MUST(sigprocmask(SIG_SETMASK, &all, &former) == 0);
    store("blocked", "blocked");
    MUST(raise(SIGUSR1) == 0 && caught == 1);
    MUST(sigsuspend(&none) == -1 && errno == EINTR && caught == 2);
    raise(SIGUSR1);
    struct timespec time = {5, 0};
    sigset_t all_but_one = all;
    sigdelset(&all_but_one, SIGUSR1);
    MUST(ppoll(NULL, 0, &time, &all_but_one) == -1 && errno == EINTR && caught == 3);
    raise(SIGUSR1);
    MUST(pselect(0, NULL, NULL, NULL, &time, &all_but_one) == -1 && errno == EINTR && caught == 4);
    MUST(sigprocmask(SIG_SETMASK, &former, NULL) == 0);
    must_hold("blocked", "blocked");

    // A handler for one signal only.
    set(SIGUSR2, count, SA_RESETHAND);
    raise(SIGUSR2);
    MUST(sigaction(SIGUSR2, NULL, &action) == 0 && action.sa_handler == SIG_DFL && caught == 5);

    // On a stack of its own.
    stack_t stack = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16};
    MUST(sigaltstack(&stack, NULL) == 0);
    set(SIGUSR2, count, SA_ONSTACK);
    raise(SIGUSR2);
    MUST(caught == 6);

    // Left by a jump, also out of a call that blocks.
    set(SIGALRM, leap, 0);
    for (int i = 0; i < 50; i++)
    {
        int ends[2];
        MUST(pipe(ends) == 0);
        if (sigsetjmp(jump, 1) == 0)
        {
            struct itimerval soon = {.it_value = {0, 200 + (i * 37)}};
            setitimer(ITIMER_REAL, &soon, NULL);
            char byte;
            while (1)
            {
                store("jump", "jump");
                if (i % 2)
                {
                    read(ends[0], &byte, 1);
                }
            }
        }

        close(ends[0]);
        close(ends[1]);
    }

    store("jump", "after");
    must_hold("jump", "after");

    // Many, while calls are served.
    set(SIGALRM, count, SA_RESTART);
    int before = caught;
    struct itimerval often = {{0, 3000}, {0, 3000}};
    setitimer(ITIMER_REAL, &often, NULL);
    while (caught < before + 20)
    {
        store("served", "served");
        must_hold("served", "served");
    }

    struct itimerval never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &never, NULL);

    // A fault of the program's own.
    set(SIGSEGV, leap, 0);
    if (sigsetjmp(jump, 1) == 0)
    {
        *(volatile int *)8 = 1;
    }

    set(SIGSEGV, SIG_DFL, 0);
}

static pthread_key_t key;

static void at_end(void *value)
{
    store(value, "destructor");
    free(value);
}

static void *blocked_read(void *end)
{
    char byte;
    read(*(int *)end, &byte, 1);
    return NULL;
}

static void *work(void *number)
{
    char name[32];
    snprintf(name, sizeof name, "thread-%d", (int)(long)number);
    pthread_setspecific(key, strdup(name));
    for (int i = 0; i < 50; i++)
    {
        store(name, name);
        must_hold(name, name);
    }

    return number;
}

static void threads(void)
{
    pthread_t team[8];
    MUST(pthread_key_create(&key, at_end) == 0);
    for (long round = 0; round < 3; round++)
    {
        for (long i = 0; i < 8; i++)
        {
            MUST(pthread_create(&team[i], NULL, work, (void *)i) == 0);
        }

        for (long i = 0; i < 8; i++)
        {
            void *result;
            MUST(pthread_join(team[i], &result) == 0 && result == (void *)i);
        }

        must_hold("thread-3", "destructor");
    }

    // Cancelled in a call that blocks: the unwinder goes through the library's frame.
    int ends[2];
    void *result;
    MUST(pipe(ends) == 0);
    MUST(pthread_create(&team[0], NULL, blocked_read, &ends[0]) == 0);
    usleep(20000);
    MUST(pthread_cancel(team[0]) == 0);
    MUST(pthread_join(team[0], &result) == 0 && result == PTHREAD_CANCELED);
}

static void must_end_with(pid_t child, int code)
{
    int status;
    MUST(child > 0);
    MUST(waitpid(child, &status, 0) == child);
    MUST(WIFEXITED(status) && WEXITSTATUS(status) == code);
}

static int cloned(void *argument)
{
    return *(int *)argument;
}

static void processes(void)
{
    char *helper[] = {"sh", "-c", "exit 7", NULL};
    store("from-parent", "parent");
    pid_t child = fork();
    if (child == 0)
    {
        execvp("sh", helper);
        _exit(1);
    }

    must_end_with(child, 7);
    child = fork();
    if (child == 0)
    {
        must_hold("from-parent", "parent");
        store("from-child", "child");
        _exit(6);
    }

    must_end_with(child, 6);
    must_hold("from-child", "child");
    volatile int shared = 0;
    child = vfork();
    if (child == 0)
    {
        shared = 1;
        execvp("sh", helper);
        _exit(1);
    }

    MUST(shared == 1);
    must_end_with(child, 7);
    MUST(posix_spawnp(&child, "sh", NULL, NULL, helper, environ) == 0);
    must_end_with(child, 7);
    MUST(WEXITSTATUS(system("exit 5")) == 5);
    FILE *pipe = popen("echo piped", "r");
    char line[16];
    MUST(pipe && fgets(line, sizeof line, pipe) && strcmp(line, "piped\n") == 0);
    MUST(pclose(pipe) == 0);
    int code = 4;
    char *stack = malloc(1 << 16);
    must_end_with(clone(cloned, stack + (1 << 16), SIGCHLD, &code), 4);
    must_end_with(clone(cloned, stack + (1 << 16), CLONE_VM | CLONE_VFORK | SIGCHLD, &code), 4);
    child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0)
    {
        _exit(3);
    }

    must_end_with(child, 3);
    child = fork();
    if (child == 0)
    {
        *(volatile int *)8 = 1;
    }

    int status;
    MUST(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    store("parent", "goes on");
    must_hold("parent", "goes on");
}

static FILE *last;

static void write_last(void)
{
    fprintf(last, "at exit");
}

int main(int count, char **arguments)
{
    MUST(count == 3);
    snprintf(folder, sizeof folder, "%s", arguments[2]);
    setvbuf(stdout, NULL, _IONBF, 0);
    if (strcmp(arguments[1], "signals") == 0)
    {
        signals();
    }
    else if (strcmp(arguments[1], "threads") == 0)
    {
        threads();
    }
    else if (strcmp(arguments[1], "processes") == 0)
    {
        processes();
    }
    else
    {
        return 2;
    }

    char text[sizeof folder + 64];
    errno = EXDEV;
    MUST(access(path(text, "missing"), F_OK) == -1 && errno == ENOENT);
    last = fopen(path(text, "last"), "w");
    MUST(last);
    atexit(write_last);
    puts("good");
    return 9; // not 0: the exit code is handed on
}
