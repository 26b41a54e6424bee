// SPDX-License-Identifier: Apache-2.0
//
// A library to preload: it counts the system calls that change something below a directory, over all threads, and at the N-th of
// them kills the process, or makes calls of a kind fail.
//
//   VOLUME_FAULTS_ROOT=DIR     what to watch; everything else is let through uncounted
//   VOLUME_FAULTS_COUNT=FILE   write the number of calls there at the end (8 bytes, native), and log kill points
//   VOLUME_FAULTS_KILL=N       SIGKILL instead of the N-th call
//   VOLUME_FAULTS_AFTER=1      … or directly after it
//   VOLUME_FAULTS_ERROR=KIND:ERRNO:N[:COUNT]   let COUNT (1) calls of KIND fail from its N-th on. KIND: open mkdir rename link
//                              symlink unlink write close sync utime any
//
// Only the calls that cairn makes are wrapped. Build: cc -O2 -fPIC -shared -o volume_faults.so volume_faults.c -ldl
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum kind { OPEN, MKDIR, RENAME, LINK, SYMLINK, UNLINK, WRITE, CLOSE, SYNC, UTIME, KINDS };
static const char* const kind_names[KINDS] = {"open", "mkdir", "rename", "link", "symlink", "unlink", "write", "close", "sync", "utime"};

static char root[PATH_MAX];
static size_t root_size;
static atomic_long private_calls;
static atomic_long* calls = &private_calls;
static atomic_long kind_calls[KINDS + 1];
static long kill_at, error_from, error_count;
static int kill_after, error_kind = -2, error_number;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int below_root(const char* path)
{
  return root_size != 0 && strncmp(path, root, root_size) == 0 && (path[root_size] == 0 || path[root_size] == '/');
}

static int fd_below_root(int fd)
{
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
  if (size <= 0) return 0;
  path[size] = 0;
  return below_root(path);
}

static int watched(int dir, const char* path)
{
  if (root_size == 0) return 0;
  if (path != NULL && path[0] == '/') return below_root(path);
  if (dir == AT_FDCWD) {
    char here[PATH_MAX];
    if (syscall(SYS_getcwd, here, sizeof here) <= 0) return 0;
    const size_t size = strlen(here);
    snprintf(here + size, sizeof here - size, "/%s", path == NULL ? "" : path);
    return below_root(here);
  }
  return fd_below_root(dir);
}

static void die(void)
{
  syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
  for (;;) syscall(SYS_pause);
}

/// 1: let the call fail with `error_number`. Sets *last when the process is to die after it.
static int before(enum kind kind, int* last)
{
  const long at = atomic_fetch_add(calls, 1) + 1;
  if (kill_at != 0 && at >= kill_at && !kill_after) die();
  *last = kill_at != 0 && at >= kill_at && kill_after;
  if (error_kind != (int)kind && error_kind != KINDS) return 0;
  const long of_kind = atomic_fetch_add(&kind_calls[error_kind], 1) + 1;
  return of_kind >= error_from && of_kind < error_from + error_count;
}

#define WRAP(kind, is_watched, fail, call)      \
  do {                                          \
    int last_ = 0;                              \
    if (!(is_watched)) return call;             \
    if (before(kind, &last_)) {                 \
      errno = error_number;                     \
      return fail;                              \
    }                                           \
    __typeof__(call) result_ = call;            \
    if (last_) die();                           \
    return result_;                             \
  } while (0)

static int open_any(int dir, const char* path, int flags, mode_t mode)
{
  WRAP(OPEN, (flags & O_CREAT) && watched(dir, path), -1, (int)syscall(SYS_openat, dir, path, flags, mode));
}
#define MODE(flags)              \
  mode_t mode = 0;               \
  if ((flags) & O_CREAT) {       \
    va_list rest;                \
    va_start(rest, flags);       \
    mode = va_arg(rest, mode_t); \
    va_end(rest);                \
  }
int open(const char* path, int flags, ...) { MODE(flags) return open_any(AT_FDCWD, path, flags, mode); }
int open64(const char* path, int flags, ...) { MODE(flags) return open_any(AT_FDCWD, path, flags, mode); }
int openat(int dir, const char* path, int flags, ...) { MODE(flags) return open_any(dir, path, flags, mode); }
int openat64(int dir, const char* path, int flags, ...) { MODE(flags) return open_any(dir, path, flags, mode); }
int mkdirat(int dir, const char* path, mode_t mode) { WRAP(MKDIR, watched(dir, path), -1, (int)syscall(SYS_mkdirat, dir, path, mode)); }
int renameat(int a, const char* from, int b, const char* to)
{
  WRAP(RENAME, watched(b, to), -1, (int)syscall(SYS_renameat2, a, from, b, to, 0));
}
int renameat2(int a, const char* from, int b, const char* to, unsigned flags)
{
  WRAP(RENAME, watched(b, to), -1, (int)syscall(SYS_renameat2, a, from, b, to, flags));
}
int linkat(int a, const char* from, int b, const char* to, int flags)
{
  WRAP(LINK, watched(b, to), -1, (int)syscall(SYS_linkat, a, from, b, to, flags));
}
int symlinkat(const char* text, int dir, const char* path)
{
  WRAP(SYMLINK, watched(dir, path), -1, (int)syscall(SYS_symlinkat, text, dir, path));
}
int unlinkat(int dir, const char* path, int flags) { WRAP(UNLINK, watched(dir, path), -1, (int)syscall(SYS_unlinkat, dir, path, flags)); }
ssize_t write(int fd, const void* bytes, size_t size) { WRAP(WRITE, fd_below_root(fd), -1, (ssize_t)syscall(SYS_write, fd, bytes, size)); }
int syncfs(int fd) { WRAP(SYNC, fd_below_root(fd), -1, (int)syscall(SYS_syncfs, fd)); }
int fsync(int fd) { WRAP(SYNC, fd_below_root(fd), -1, (int)syscall(SYS_fsync, fd)); }
int futimens(int fd, const struct timespec times[2]) { WRAP(UTIME, fd_below_root(fd), -1, (int)syscall(SYS_utimensat, fd, NULL, times, 0)); }

/// Only of what was open for writing: there a close can fail for what was written. The descriptor is gone all the same.
int close(int fd)
{
  const long flags = root_size == 0 ? 0 : syscall(SYS_fcntl, fd, F_GETFL);
  if (flags < 0 || (flags & O_PATH) || (flags & O_ACCMODE) == O_RDONLY || !fd_below_root(fd)) return (int)syscall(SYS_close, fd);
  int last = 0;
  const int failing = before(CLOSE, &last);
  const int result = (int)syscall(SYS_close, fd);
  if (last) die();
  if (!failing) return result;
  errno = error_number;
  return -1;
}

static long number(const char* name)
{
  const char* text = getenv(name);
  return text == NULL ? 0 : atol(text);
}

__attribute__((constructor)) static void begin(void)
{
  const char* directory = getenv("VOLUME_FAULTS_ROOT");
  if (directory != NULL && strlen(directory) < sizeof root) strcpy(root, directory);
  root_size = strlen(root);
  kill_at = number("VOLUME_FAULTS_KILL");
  kill_after = number("VOLUME_FAULTS_AFTER") != 0;
  const char* counter = getenv("VOLUME_FAULTS_COUNT");
  if (counter != NULL) {
    const int fd = (int)syscall(SYS_openat, AT_FDCWD, counter, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd >= 0 && syscall(SYS_ftruncate, fd, 4096) == 0) {
      void* shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
      if (shared != MAP_FAILED) calls = shared;
    }
  }
  const char* error = getenv("VOLUME_FAULTS_ERROR");
  char kind[16];
  error_count = 1;
  if (error != NULL && sscanf(error, "%15[^:]:%d:%ld:%ld", kind, &error_number, &error_from, &error_count) >= 3) {
    error_kind = KINDS;
    for (int i = 0; i < KINDS; ++i)
      if (strcmp(kind, kind_names[i]) == 0) error_kind = i;
  }
}
