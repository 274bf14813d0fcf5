/* Preloaded into the shells of the trace sandbox.
 *
 * A shell that wants to run an external command calls execve(2) in its child. This library answers in the child
 * itself: it asks the oracle (driver.py, over a Unix socket) what the command shall do, writes the answer's output and
 * exits with the answer's status. So nothing but the shells is ever executed, no stub executables are needed, and a
 * "command" costs one fork and one socket exchange. Only the few file commands that really act (mkdir, rm, ...) become
 * a busybox applet, run with this library too, which then forces their exit status to 0 (the oracle said "success").
 *
 * The code runs in children made by vfork(2): it uses static buffers and system calls only, and leaves by _exit(2).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define HOME "/.trace"
#define STUB_DIRECTORY "/.stub/"
#define ACTING "TRACE_SANDBOX_ACTING=1"
#define MESSAGE_LIMIT (1 << 20)
#define STDIN_LIMIT (1 << 18)
#define ARGUMENT_LIMIT 8192
#define BROKEN 125 /* exit status of a stub whose oracle cannot be reached */

static int (*real_execve)(const char *, char *const[], char *const[]);
static int (*real_chdir)(const char *);
static int (*real_stat)(const char *, struct stat *);
static int (*real_access)(const char *, int);
static int (*real_eaccess)(const char *, int);
static int (*real_faccessat)(int, const char *, int, int);
static int (*real_open)(const char *, int, ...);
static FILE *(*real_fopen)(const char *, const char *);
static int acting;

static char message[MESSAGE_LIMIT];
static size_t used;
static int overflow;
static char input[STDIN_LIMIT];
static size_t input_size;
static char reply[STDIN_LIMIT];
static char *applet_argv[ARGUMENT_LIMIT + 16];
static char *applet_envp[ARGUMENT_LIMIT + 2];

static void limit(int resource, rlim_t value) {
    struct rlimit both = {value, value};
    setrlimit(resource, &both);
}

__attribute__((constructor)) static void start(void) {
    static const struct rlimit processor = {1, 2};
    real_execve = dlsym(RTLD_NEXT, "execve");
    real_chdir = dlsym(RTLD_NEXT, "chdir");
    real_stat = dlsym(RTLD_NEXT, "stat");
    real_access = dlsym(RTLD_NEXT, "access");
    real_eaccess = dlsym(RTLD_NEXT, "eaccess");
    real_faccessat = dlsym(RTLD_NEXT, "faccessat");
    real_open = dlsym(RTLD_NEXT, "open");
    real_fopen = dlsym(RTLD_NEXT, "fopen");
    acting = getenv("TRACE_SANDBOX_ACTING") != NULL;
    setrlimit(RLIMIT_CPU, &processor); /* at the hard limit it would be SIGKILL that tells nobody why */
    limit(RLIMIT_FSIZE, 4 << 20);
    limit(RLIMIT_AS, (rlim_t)512 << 20);
    limit(RLIMIT_NPROC, 256);
    limit(RLIMIT_CORE, 0);
}

__attribute__((destructor)) static void finish(void) {
    if (acting) {
        fflush(NULL);
        _exit(0);
    }
}

static uint64_t fnv(uint64_t hash, const void *data, size_t size) {
    const unsigned char *byte = data;
    while (size--) hash = (hash ^ *byte++) * 1099511628211u;
    return hash;
}

static void add_bytes(const char *data, size_t size) {
    if (used + size > sizeof message) {
        overflow = 1;
        return;
    }
    memcpy(message + used, data, size);
    used += size;
}

static void add(const char *text) { add_bytes(text, strlen(text) + 1); }

static void add_number(uint64_t number) {
    char digits[24];
    char *at = digits + sizeof digits;
    *--at = 0;
    do *--at = (char)('0' + number % 10); while (number /= 10);
    add(at);
}

static void begin(const char *kind) {
    static char cwd[4096];
    used = sizeof(uint32_t);
    overflow = 0;
    add(kind);
    add(getcwd(cwd, sizeof cwd) ? cwd : "(gone)");
}

static int read_fully(int fd, char *to, size_t size) {
    while (size) {
        ssize_t got = read(fd, to, size);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return -1;
        to += got;
        size -= (size_t)got;
    }
    return 0;
}

/* Sends the message and receives the answer into `reply`; returns its length, or -1. */
static ssize_t ask(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = HOME "/sock"};
    uint32_t size;
    size_t sent = 0;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    if (overflow || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) goto fail;
    size = (uint32_t)(used - sizeof size);
    memcpy(message, &size, sizeof size);
    while (sent < used) {
        ssize_t n = send(fd, message + sent, used - sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) goto fail;
        sent += (size_t)n;
    }
    if (read_fully(fd, (char *)&size, sizeof size) < 0 || size > sizeof reply) goto fail;
    if (read_fully(fd, reply, size) < 0) goto fail;
    close(fd);
    return (ssize_t)size;
fail:
    close(fd);
    return -1;
}

static int granted(const char *kind, const char *path) {
    int saved = errno, answer;
    begin(kind);
    add(path);
    answer = ask() == 1 && reply[0] == 'y';
    errno = saved;
    return answer;
}

/* What a file descriptor leads to: "closed", "pipe", or the path. */
static void add_descriptor(int fd) {
    char link[32], target[4096];
    struct stat status;
    ssize_t size;
    if (fstat(fd, &status) < 0) {
        add("closed");
        return;
    }
    if (S_ISFIFO(status.st_mode)) {
        add("pipe");
        return;
    }
    strcpy(link, "/proc/self/fd/0");
    link[14] = (char)('0' + fd);
    size = readlink(link, target, sizeof target - 1);
    if (size < 0) {
        add(S_ISCHR(status.st_mode) ? "device" : S_ISREG(status.st_mode) ? "file" : "other");
        return;
    }
    target[size] = 0;
    add(target);
}

/* Reads a pipe to its end: whoever writes to it has then finished, which puts the parts of a pipeline in order. */
static void drain(int fd) {
    input_size = 0;
    while (input_size < sizeof input) {
        ssize_t got = read(fd, input + input_size, sizeof input - input_size);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        input_size += (size_t)got;
    }
}

static uint64_t standard_input(void) {
    struct stat status;
    off_t at;
    uint64_t hash = 14695981039346656037u;
    input_size = 0;
    if (fstat(0, &status) < 0) return 0;
    if (S_ISFIFO(status.st_mode)) {
        drain(0);
        return fnv(hash, input, input_size);
    }
    if (S_ISREG(status.st_mode) && (at = lseek(0, 0, SEEK_CUR)) >= 0) {
        ssize_t got = pread(0, input, sizeof input, at);
        return got > 0 ? fnv(hash, input, (size_t)got) : hash;
    }
    return 0;
}

/* `command <(other)`: wait for what feeds /dev/fd/N. */
static void drain_substitutions(char *const argv[]) {
    for (; *argv; argv++) {
        struct stat status;
        int fd;
        if (strncmp(*argv, "/dev/fd/", 8)) continue;
        fd = atoi(*argv + 8);
        if (fd > 2 && fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode) &&
            (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
            drain(fd);
    }
}

static uint64_t limits(void) {
    uint64_t hash = 14695981039346656037u;
    for (int resource = 0; resource < RLIM_NLIMITS; resource++) {
        struct rlimit both = {0, 0};
        getrlimit(resource, &both);
        hash = fnv(hash, &both, sizeof both);
    }
    return hash;
}

static void give_input_back(void) {
    int fd;
    if (!input_size) return;
    fd = memfd_create("stdin", MFD_CLOEXEC);
    if (fd < 0 || write(fd, input, input_size) < 0) _exit(BROKEN);
    lseek(fd, 0, SEEK_SET);
    dup2(fd, 0);
}

static int run_applet(const char *name, char *const argv[], char *const envp[], int from_pipe) {
    int n = 0;
    char *prefix[] = {HOME "/loader",     "--library-path", HOME, "--preload",
                      HOME "/preload.so", "--argv0",        NULL, HOME "/busybox"};
    for (size_t i = 0; i < sizeof prefix / sizeof *prefix; i++) applet_argv[n++] = prefix[i];
    applet_argv[6] = (char *)name;
    for (argv++; *argv && n < ARGUMENT_LIMIT; argv++) applet_argv[n++] = *argv;
    applet_argv[n] = NULL;
    for (n = 0; envp && envp[n] && n < ARGUMENT_LIMIT; n++) applet_envp[n] = envp[n];
    applet_envp[n++] = ACTING;
    applet_envp[n] = NULL;
    if (from_pipe) give_input_back();
    return real_execve(applet_argv[0], applet_argv, applet_envp);
}

int execve(const char *path, char *const argv[], char *const envp[]) {
    struct stat status;
    uint64_t hash;
    mode_t mask;
    ssize_t size;
    int count = 0, from_pipe = fstat(0, &status) == 0 && S_ISFIFO(status.st_mode);
    const char *name;
    drain_substitutions(argv);
    hash = standard_input();
    mask = umask(0);
    umask(mask);
    begin("exec");
    add_number(mask);
    for (int fd = 0; fd < 3; fd++) add_descriptor(fd);
    add_number(hash);
    add_number(limits());
    while (argv[count]) count++;
    add_number((uint64_t)count);
    for (int i = 0; i < count; i++) add(argv[i]);
    for (char *const *entry = envp; entry && *entry; entry++) add(*entry);
    size = ask();
    if (size < 2) _exit(BROKEN);
    if (reply[0] == 'a') {
        path = argv[(unsigned char)reply[1]];
        name = strrchr(path, '/');
        return run_applet(name ? name + 1 : path, argv + (unsigned char)reply[1], envp, from_pipe);
    }
    signal(SIGPIPE, SIG_IGN);
    for (ssize_t at = 2; at < size;) {
        ssize_t n = write(1, reply + at, (size_t)(size - at));
        if (n <= 0) break;
        at += n;
    }
    _exit((unsigned char)reply[1]);
}

int chdir(const char *path) {
    int result = real_chdir(path);
    if (result < 0 && errno == ENOENT && !acting && granted("cd", path)) result = real_chdir(path);
    return result;
}

static int is_stub(const char *path) {
    size_t size = sizeof STUB_DIRECTORY - 1;
    return !strncmp(path, STUB_DIRECTORY, size) && path[size] && !strchr(path + size, '/');
}

static int stat_or_stub(const char *path, struct stat *status) {
    int result;
    if (!acting && is_stub(path)) {
        memset(status, 0, sizeof *status);
        status->st_mode = S_IFREG | 0755;
        status->st_nlink = 1;
        return 0;
    }
    result = real_stat(path, status);
    if (result < 0 && errno == ENOENT && !acting && *path && granted("stat", path))
        result = real_stat(path, status);
    return result;
}

int stat(const char *path, struct stat *status) { return stat_or_stub(path, status); }
int stat64(const char *path, struct stat64 *status) { return stat_or_stub(path, (struct stat *)status); }

int access(const char *path, int mode) { return is_stub(path) ? 0 : real_access(path, mode); }
int eaccess(const char *path, int mode) { return is_stub(path) ? 0 : real_eaccess(path, mode); }
int faccessat(int directory, const char *path, int mode, int flags) {
    return is_stub(path) ? 0 : real_faccessat(directory, path, mode, flags);
}

static int open_or_create(const char *path, int flags, mode_t mode) {
    int result;
    if (!acting && (flags & O_APPEND) && (flags & O_CREAT) && real_access(path, F_OK) < 0) granted("append", path);
    result = real_open(path, flags, mode);
    if (result >= 0 || errno != ENOENT) return result;
    if (flags & O_CREAT ? granted("parent", path)
                        : !acting && (flags & (O_ACCMODE | O_DIRECTORY)) == O_RDONLY && granted("read", path))
        result = real_open(path, flags, mode);
    return result;
}

#define OPEN(name)                                        \
    int name(const char *path, int flags, ...) {          \
        mode_t mode = 0;                                  \
        if (flags & (O_CREAT | O_TMPFILE)) {              \
            va_list rest;                                 \
            va_start(rest, flags);                        \
            mode = va_arg(rest, mode_t);                  \
            va_end(rest);                                 \
        }                                                 \
        return open_or_create(path, flags, mode);         \
    }
OPEN(open)
OPEN(open64)
int __open_2(const char *path, int flags) { return open_or_create(path, flags, 0); }
int __open64_2(const char *path, int flags) { return open_or_create(path, flags, 0); }

static FILE *open_stream(const char *path, const char *mode) {
    FILE *stream = real_fopen(path, mode);
    if (!stream && errno == ENOENT && *mode != 'r' && granted("parent", path)) stream = real_fopen(path, mode);
    return stream;
}
FILE *fopen(const char *path, const char *mode) { return open_stream(path, mode); }
FILE *fopen64(const char *path, const char *mode) { return open_stream(path, mode); }
