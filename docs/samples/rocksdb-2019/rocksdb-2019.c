/*
 * RocksDB with memory-mapped reads and writes under load from several threads, every value verified: the kind of program that hung on
 * fs-dax in 2019. It knows nothing of DAX.
 *
 *     gcc -O2 -Wall -Wextra -o rocksdb-2019 rocksdb-2019.c -lrocksdb -pthread
 *     ./rocksdb-2019 run DIRECTORY
 *
 * Writers put records in rounds over keys of their own, in an order that spreads over the key space, so that tables overlap and are
 * compacted. Readers get records at random and scan. A value names its key and its round and ends in a checksum: one that is lost, torn,
 * stale or another's is recognized. At the end the database is opened again, and every reader reads every record.
 *
 * With --log FILE each writer counts in that file, which should not lie on the volume, what was acknowledged. After the process was killed
 * `verify DIRECTORY --log FILE` opens the database and looks for all of it.
 *
 * The exit code is 0 if every value was right, 1 if not, 2 for wrong usage.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <rocksdb/c.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { MAX_THREADS = 64, MAX_VALUE = 1 << 20, KEY_LENGTH = 12, HEAD = 16, TAIL = 8, SCAN_LENGTH = 200, FILLER = 3 << 19 };

struct plan {
    const char *directory;
    const char *log;
    uint64_t writers, readers; /* threads */
    uint64_t keys;             /* of each writer */
    uint64_t rounds;           /* how often each key is written */
    uint64_t seconds;          /* ends the load early; 0: does not */
    uint64_t value;            /* bytes */
    uint64_t buffer;           /* memtable, bytes */
    uint64_t table;            /* a table file's size, bytes */
    uint64_t open_files;       /* tables that stay open: fewer than there are, and they are mapped again and again */
    uint64_t sync;             /* every put waits until it is durable */
    uint64_t aged;             /* the directory's file system has no free run of blocks of 2 MiB */
    uint64_t mmap_writes;      /* tables are written through memory, not by write(2) */
};

static struct plan plan = {
    .writers = 2, .readers = 6, .keys = 30000, .rounds = 2, .value = 1024, .buffer = 4 << 20, .table = 4 << 20, .open_files = 20, .mmap_writes = 1,
};

static rocksdb_t *database;
static rocksdb_options_t *options;
static rocksdb_readoptions_t *reads;
static rocksdb_writeoptions_t *writes;
static atomic_bool writers_are_done;
static atomic_uint_fast64_t wrong, gets, scanned;

/* How many puts of each writer were acknowledged. Shared with the log file, if there is one: a killed process leaves it as it is. */
static _Atomic uint64_t *acknowledged;

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "rocksdb-2019: %s: %s\n", what, why);
    exit(1);
}

static void check(const char *what, char *error)
{
    if (error != NULL) {
        fail(what, error);
    }
}

static void report_wrong(uint64_t writer, uint64_t key, const char *what)
{
    if (atomic_fetch_add(&wrong, 1) < 10) {
        fprintf(stderr, "writer %" PRIu64 ", key %" PRIu64 ": %s\n", writer, key, what);
    }
}

/* splitmix64 */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static uint64_t checksum(const char *bytes, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3u;
    }

    return hash;
}

/* Neighbours in time are far apart in the key space, and the writers lie between each other: a bijection of 64 bits, then big-endian. */
static void make_key(char *key, uint64_t writer, uint64_t number)
{
    uint64_t place = (number + 1) * 0x9e3779b97f4a7c15u;
    for (int i = 0; i < 8; i++) {
        key[i] = (char)(place >> (56 - 8 * i));
    }

    uint32_t owner = (uint32_t)writer;
    memcpy(key + 8, &owner, sizeof owner);
}

static void make_value(char *value, const char *key, uint64_t round)
{
    memcpy(value, key, KEY_LENGTH);
    uint32_t low = (uint32_t)round;
    memcpy(value + KEY_LENGTH, &low, sizeof low);
    uint64_t seed = checksum(value, HEAD);
    size_t at = HEAD;
    for (; at + 8 <= plan.value - TAIL; at += 8) {
        seed = mix(seed);
        memcpy(value + at, &seed, 8);
    }

    memset(value + at, (int)(seed & 0xff), plan.value - TAIL - at);
    uint64_t sum = checksum(value, plan.value - TAIL);
    memcpy(value + plan.value - TAIL, &sum, TAIL);
}

/* The round of a value, or what is wrong with it. */
static const char *read_value(const char *key, const char *value, size_t length, uint64_t *round)
{
    uint64_t sum;
    if (length < HEAD + TAIL) {
        return "its value is cut";
    }

    memcpy(&sum, value + length - TAIL, TAIL);
    if (sum != checksum(value, length - TAIL)) {
        return "its value has a wrong checksum";
    }

    uint32_t low;
    memcpy(&low, value + KEY_LENGTH, sizeof low);
    *round = low;
    return memcmp(key, value, KEY_LENGTH) == 0 ? NULL : "it has the value of another key";
}

/* Looks at one record: it must be there if at least `least` rounds were acknowledged before, and have a round from there on. */
static void verify_one(uint64_t writer, uint64_t number, uint64_t least)
{
    char key[KEY_LENGTH];
    make_key(key, writer, number);
    char *error = NULL;
    rocksdb_pinnableslice_t *slice = rocksdb_get_pinned(database, reads, key, KEY_LENGTH, &error);
    check("get", error);
    atomic_fetch_add(&gets, 1);
    if (slice == NULL) {
        if (least > 0) {
            report_wrong(writer, number, "it is missing");
        }

        return;
    }

    size_t length;
    const char *value = rocksdb_pinnableslice_value(slice, &length);
    uint64_t round = 0;
    const char *problem = read_value(key, value, length, &round);
    if (problem == NULL && round + 1 < least) {
        problem = "its value is older than one that was acknowledged";
    }

    if (problem != NULL) {
        report_wrong(writer, number, problem);
    }

    rocksdb_pinnableslice_destroy(slice);
}

/* How often a key was certainly written when its writer had `count` puts acknowledged. */
static uint64_t rounds_of(uint64_t count, uint64_t number) { return count / plan.keys + (number < count % plan.keys); }

static void *write_all(void *argument)
{
    uint64_t writer = (uint64_t)(uintptr_t)argument;
    char key[KEY_LENGTH];
    char *value = malloc(plan.value);
    time_t end = time(NULL) + (time_t)plan.seconds;
    for (uint64_t i = 0; i < plan.keys * plan.rounds && (plan.seconds == 0 || time(NULL) < end); i++) {
        make_key(key, writer, i % plan.keys);
        make_value(value, key, i / plan.keys);
        char *error = NULL;
        rocksdb_put(database, writes, key, KEY_LENGTH, value, plan.value, &error);
        check("put", error);
        atomic_store(&acknowledged[writer], i + 1);
    }

    free(value);
    return NULL;
}

static void scan(const char *from, uint64_t most)
{
    rocksdb_iterator_t *iterator = rocksdb_create_iterator(database, reads);
    rocksdb_iter_seek(iterator, from, KEY_LENGTH);
    for (uint64_t i = 0; i < most && rocksdb_iter_valid(iterator); i++, rocksdb_iter_next(iterator)) {
        size_t key_length, length;
        const char *key = rocksdb_iter_key(iterator, &key_length);
        const char *value = rocksdb_iter_value(iterator, &length);
        uint64_t round;
        const char *problem = key_length == KEY_LENGTH ? read_value(key, value, length, &round) : "its key is cut";
        if (problem != NULL) {
            report_wrong(0, atomic_load(&scanned), problem);
        }

        atomic_fetch_add(&scanned, 1);
    }

    char *error = NULL;
    rocksdb_iter_get_error(iterator, &error);
    check("scan", error);
    rocksdb_iter_destroy(iterator);
}

static void *read_until_done(void *argument)
{
    uint64_t random = mix((uint64_t)(uintptr_t)argument);
    while (!atomic_load(&writers_are_done)) {
        random = mix(random);
        uint64_t writer = random % plan.writers;
        uint64_t number = (random >> 8) % plan.keys;
        if (random >> 58 == 0) {
            char key[KEY_LENGTH];
            make_key(key, writer, number);
            scan(key, SCAN_LENGTH);
        } else {
            verify_one(writer, number, rounds_of(atomic_load(&acknowledged[writer]), number));
        }
    }

    return NULL;
}

static void start(pthread_t *thread, void *(*body)(void *), uint64_t number)
{
    int error = pthread_create(thread, NULL, body, (void *)(uintptr_t)number);
    if (error != 0) {
        fail("a thread", strerror(error));
    }
}

/* Neighbouring numbers are far apart, so this reads at random; all readers do in the same order. */
static void *verify_keys(void *unused)
{
    (void)unused;
    for (uint64_t i = 0; i < plan.writers * plan.keys; i++) {
        uint64_t writer = i % plan.writers, number = i / plan.writers;
        verify_one(writer, number, rounds_of(atomic_load(&acknowledged[writer]), number));
    }

    return NULL;
}

/* Every key by every reader, as programs read that have just begun; then all in order. */
static void verify_all(void)
{
    pthread_t threads[MAX_THREADS];
    atomic_store(&gets, 0);
    for (uint64_t i = 0; i < plan.readers; i++) {
        start(&threads[i], verify_keys, i);
    }

    for (uint64_t i = 0; i < plan.readers; i++) {
        pthread_join(threads[i], NULL);
    }

    static const char first[KEY_LENGTH];
    atomic_store(&scanned, 0);
    scan(first, UINT64_MAX);
    printf("verified: %" PRIu64 " gets, %" PRIu64 " records in order, %" PRIu64 " wrong\n",
        (uint64_t)atomic_load(&gets), (uint64_t)atomic_load(&scanned), (uint64_t)atomic_load(&wrong));
}

/*
 * As a file system that was long in use: fills it with files of less than 2 MiB, and removes every second one. What is written then lies in
 * pieces that no 2 MiB page can map, as it did in 2019.
 */
static void age(void)
{
    char path[4096];
    int count = 0;
    for (bool is_full = false; !is_full; count++) {
        snprintf(path, sizeof path, "%s-%d", plan.directory, count);
        int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        is_full = file < 0 || fallocate(file, 0, 0, FILLER) != 0;
        if (is_full && errno != ENOSPC) {
            fail(path, strerror(errno));
        }

        close(file);
    }

    for (int i = 0; i < count; i += 2) {
        snprintf(path, sizeof path, "%s-%d", plan.directory, i);
        unlink(path);
    }
}

static void make_options(void)
{
    options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_options_set_allow_mmap_reads(options, 1);
    rocksdb_options_set_allow_mmap_writes(options, plan.mmap_writes != 0);
    rocksdb_options_set_compression(options, rocksdb_no_compression); /* so blocks are read where they lie */
    rocksdb_options_set_write_buffer_size(options, plan.buffer);
    rocksdb_options_set_target_file_size_base(options, plan.table);
    rocksdb_options_set_max_bytes_for_level_base(options, 4 * plan.table);
    rocksdb_options_set_max_open_files(options, (int)plan.open_files);
    rocksdb_options_set_table_cache_numshardbits(options, 0); /* exactly so many stay open */
    rocksdb_options_increase_parallelism(options, 4);
    reads = rocksdb_readoptions_create();
    writes = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(writes, plan.sync != 0);
}

static void open_database(void)
{
    char *error = NULL;
    database = rocksdb_open(options, plan.directory, &error);
    check(plan.directory, error);
}

static void open_log(void)
{
    size_t length = MAX_THREADS * sizeof *acknowledged;
    int file = -1;
    if (plan.log != NULL && ((file = open(plan.log, O_RDWR | O_CREAT, 0600)) < 0 || ftruncate(file, (off_t)length) != 0)) {
        fail(plan.log, strerror(errno));
    }

    acknowledged = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | (file < 0 ? MAP_ANONYMOUS : 0), file, 0);
    if (acknowledged == MAP_FAILED) {
        fail("the log", strerror(errno));
    }
}

static void load(void)
{
    pthread_t threads[2 * MAX_THREADS];
    uint64_t puts = 0;
    for (uint64_t i = 0; i < plan.writers; i++) {
        start(&threads[i], write_all, i);
    }

    for (uint64_t i = 0; i < plan.readers; i++) {
        start(&threads[plan.writers + i], read_until_done, plan.writers + i);
    }

    for (uint64_t i = 0; i < plan.writers + plan.readers; i++) {
        if (i == plan.writers) {
            atomic_store(&writers_are_done, true);
        }

        pthread_join(threads[i], NULL);
    }

    for (uint64_t i = 0; i < plan.writers; i++) {
        puts += atomic_load(&acknowledged[i]);
    }

    printf("load: %" PRIu64 " puts, %" PRIu64 " gets, %" PRIu64 " records scanned, %" PRIu64 " wrong\n",
        puts, (uint64_t)atomic_load(&gets), (uint64_t)atomic_load(&scanned), (uint64_t)atomic_load(&wrong));
    fflush(stdout);
}

static void usage(const char *problem, const char *text)
{
    fprintf(stderr,
        "rocksdb-2019: %s '%s'.\n"
        "usage: rocksdb-2019 run|verify DIRECTORY [--writers N] [--readers N] [--keys N] [--rounds N] [--seconds N]\n"
        "           [--value BYTES] [--buffer BYTES] [--table BYTES] [--open-files N] [--sync 0|1] [--mmap-writes 0|1]\n"
        "           [--aged 0|1] [--log FILE]\n"
        "verify takes the --writers and --keys of the run that it looks at.\n",
        problem, text);
    exit(2);
}

static uint64_t number(const char *name, const char *text, uint64_t least, uint64_t most)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || value < least || value > most) {
        fprintf(stderr, "rocksdb-2019: %s is '%s'. Give a number from %" PRIu64 " to %" PRIu64 ".\n", name, text, least, most);
        exit(2);
    }

    return value;
}

static void read_options(int count, char **arguments)
{
    const struct { const char *name; uint64_t *value, least, most; } all[] = {
        { "--writers", &plan.writers, 1, MAX_THREADS }, { "--readers", &plan.readers, 1, MAX_THREADS },
        { "--keys", &plan.keys, 1, 1u << 30 },          { "--rounds", &plan.rounds, 1, 1u << 30 },
        { "--seconds", &plan.seconds, 0, 1u << 20 },    { "--value", &plan.value, HEAD + TAIL, MAX_VALUE },
        { "--buffer", &plan.buffer, 1 << 16, 1u << 30 }, { "--table", &plan.table, 1 << 16, 1u << 30 },
        { "--open-files", &plan.open_files, 20, 1 << 20 }, { "--sync", &plan.sync, 0, 1 },
        { "--mmap-writes", &plan.mmap_writes, 0, 1 },    { "--aged", &plan.aged, 0, 1 },
    };
    for (int i = 0; i < count; i += 2) {
        const char *name = arguments[i];
        if (i + 1 == count) {
            usage("no value is given to", name);
        }

        const char *text = arguments[i + 1];
        size_t at = 0;
        while (at < sizeof all / sizeof *all && strcmp(all[at].name, name) != 0) {
            at++;
        }

        if (at < sizeof all / sizeof *all) {
            *all[at].value = number(name, text, all[at].least, all[at].most);
        } else if (strcmp(name, "--log") == 0) {
            plan.log = text;
        } else {
            usage("there is no option", name);
        }
    }
}

int main(int count, char **arguments)
{
    if (count < 3) {
        usage("too few arguments after", arguments[count - 1]);
    }

    bool loads = strcmp(arguments[1], "run") == 0;
    if (!loads && strcmp(arguments[1], "verify") != 0) {
        usage("there is no verb", arguments[1]);
    }

    plan.directory = arguments[2];
    read_options(count - 3, arguments + 3);
    if (loads && plan.aged) {
        age();
    }

    make_options();
    open_log();
    open_database();
    if (loads) {
        memset((void *)acknowledged, 0, MAX_THREADS * sizeof *acknowledged);
        load();
        rocksdb_close(database);
        open_database();
    }

    verify_all();
    rocksdb_close(database);
    rocksdb_writeoptions_destroy(writes);
    rocksdb_readoptions_destroy(reads);
    rocksdb_options_destroy(options);
    return atomic_load(&wrong) == 0 ? 0 : 1;
}
