// SPDX-License-Identifier: Apache-2.0
//
// A file system that answers like a far one: what lies in a directory, with a pause before each operation that a shared file
// system would ask its server for. The kernel's own locks (of a directory, for the whole of a change in it) are real.
//
//   slow_volume SOURCE PAUSE_US MOUNTPOINT -f -o …
//
// Paused: create, mkdir, symlink, link, unlink, rmdir, rename, chmod, chown, utimens, truncate, fsync, and the flush of a file
// that was open for writing. Free: reading, looking up, writing. Operations run in parallel; as many as max_threads allows.
// At the end, the number of paused operations goes to stderr.
// Build: cc -O2 -o slow_volume slow_volume.c $(pkg-config --cflags --libs fuse3)
#define FUSE_USE_VERSION 312
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

static int source;
static long pause_us;
static atomic_long operations;

static const char* below(const char* path) { return path[1] == 0 ? "." : path + 1; }

static void ask_the_server(void)
{
  atomic_fetch_add(&operations, 1);
  const struct timespec time = {pause_us / 1000000, pause_us % 1000000 * 1000};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

static int result(long value) { return value < 0 ? -errno : 0; }

/// New names belong to who asked.
static void become_caller(void)
{
  const struct fuse_context* caller = fuse_get_context();
  setfsgid(caller->gid);
  setfsuid(caller->uid);
}
static int become_self(long value)
{
  const int kept = errno;
  setfsuid(0);
  setfsgid(0);
  return value < 0 ? -kept : 0;
}

static int slow_getattr(const char* path, struct stat* status, struct fuse_file_info* file)
{
  return result(file != NULL ? fstat((int)file->fh, status) : fstatat(source, below(path), status, AT_SYMLINK_NOFOLLOW));
}
static int slow_mkdir(const char* path, mode_t mode)
{
  ask_the_server();
  become_caller();
  return become_self(mkdirat(source, below(path), mode));
}
static int slow_symlink(const char* text, const char* path)
{
  ask_the_server();
  become_caller();
  return become_self(symlinkat(text, source, below(path)));
}
static int slow_create(const char* path, mode_t mode, struct fuse_file_info* file)
{
  ask_the_server();
  become_caller();
  const int fd = openat(source, below(path), file->flags | O_CREAT, mode);
  const int answer = become_self(fd);
  file->fh = (uint64_t)fd;
  return answer;
}
static int slow_link(const char* from, const char* to) { ask_the_server(); return result(linkat(source, below(from), source, below(to), 0)); }
static int slow_unlink(const char* path) { ask_the_server(); return result(unlinkat(source, below(path), 0)); }
static int slow_rmdir(const char* path) { ask_the_server(); return result(unlinkat(source, below(path), AT_REMOVEDIR)); }
static int slow_rename(const char* from, const char* to, unsigned flags)
{
  ask_the_server();
  if (flags != 0) return -EINVAL;  // as NFS and CephFS do
  return result(renameat(source, below(from), source, below(to)));
}
static int slow_chmod(const char* path, mode_t mode, struct fuse_file_info* file)
{
  ask_the_server();
  return result(file != NULL ? fchmod((int)file->fh, mode) : fchmodat(source, below(path), mode, 0));
}
static int slow_chown(const char* path, uid_t user, gid_t group, struct fuse_file_info* file)
{
  (void)file;
  ask_the_server();
  return result(fchownat(source, below(path), user, group, AT_SYMLINK_NOFOLLOW));
}
static int slow_utimens(const char* path, const struct timespec times[2], struct fuse_file_info* file)
{
  ask_the_server();
  return result(file != NULL ? futimens((int)file->fh, times) : utimensat(source, below(path), times, AT_SYMLINK_NOFOLLOW));
}
static int slow_truncate(const char* path, off_t size, struct fuse_file_info* file)
{
  ask_the_server();
  if (file != NULL) return result(ftruncate((int)file->fh, size));
  const int fd = openat(source, below(path), O_WRONLY);
  const int answer = result(fd < 0 ? -1 : ftruncate(fd, size));
  close(fd);
  return answer;
}
static int slow_open(const char* path, struct fuse_file_info* file)
{
  const int fd = openat(source, below(path), file->flags & ~(O_CREAT | O_EXCL));
  file->fh = (uint64_t)fd;
  return result(fd);
}
static int slow_read(const char* path, char* bytes, size_t size, off_t offset, struct fuse_file_info* file)
{
  (void)path;
  const ssize_t done = pread((int)file->fh, bytes, size, offset);
  return done < 0 ? -errno : (int)done;
}
static int slow_write(const char* path, const char* bytes, size_t size, off_t offset, struct fuse_file_info* file)
{
  (void)path;
  const ssize_t done = pwrite((int)file->fh, bytes, size, offset);
  return done < 0 ? -errno : (int)done;
}
static int slow_flush(const char* path, struct fuse_file_info* file)
{
  (void)path;
  if ((fcntl((int)file->fh, F_GETFL) & O_ACCMODE) != O_RDONLY) ask_the_server();
  return 0;
}
static int slow_release(const char* path, struct fuse_file_info* file) { (void)path; close((int)file->fh); return 0; }
static int slow_fsync(const char* path, int data_only, struct fuse_file_info* file)
{
  (void)path;
  ask_the_server();
  return result(data_only ? fdatasync((int)file->fh) : fsync((int)file->fh));
}
static int slow_readlink(const char* path, char* text, size_t size)
{
  const ssize_t length = readlinkat(source, below(path), text, size - 1);
  if (length < 0) return -errno;
  text[length] = 0;
  return 0;
}
static int slow_statfs(const char* path, struct statvfs* status) { (void)path; return result(fstatvfs(source, status)); }
static int slow_readdir(const char* path, void* list, fuse_fill_dir_t fill, off_t offset, struct fuse_file_info* file,
                        enum fuse_readdir_flags flags)
{
  (void)offset;
  (void)file;
  (void)flags;
  DIR* directory = fdopendir(openat(source, below(path), O_RDONLY | O_DIRECTORY));
  if (directory == NULL) return -errno;
  for (struct dirent* entry; (entry = readdir(directory)) != NULL;) {
    const struct stat status = {.st_ino = entry->d_ino, .st_mode = (mode_t)(entry->d_type << 12)};
    fill(list, entry->d_name, &status, 0, 0);
  }
  closedir(directory);
  return 0;
}
static void* slow_init(struct fuse_conn_info* connection, struct fuse_config* config)
{
  (void)connection;
  config->use_ino = 1;
  config->attr_timeout = config->entry_timeout = 60;
  config->hard_remove = 1;
  umask(0);
  return NULL;
}
static void slow_destroy(void* data)
{
  (void)data;
  fprintf(stderr, "%ld\n", atomic_load(&operations));
}

static const struct fuse_operations slow = {
    .getattr = slow_getattr, .mkdir = slow_mkdir, .symlink = slow_symlink, .create = slow_create, .link = slow_link, .unlink = slow_unlink,
    .rmdir = slow_rmdir, .rename = slow_rename, .chmod = slow_chmod, .chown = slow_chown, .utimens = slow_utimens, .truncate = slow_truncate,
    .open = slow_open, .read = slow_read, .write = slow_write, .flush = slow_flush, .release = slow_release, .fsync = slow_fsync,
    .readlink = slow_readlink, .statfs = slow_statfs, .readdir = slow_readdir, .init = slow_init, .destroy = slow_destroy};

int main(int count, char** words)
{
  if (count < 4 || (source = open(words[1], O_RDONLY | O_DIRECTORY)) < 0) return 2;
  pause_us = atol(words[2]);
  words[2] = words[0];
  return fuse_main(count - 2, words + 2, &slow, NULL);
}
