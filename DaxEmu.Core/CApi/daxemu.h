/*
 * daxemu.h - Linux filesystem-DAX in user space: devices, volumes, files, and mappings that any load or store may use.
 *
 * Results. A function returns 0, or a count, or the number of an error, negative (-ENOENT: see <errno.h>).
 * daxemu_error_message() says in words what was wrong with which value, and what would do. A result that is a handle or
 * an address is stored by a pointer, and only if the function succeeds.
 *
 * Handles. A handle is opaque, and no address. One that was closed, or that is of another kind, gives -EBADF.
 * Ownership: close what you have opened, the last first. A file that is mapped stays open until it is unmapped; a volume
 * is not unmounted while files of it are open or mapped, a device not closed while its volume is mounted (-EBUSY).
 *
 * Threads. Any number of threads may call any function at any time, also with one handle. A thread may be killed by
 * nothing but the process's end: no function is a cancellation point that cleans up.
 *
 * Memory. A buffer that is given to a function may lie in a mapping of daxemu_mmap(): the function faults it in itself.
 * System calls do not: read(fd, address, n) with an address in such a mapping whose page is not mapped fails with
 * EFAULT. Use daxemu_madvise(DAXEMU_MADV_POPULATE_WRITE) and a pin, or a buffer elsewhere.
 *
 * Signals. The first daxemu_mmap() sets handlers of SIGSEGV and SIGBUS; what is not a fault of a mapping goes on to the
 * handlers that were there. A handler that is set later must pass foreign faults on in the same way. A page that cannot
 * be reached gives SIGBUS with the kernel's codes: BUS_ADRERR past the end of the file and where no block is left,
 * BUS_MCEERR_AR where the memory is lost.
 *
 * Fork. A child of fork() may use nothing of the library, only call exec: its functions return -ECHILD.
 *
 * Structs begin with struct_size: set it to sizeof of the struct. So a program that was compiled with an older header
 * works with a newer library, and the other way round as long as it asks for nothing new (-E2BIG).
 *
 * Text. Strings are UTF-8. Functions that give text work as snprintf: they return the length of the whole text without
 * its NUL, and store as much as fits, always with a NUL. (NULL, 0) asks for the length.
 *
 * docs/native-library.md has a first program and how to build it.
 */
#ifndef DAXEMU_H
#define DAXEMU_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header: major * 65536 + minor. */
#define DAXEMU_API_VERSION 0x10000

typedef struct daxemu_device daxemu_device;
typedef struct daxemu_volume daxemu_volume;
typedef struct daxemu_report daxemu_report;
typedef struct daxemu_directory daxemu_directory;
typedef struct daxemu_file daxemu_file;
typedef struct daxemu_pin daxemu_pin;

/* The version of the library. Its major version must be that of DAXEMU_API_VERSION, its minor one at least as high. */
int daxemu_version(void);

/* The message of the last error of this thread; "" before the first. It is good until the thread's next error. */
const char *daxemu_error_message(void);


/* ---- Devices: a file or block device as persistent memory ---- */

/* Flags of daxemu_device_options. */
#define DAXEMU_DEVICE_SPARSE 1u      /* a new file gets its blocks where they are used first; a full file system is a SIGBUS then */
#define DAXEMU_DEVICE_KEEP_PATH 2u   /* a temporary device keeps its path until it is closed */
#define DAXEMU_DEVICE_SMALL_PAGES 4u /* do not ask the kernel for 2 MiB pages */

/* How stores are moved from the caches to the device. */
#define DAXEMU_FLUSH_AUTOMATIC 0 /* as the place demands it */
#define DAXEMU_FLUSH_CLWB 1
#define DAXEMU_FLUSH_CLFLUSHOPT 2
#define DAXEMU_FLUSH_CLFLUSH 3
#define DAXEMU_FLUSH_MSYNC 4
#define DAXEMU_FLUSH_NONE 5 /* the caches belong to the persistence domain */

typedef struct daxemu_device_options {
    uint32_t struct_size;
    uint32_t flags;    /* DAXEMU_DEVICE_ */
    int32_t flush;     /* DAXEMU_FLUSH_ */
    uint32_t reserved; /* 0 */
} daxemu_device_options;

/* Flags of daxemu_device_info. */
#define DAXEMU_DEVICE_IS_BLOCK 1u       /* a block device, not a file */
#define DAXEMU_DEVICE_HAS_MAP_SYNC 2u   /* the kernel granted MAP_SYNC */
#define DAXEMU_DEVICE_HAS_HUGE_PAGES 4u /* the kernel may map 2 MiB at once */
#define DAXEMU_DEVICE_IS_MOUNTED 8u     /* a volume of it is mounted */

/* From where on a store survives a loss of power. */
#define DAXEMU_DOMAIN_NONE 0
#define DAXEMU_DOMAIN_BYTE 1
#define DAXEMU_DOMAIN_CACHE_LINE 2
#define DAXEMU_DOMAIN_PAGE 3

typedef struct daxemu_device_info {
    uint32_t struct_size;
    uint32_t flags; /* DAXEMU_DEVICE_IS_, _HAS_ */
    int64_t size_bytes;
    int32_t flush;              /* the one in use; not DAXEMU_FLUSH_AUTOMATIC */
    int32_t persistence_domain; /* DAXEMU_DOMAIN_ */
    int64_t poisoned_pages;
    char file_system[32]; /* the kind around the file, in small letters */
} daxemu_device_info;

/* Opens a file or block device of a multiple of 2 MiB. One opener at a time, in all processes (-EAGAIN). options: NULL for the defaults. */
int daxemu_device_open(const char *path, const daxemu_device_options *options, daxemu_device **device);

/* Makes a new file of a multiple of 2 MiB, and opens it (-EEXIST, -ENOSPC). */
int daxemu_device_create(const char *path, int64_t size, const daxemu_device_options *options, daxemu_device **device);

/* Makes a device on a file of its own, on tmpfs where there is one, that goes when it is closed. */
int daxemu_device_create_temporary(int64_t size, const daxemu_device_options *options, daxemu_device **device);

/* Closes a device without a mounted volume (-EBUSY). */
int daxemu_device_close(daxemu_device *device);

int daxemu_device_get_info(daxemu_device *device, daxemu_device_info *info);

/* The facts about a path, without opening a device on it. */
int daxemu_device_probe(const char *path, daxemu_device_info *info);

/* Its path, or what messages call it. */
int64_t daxemu_device_name(daxemu_device *device, char *buffer, size_t size);

/* Flush starts moving stores, drain waits until they have arrived, persist is both (libpmem2), by offsets on the device. */
int daxemu_device_flush(daxemu_device *device, int64_t offset, int64_t length);
int daxemu_device_drain(daxemu_device *device);
int daxemu_device_persist(daxemu_device *device, int64_t offset, int64_t length);


/* ---- Volumes: the files of a device ---- */

/* Flags of daxemu_mount_options. */
#define DAXEMU_MOUNT_READ_ONLY 1u
#define DAXEMU_MOUNT_SCRATCH 2u /* files in memory only: what the device holds is overwritten, no format is needed */

typedef struct daxemu_mount_options {
    uint32_t struct_size;
    uint32_t flags;             /* DAXEMU_MOUNT_ */
    const char *profile;        /* of the entry locks, by name (daxemu_profile_name); NULL for "fixed" */
    const char *kernel;         /* "linux-6.1", "linux-6.12"; NULL for the newer */
    const char *file_system;    /* "xfs", "ext4"; NULL for "xfs" */
    int64_t maximum_file_bytes; /* the largest file; 0 for 1 TiB */
    int64_t pin_timeout_ms;     /* how long a change of layout waits for pins: 0 for ever, less not at all (-EBUSY) */
    int64_t fault_around_bytes; /* what a fault may map along; 0 for none, as the kernel */
    int64_t fault_hold_ns;      /* how much longer a fault that looks blocks up keeps its entry locked; 0 for no longer */
    const char *planted_fault;  /* a historic bug, by name, for tests that must find it; NULL for none */
} daxemu_mount_options;

/* Flags of daxemu_volume_info. */
#define DAXEMU_VOLUME_IS_READ_ONLY 1u
#define DAXEMU_VOLUME_IS_SCRATCH 2u

typedef struct daxemu_volume_info {
    uint32_t struct_size;
    uint32_t flags; /* DAXEMU_VOLUME_ */
    int64_t size_bytes;
    int64_t free_bytes;
    int64_t open_files; /* by a handle or a mapping */
    int64_t mappings;
    char id[40];
    char label[72];
} daxemu_volume_info;

typedef struct daxemu_report_info {
    uint32_t struct_size;
    int32_t refusal; /* why a mount would refuse it: 0 it would not, 1 no volume, 2 too new, 3 device cut, 4 damaged */
    int64_t problems;
    int64_t repairs;
    int64_t size_bytes;
    int64_t free_bytes;
    int64_t files;
    int64_t directories;
    int64_t extents;
    int64_t metadata_bytes;
} daxemu_report_info;

/* Makes an empty volume; what the device held is gone. label: at most 64 bytes, NULL for none. */
int daxemu_volume_format(daxemu_device *device, const char *label);

/* Mounts the volume of a device: -ENODEV if there is none, -EUCLEAN if it is damaged. options: NULL for the defaults. */
int daxemu_volume_mount(daxemu_device *device, const daxemu_mount_options *options, daxemu_volume **volume);

/* Makes everything durable and unmounts; no file may be open or mapped (-EBUSY). */
int daxemu_volume_unmount(daxemu_volume *volume);

/* Makes everything durable that was written to open files, or stored through mappings (syncfs). */
int daxemu_volume_sync(daxemu_volume *volume);

/* Makes the volume as large as its device is by now; returns the bytes that it has become larger. */
int64_t daxemu_volume_grow(daxemu_volume *volume);

int daxemu_volume_get_info(daxemu_volume *volume, daxemu_volume_info *info);

/* Looks for everything that is wrong. The volume may be mounted. */
int daxemu_volume_check(daxemu_device *device, daxemu_report **report);

/* Makes a damaged volume mountable again; a sound one is not changed. */
int daxemu_volume_repair(daxemu_device *device, daxemu_report **report);

int daxemu_report_get_info(daxemu_report *report, daxemu_report_info *info);

/* A problem, or what a repair did, as text; number counts from 0. */
int64_t daxemu_report_problem(daxemu_report *report, int64_t number, char *buffer, size_t size);
int64_t daxemu_report_repair(daxemu_report *report, int64_t number, char *buffer, size_t size);
int daxemu_report_free(daxemu_report *report);


/* ---- Names. A change of names is durable when the call returns ---- */

/* Flags of daxemu_file_open; the values are those of <fcntl.h> on x86-64 Linux. */
#define DAXEMU_RDONLY 0
#define DAXEMU_RDWR 2
#define DAXEMU_CREAT 0x40
#define DAXEMU_EXCL 0x80
#define DAXEMU_TRUNC 0x200
#define DAXEMU_TMPFILE 0x410000 /* without a name: path is not looked at but must not be NULL; with DAXEMU_RDWR */

typedef struct daxemu_entry {
    uint32_t struct_size;
    uint32_t is_directory;
    int64_t inode;
    int64_t size_bytes;
    int64_t allocated_bytes;
    int32_t mode; /* permission bits: kept, not enforced */
    int32_t link_count;
    int64_t created_ns; /* since 1970, UTC */
    int64_t modified_ns;
    int64_t changed_ns;
    char name[256]; /* the last part of the path */
} daxemu_entry;

/* Opens a file, or another time one that is open. */
int daxemu_file_open(daxemu_volume *volume, const char *path, int flags, daxemu_file **file);
int daxemu_unlink(daxemu_volume *volume, const char *path);
int daxemu_rename(daxemu_volume *volume, const char *path, const char *new_path);
int daxemu_link(daxemu_volume *volume, const char *path, const char *new_path);
int daxemu_mkdir(daxemu_volume *volume, const char *path);
int daxemu_rmdir(daxemu_volume *volume, const char *path);
int daxemu_chmod(daxemu_volume *volume, const char *path, int mode);
int daxemu_set_modified(daxemu_volume *volume, const char *path, int64_t nanoseconds);
int daxemu_stat(daxemu_volume *volume, const char *path, daxemu_entry *entry);

/* What a directory held when it was opened, by name. read returns 1 with an entry, 0 at the end. */
int daxemu_directory_open(daxemu_volume *volume, const char *path, daxemu_directory **directory);
int daxemu_directory_read(daxemu_directory *directory, daxemu_entry *entry);
int daxemu_directory_close(daxemu_directory *directory);


/* ---- Files ---- */

/* Closes a handle. With the last handle and mapping the file is made durable; one without a name goes. */
int daxemu_file_close(daxemu_file *file);

/* pread and pwrite: they return the bytes moved, fewer at the end of the file or before a byte that fails. */
int64_t daxemu_file_read(daxemu_file *file, void *buffer, size_t size, int64_t offset);
int64_t daxemu_file_write(daxemu_file *file, const void *buffer, size_t size, int64_t offset);
int64_t daxemu_file_size(daxemu_file *file);
int daxemu_file_truncate(daxemu_file *file, int64_t size);

/* fsync: what was written, and what was stored through mappings, is durable afterwards. */
int daxemu_file_sync(daxemu_file *file);

/* Modes of daxemu_file_allocate, with the values of FALLOC_FL_. */
#define DAXEMU_ALLOCATE 0
#define DAXEMU_ALLOCATE_KEEP_SIZE 0x01
#define DAXEMU_PUNCH_HOLE 0x03 /* FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE */
#define DAXEMU_COLLAPSE_RANGE 0x08
#define DAXEMU_ZERO_RANGE 0x10
#define DAXEMU_INSERT_RANGE 0x20
#define DAXEMU_UNSHARE_RANGE 0x40

/* fallocate. */
int daxemu_file_allocate(daxemu_file *file, int mode, int64_t offset, int64_t length);

/* FICLONE, FICLONERANGE: the target shows the source's blocks until one of them is written. */
int daxemu_file_clone(daxemu_file *source, daxemu_file *target);
int daxemu_file_clone_range(daxemu_file *source, int64_t offset, int64_t length, daxemu_file *target, int64_t target_offset);

/* How many bytes are alike, from the start on. */
int64_t daxemu_file_compare(daxemu_file *file, int64_t offset, daxemu_file *other, int64_t other_offset, int64_t length);

/* FIDEDUPERANGE: 1 if the bytes were alike and the blocks are shared now, 0 if they were not. */
int daxemu_file_deduplicate(daxemu_file *source, int64_t offset, int64_t length, daxemu_file *target, int64_t target_offset);

/* copy_file_range: returns the bytes copied. */
int64_t daxemu_file_copy_range(daxemu_file *source, int64_t offset, daxemu_file *target, int64_t target_offset, size_t length);

/* Kinds of extents. */
#define DAXEMU_EXTENT_UNWRITTEN 1
#define DAXEMU_EXTENT_MAPPED 2

/* Flags of extents. */
#define DAXEMU_EXTENT_IS_SHARED 1u

typedef struct daxemu_extent {
    int64_t offset_bytes;
    int64_t length_bytes;
    int64_t device_offset_bytes;
    int32_t kind;   /* DAXEMU_EXTENT_ */
    uint32_t flags; /* DAXEMU_EXTENT_IS_ */
} daxemu_extent;

/* Stores as many extents as the array holds, in the order of the file; returns how many there are. What none covers is a hole. */
int64_t daxemu_file_list_extents(daxemu_file *file, daxemu_extent *extents, size_t capacity);

/* The path by which it was opened or renamed last; "" if it has none (any more). */
int64_t daxemu_file_name(daxemu_file *file, char *buffer, size_t size);


/* ---- Mappings: memory that any load or store may use ---- */

/* Rights, with the values of PROT_. */
#define DAXEMU_PROT_NONE 0
#define DAXEMU_PROT_READ 1
#define DAXEMU_PROT_WRITE 2

/* Flags, with the values of MAP_ on x86-64 Linux. */
#define DAXEMU_MAP_SHARED 0x01
#define DAXEMU_MAP_PRIVATE 0x02
#define DAXEMU_MAP_FIXED 0x10 /* what is mapped at the address is replaced */
#define DAXEMU_MAP_POPULATE 0x8000
#define DAXEMU_MAP_SYNC 0x80000 /* with DAXEMU_MAP_SHARED: a page can be stored to once its blocks are durable */
#define DAXEMU_MAP_FIXED_NOREPLACE 0x100000
#define DAXEMU_MAP_SMALL_PAGES 0x10000000 /* no 2 MiB translations (MADV_NOHUGEPAGE) */

/*
 * Maps a part of a file. *address is where: NULL for anywhere, else a hint, or the place (DAXEMU_MAP_FIXED). offset and
 * *address are multiples of 4096; length is rounded up to pages. The file may be closed afterwards.
 */
int daxemu_mmap(daxemu_file *file, int64_t offset, size_t length, int prot, int flags, void **address);

/*
 * Unmaps what is mapped in a range, whole pages of it. A file that it was the last use of is closed: an error other than
 * -EINVAL says that all is unmapped, but that the file could not be written back.
 */
int daxemu_munmap(void *address, size_t length);
int daxemu_mprotect(void *address, size_t length, int prot);

/* Makes what was stored through a shared mapping durable, with the blocks and the size. */
int daxemu_msync(void *address, size_t length);

/* What is given to daxemu_madvise, with the values of MADV_. */
#define DAXEMU_MADV_DONTNEED 4
#define DAXEMU_MADV_POPULATE_READ 22
#define DAXEMU_MADV_POPULATE_WRITE 23

int daxemu_madvise(void *address, size_t length, int advice);

/* Flags of daxemu_mapping_info. */
#define DAXEMU_MAPPING_IS_SHARED 1u
#define DAXEMU_MAPPING_IS_SYNC 2u

typedef struct daxemu_mapping_info {
    uint32_t struct_size;
    uint32_t flags; /* DAXEMU_MAPPING_ */
    void *address;  /* where the mapping began when it was made */
    int64_t length_bytes;
    int64_t file_offset_bytes;
} daxemu_mapping_info;

/* The mapping around an address; -EFAULT if there is none. */
int daxemu_mapping_get_info(const void *address, daxemu_mapping_info *info);

/* libpmem2's flush, drain and persist, by addresses. Durable if the blocks are: after a sync of the file, or with DAXEMU_MAP_SYNC. */
int daxemu_flush(const void *address, size_t length);
int daxemu_drain(void);
int daxemu_persist(const void *address, size_t length);

/*
 * Copies from and to a mapping that give an error where a load or store would get a signal: -ENXIO past the end of the
 * file, -ENOSPC, -EIO where memory is lost, -EACCES without the right, -EFAULT where nothing is mapped. They return the
 * bytes copied before that, or the error of the first byte.
 */
int64_t daxemu_copy_from(void *buffer, const void *address, size_t length);
int64_t daxemu_copy_to(void *address, const void *buffer, size_t length);


/* ---- Pins: pages that stay the file's, as for DMA ---- */

typedef struct daxemu_piece {
    void *address; /* in the device's own memory: it stays until the pin is dropped, whatever is unmapped or truncated */
    int64_t length_bytes;
} daxemu_piece;

/* Pins the pages behind a range. A change of layout that would take them from the file waits (pin_timeout_ms). */
int daxemu_pin_range(void *address, size_t length, int for_writing, daxemu_pin **pin);

/* The pinned bytes, in the order of the file, in as many pieces as they lie in memory; returns how many pieces there are. */
int64_t daxemu_pin_list_pieces(daxemu_pin *pin, daxemu_piece *pieces, size_t capacity);

/* Makes what was stored durable, if the pin is for writing, and unpins. */
int daxemu_unpin(daxemu_pin *pin);


/* ---- Lost memory ---- */

/* Pretends that a page of the device, or the one behind a byte of a file (-ENXIO if there is none), is lost. */
int daxemu_volume_poison(daxemu_volume *volume, int64_t page);
int daxemu_file_poison(daxemu_file *file, int64_t offset);

/* The lost pages of a device, as for extents; and marks that are taken away, as a repair by the driver does. Returns how many. */
int64_t daxemu_device_list_poison(daxemu_device *device, int64_t *pages, size_t capacity);
int64_t daxemu_device_clear_poison(daxemu_device *device, int64_t first_page, int64_t page_count);


/* ---- What can be observed ---- */

/* The profiles of the entry locks: those of the versions of Linux, and the policies of 2019. number counts from 0. */
int64_t daxemu_profile_count(void);
int64_t daxemu_profile_name(int64_t number, char *buffer, size_t size);
int64_t daxemu_profile_description(int64_t number, char *buffer, size_t size);

/* Writes the events of a volume's files to a file, in the kernel's trace text, until stop or unmount. */
int daxemu_trace_start(daxemu_volume *volume, const char *path);
int daxemu_trace_stop(daxemu_volume *volume);

/* Since the library was loaded. Times in nanoseconds. */
typedef struct daxemu_counters {
    uint32_t struct_size;
    uint32_t reserved;
    int64_t pte_faults; /* served by a 4 KiB page */
    int64_t pmd_faults; /* served by 2 MiB */
    int64_t major_faults;
    int64_t fault_errors; /* signals that were left to the program */
    int64_t evictions;
    int64_t fallbacks[16]; /* 2 MiB faults that became 4 KiB ones, by reason (daxemu_fallback_name) */
    int64_t waits;         /* threads that met a locked entry */
    int64_t waited_ns;
    int64_t sleeps;
    int64_t spurious_wake_ups;
    int64_t repeated_sleeps;
    int64_t conflicts;
    int64_t fault_p50_ns; /* of the time in the handler */
    int64_t fault_p90_ns;
    int64_t fault_p99_ns;
    int64_t fault_p999_ns;
    int64_t fault_maximum_ns;
} daxemu_counters;

int daxemu_get_counters(daxemu_counters *counters);

/* The name of a place in fallbacks; -EINVAL past the last. */
int64_t daxemu_fallback_name(int64_t number, char *buffer, size_t size);

/* Every thread that waits in the library, with keys, holders and the last wake-up: for a watchdog. */
int64_t daxemu_wait_graph(char *buffer, size_t size);

/* What a fault gives that cannot be served. */
#define DAXEMU_FAULT_SIGNAL 0   /* the signal that the kernel would send */
#define DAXEMU_FAULT_NULL 1     /* SIGSEGV with an address in the first page: the handler of a managed runtime makes an exception of it */

/* For the whole process; returns what held before. */
int daxemu_set_fault_policy(int policy);

#ifdef __cplusplus
}
#endif

#endif
