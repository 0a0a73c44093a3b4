// Two threads, two mappings of one file: one faults a page of 4 KiB in and has its entry locked for as long as the emulator is told to hold
// it; the other meets that entry with a fault of 2 MiB. In 2019 the second one was never woken.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, HUGE = 2 << 20, SMALL_PAGE = 7, LARGE_PAGE = 5 };

static int file;

static void *small(void *unused)
{
    (void)unused;
    char *pages = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, SMALL_PAGE * PAGE);
    pages[0] = 's';
    return pages;
}

int main(int count, char **arguments)
{
    if (count != 2 || (file = open(arguments[1], O_CREAT | O_RDWR, 0600)) < 0 || ftruncate(file, 2 * HUGE) != 0)
    {
        perror("crossing");
        return 2;
    }

    char *whole = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    pthread_t other;
    void *pages;
    pthread_create(&other, NULL, small, NULL);
    struct timespec soon = {0, 60000000};
    nanosleep(&soon, NULL);
    whole[LARGE_PAGE * PAGE] = 'l';
    pthread_join(other, &pages);
    puts(whole[LARGE_PAGE * PAGE] == 'l' && whole[SMALL_PAGE * PAGE] == 's' ? "both" : "lost");
    return 0;
}
