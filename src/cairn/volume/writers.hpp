// SPDX-License-Identifier: Apache-2.0
//
// Why it is built so. On a shared file system every change of a directory is a round trip, during which the kernel holds that
// directory's lock: thirty writers in one directory are as slow as one. So names are queued by directory, and a writer takes a
// directory, not a file; a large directory is shared only when nothing else is left. A file costs two round trips:
// created under its final name with its final mode, written, closed. Directories go first, since they free more work.
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/volume/content.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cairn::volume {

struct WriterLimits {
  std::size_t writers = 48;
  std::uint64_t queued_bytes = std::uint64_t{48} << 20;  ///< of all file content waiting to be written
  std::size_t lanes = 1;                                 ///< who fill the queue, each with an equal share of it
  std::size_t open_directories = 512;
};

/// What the writers did.
struct Written {
  std::uint64_t files = 0;
  std::uint64_t directories = 0;
  std::uint64_t links = 0;
  std::uint64_t bytes = 0;
  std::uint64_t calls = 0;  ///< that a shared file system answers: create, close, mkdir, symlink, link, utimens
};

class Staging;

/// Many writers of small files. The process's umask should be 0 meanwhile. Any thread.
class Writers {
public:
  explicit Writers(const WriterLimits& limits);
  /// Drops what is queued, waits for what is being written.
  ~Writers();
  Writers(const Writers&) = delete;
  Writers& operator=(const Writers&) = delete;

  /// Begin to fill the directory `root`, which is empty and stays the caller's name. `lane` is below the limits'. When all of it
  /// is written, `done` is called by one of the writers.
  [[nodiscard]] std::shared_ptr<Staging> stage(Fd root, std::size_t lane, std::string shown, std::function<void()> done);
  /// The first failure of a writer or a `done`, if any: rethrown.
  void check() const;
  /// From now on nothing more is written; `add…` and `check` throw what `failure` holds.
  void stop(std::exception_ptr failure);
  [[nodiscard]] Written written() const;

  struct State;

private:
  friend class Staging;
  std::unique_ptr<State> state_;
};

/// A directory that is being filled. Paths are relative to it, plain, and their directories were added before. Only its own
/// lane adds. Every function throws what made a writer fail, once one did.
class Staging {
public:
  ~Staging();
  void add_directory(const std::string& path, std::uint32_t mode);
  /// Waits while the lane's share of the queue is used up. No `mtime`: whenever it is written.
  void add_file(const std::string& path, std::uint32_t mode, std::optional<std::int64_t> mtime, Content content);
  void add_symlink(const std::string& path, std::string text);
  /// Made when all files are there; a copy where the file system has no hard links.
  void add_hard_link(const std::string& path, std::string to, std::uint32_t mode);
  /// A file too large to queue: created now, by the caller's thread; its end goes through the queue.
  class LargeFile {
  public:
    void write(std::span<const std::byte> bytes);
    void finish(std::optional<std::int64_t> mtime);

  private:
    friend class Staging;
    Staging* staging_ = nullptr;
    std::string path_;
    Fd fd_;
    std::uint64_t bytes_ = 0;
  };
  [[nodiscard]] LargeFile create(const std::string& path, std::uint32_t mode);
  /// Nothing more comes.
  void close();

  struct State;

private:
  friend class Writers;
  explicit Staging(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace cairn::volume
