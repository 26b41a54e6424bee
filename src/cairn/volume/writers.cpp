// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/writers.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/beneath.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <exception>
#include <list>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cairn::volume {
namespace {

/// A writer looks at this many waiting directories for the one with most to do, and takes this many names at once.
constexpr std::size_t looked_at = 64;
constexpr std::size_t names_at_once = 8;
/// … or for about as many bytes.
constexpr std::uint64_t bytes_at_once = std::uint64_t{256} << 10;
/// Another writer is woken when there are this many names for each that is awake: on a fast file system two writers do it all, and
/// waking one for each name would cost more than the name.
constexpr std::size_t names_a_writer = 12;
/// As the store writes blobs (store/write_out.hpp says why).
constexpr std::size_t large_file_piece_bytes = std::size_t{64} << 10;
/// A name in the queue counts as this many bytes at least: empty files and links take memory too.
constexpr std::uint64_t least_job_bytes = 1024;

struct Directory;

struct Job {
  enum class Kind { directory, file, symlink, hard_link, end_of_file };
  Kind kind = Kind::file;
  std::string name;
  std::uint32_t mode = 0;
  std::optional<std::int64_t> mtime = std::nullopt;
  Content content = {};
  std::string text = {};         ///< of a symlink; of a hard link, the path of its first name
  Directory* child = nullptr;    ///< that `directory` makes
  Fd fd = {};                    ///< to close

  [[nodiscard]] std::uint64_t queued_bytes() const { return std::max<std::uint64_t>(content.bytes.size(), least_job_bytes); }
};

struct Directory {
  Staging::State* staging = nullptr;
  std::string path;
  bool made = false;
  bool waits = false;   ///< is in `ready`
  bool shared = false;  ///< is in `active`
  unsigned busy = 0;    ///< writers in it
  std::deque<Job> jobs;
  std::mutex open_mutex;
  Fd fd;
  bool idle = false;
  std::list<Directory*>::iterator idle_at;
};

std::pair<std::string, std::string> split(const std::string& path)
{
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::pair{std::string(), path} : std::pair{path.substr(0, slash), path.substr(slash + 1)};
}

void set_mtime(int fd, std::int64_t mtime, const std::string& what)
{
  const std::array<timespec, 2> times{timespec{mtime, 0}, timespec{mtime, 0}};
  if (::futimens(fd, times.data()) != 0) throw_errno(errno, what);
}

[[noreturn]] void refuse_name(int why, const std::string& what)
{
  if (why == EEXIST) throw Error(Errc::exists, fmt::format("{}: comes twice, or the file system takes two names for one", what));
  throw_errno(why, what);
}

}  // namespace

struct Staging::State {
  Writers::State* writers = nullptr;
  Fd root;
  std::size_t lane = 0;
  std::string shown;
  std::function<void()> done;
  std::unordered_map<std::string, std::unique_ptr<Directory>> directories;
  std::vector<std::pair<std::string, Job>> hard_links;  ///< with their directories; wait for all files
  std::uint64_t pending = 0;
  bool closed = false;

  [[nodiscard]] std::string what(const std::string& path) const { return fmt::format("{}: {}", shown, printable(path)); }
};

struct Writers::State {
  WriterLimits limits;
  mutable std::mutex mutex;
  std::condition_variable work;
  std::deque<std::condition_variable> room;  ///< a lane
  std::deque<Directory*> ready;    ///< have names to write and nobody in them
  std::vector<Directory*> active;  ///< have names to write and somebody in them
  std::list<Directory*> idle;      ///< open, nothing to do; the longest idle first
  std::vector<std::uint64_t> queued_bytes;  ///< a lane
  std::unordered_map<Staging::State*, std::shared_ptr<Staging::State>> stagings;
  std::exception_ptr failure;
  bool stopping = false;
  std::size_t asleep = 0;
  std::size_t names = 0;    ///< queued, in all directories
  Written written;
  std::vector<std::jthread> threads;

  using Lock = std::unique_lock<std::mutex>;

  [[nodiscard]] std::uint64_t share() const { return limits.queued_bytes / queued_bytes.size(); }

  void check_failure() const
  {
    if (failure) std::rethrow_exception(failure);
  }
  void fail(std::exception_ptr why)
  {
    if (!failure) failure = std::move(why);
    work.notify_all();
    for (auto& lane : room) lane.notify_all();
  }

  void enqueue(Directory& directory, Job job)
  {
    const bool first = job.kind == Job::Kind::directory;
    ++names;
    if (first) directory.jobs.push_front(std::move(job));
    else directory.jobs.push_back(std::move(job));
    offer(directory);
  }

  /// Let somebody know that `directory` has work, if it can be begun.
  void offer(Directory& directory)
  {
    if (!directory.made || directory.jobs.empty()) return;
    if (directory.busy == 0) {
      if (!directory.waits) {
        directory.waits = true;
        ready.push_back(&directory);
      }
      leave_idle(directory);
    } else if (!directory.shared) {
      directory.shared = true;
      active.push_back(&directory);
    }
    if (asleep != 0 && names > names_a_writer * (limits.writers - asleep)) work.notify_one();
  }

  void leave_idle(Directory& directory)
  {
    if (!std::exchange(directory.idle, false)) return;
    idle.erase(directory.idle_at);
  }

  Directory* choose()
  {
    if (!ready.empty()) {
      const auto end = ready.begin() + static_cast<std::ptrdiff_t>(std::min(ready.size(), looked_at));
      const auto best = std::max_element(ready.begin(), end, [](const auto* a, const auto* b) { return a->jobs.size() < b->jobs.size(); });
      auto* directory = *best;
      ready.erase(best);
      directory->waits = false;
      return directory;
    }
    if (active.empty()) return nullptr;
    return *std::ranges::max_element(active, {}, [](const auto* directory) { return directory->jobs.size(); });
  }

  void unshare(Directory& directory)
  {
    if (std::exchange(directory.shared, false)) std::erase(active, &directory);
  }

  void run()
  {
    Lock lock(mutex);
    while (!stopping) {
      auto* directory = failure ? nullptr : choose();
      if (directory == nullptr) {
        ++asleep;
        work.wait(lock);
        --asleep;
        continue;
      }
      write_some(lock, *directory);
    }
  }

  void write_some(Lock& lock, Directory& directory)
  {
    ++directory.busy;
    leave_idle(directory);
    auto& staging = *directory.staging;
    auto jobs = take_some(directory);
    lock.unlock();
    Written done;
    std::uint64_t bytes = 0;
    std::vector<Directory*> made;
    std::exception_ptr why;
    try {
      for (auto& job : jobs) {
        bytes += job.queued_bytes();
        perform(directory, job, done);
        job.content = {};
        if (job.child != nullptr) made.push_back(job.child);
      }
    } catch (...) {
      why = std::current_exception();
    }
    const auto count = jobs.size();
    jobs.clear();  // frees its memory before the lane gets room
    lock.lock();
    add(done);
    queued_bytes[staging.lane] -= bytes;
    if (why) fail(why);
    for (auto* child : made) {
      child->made = true;
      offer(*child);
    }
    // Who fills a lane is woken when half of it is free, not for each name.
    if (!made.empty() || queued_bytes[staging.lane] <= share() / 2) room[staging.lane].notify_all();
    staging.pending -= count;
    const bool completed = !failure && staging.pending == 0 && staging.closed && !next_phase(staging);
    leave(directory);
    if (completed) complete(lock, staging);
  }

  /// The next names of a directory, for one writer. One by one where they are large or few: others may help then.
  std::vector<Job> take_some(Directory& directory)
  {
    std::vector<Job> jobs;
    const auto most = std::min(names_at_once, (directory.jobs.size() + 1) / 2);
    std::uint64_t bytes = 0;
    while (!directory.jobs.empty() && jobs.size() < most && bytes < bytes_at_once) {
      bytes += directory.jobs.front().queued_bytes();
      jobs.push_back(std::move(directory.jobs.front()));
      directory.jobs.pop_front();
    }
    names -= jobs.size();
    if (directory.jobs.empty()) {
      unshare(directory);
    } else if (!directory.shared) {
      directory.shared = true;
      active.push_back(&directory);
    }
    return jobs;
  }

  void leave(Directory& directory)
  {
    if (--directory.busy != 0) return;
    unshare(directory);
    if (!directory.jobs.empty()) {
      offer(directory);
      return;
    }
    if (!directory.fd) return;
    directory.idle = true;
    directory.idle_at = idle.insert(idle.end(), &directory);
    if (idle.size() > limits.open_directories) {
      idle.front()->idle = false;
      idle.front()->fd.reset();
      idle.pop_front();
    }
  }

  void add(const Written& done)
  {
    written.files += done.files;
    written.directories += done.directories;
    written.links += done.links;
    written.bytes += done.bytes;
    written.calls += done.calls;
  }

  /// All files are there: now hard links can be made. False when there are none (left).
  bool next_phase(Staging::State& staging)
  {
    if (staging.hard_links.empty()) return false;
    auto links = std::exchange(staging.hard_links, {});
    staging.pending += links.size();
    for (auto& [path, job] : links) {
      queued_bytes[staging.lane] += job.queued_bytes();
      enqueue(*staging.directories.at(path), std::move(job));
    }
    return true;
  }

  void complete(Lock& lock, Staging::State& staging)
  {
    for (auto& [path, directory] : staging.directories) leave_idle(*directory);
    auto kept = std::move(stagings.extract(&staging).mapped());
    lock.unlock();
    std::exception_ptr why;
    try {
      kept->done();
    } catch (...) {
      why = std::current_exception();
    }
    kept.reset();
    lock.lock();
    if (why) fail(why);
  }

  int open(Directory& directory)
  {
    const std::scoped_lock lock(directory.open_mutex);
    if (!directory.fd) {
      directory.fd = open_beneath(directory.staging->root.get(), directory.path, O_PATH | O_DIRECTORY,
                                  directory.staging->shown + ": " + directory.path);
    }
    return directory.fd.get();
  }

  void perform(Directory& directory, Job& job, Written& done)
  {
    auto& staging = *directory.staging;
    const auto path = directory.path.empty() ? job.name : directory.path + "/" + job.name;
    switch (job.kind) {
      case Job::Kind::directory:
        if (::mkdirat(open(directory), job.name.c_str(), job.mode) != 0) refuse_name(errno, staging.what(path));
        ++done.directories;
        ++done.calls;
        break;
      case Job::Kind::file: write_file(open(directory), job, staging.what(path), done); break;
      case Job::Kind::symlink:
        if (::symlinkat(job.text.c_str(), open(directory), job.name.c_str()) != 0) refuse_name(errno, staging.what(path));
        ++done.links;
        ++done.calls;
        break;
      case Job::Kind::hard_link: link_file(staging, open(directory), job, staging.what(path), done); break;
      case Job::Kind::end_of_file: finish_file(job.fd, job.mtime, staging.what(path), done); break;
    }
  }

  static Fd create_file(int dir, const std::string& name, std::uint32_t mode, const std::string& what)
  {
    for (;;) {
      Fd fd(::openat(dir, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
      if (fd) return fd;
      if (errno != EINTR) refuse_name(errno, what);
    }
  }

  static void finish_file(Fd& fd, std::optional<std::int64_t> mtime, const std::string& what, Written& done)
  {
    if (mtime) {
      set_mtime(fd.get(), *mtime, what);
      ++done.calls;
    }
    fd.close(what);
    ++done.files;
    ++done.calls;
  }

  static void write_file(int dir, const Job& job, const std::string& what, Written& done)
  {
    auto fd = create_file(dir, job.name, job.mode, what);
    ++done.calls;
    write_full(fd.get(), job.content.bytes, what);
    done.bytes += job.content.bytes.size();
    finish_file(fd, job.mtime, what, done);
  }

  static void link_file(Staging::State& staging, int dir, const Job& job, const std::string& what, Written& done)
  {
    const auto [parent, name] = split(job.text);
    const auto from = open_beneath(staging.root.get(), parent, O_PATH | O_DIRECTORY, staging.what(parent));
    ++done.calls;
    ++done.links;
    if (::linkat(from.get(), name.c_str(), dir, job.name.c_str(), 0) == 0) return;
    if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS && errno != EMLINK && errno != EXDEV && errno != EACCES)
      refuse_name(errno, what);
    const auto source = open_at(from.get(), name, O_RDONLY, 0, staging.what(job.text));
    auto copy = create_file(dir, job.name, job.mode, what);
    ++done.calls;
    std::vector<std::byte> buffer(std::size_t{256} << 10);
    while (const auto size = read_full(source.get(), buffer, what)) {
      write_full(copy.get(), std::span(buffer).first(size), what);
      done.bytes += size;
    }
    finish_file(copy, std::nullopt, what, done);
  }
};

Writers::Writers(const WriterLimits& limits) : state_(std::make_unique<State>())
{
  state_->limits = limits;
  state_->limits.writers = std::max<std::size_t>(limits.writers, 1);
  state_->queued_bytes.resize(std::max<std::size_t>(limits.lanes, 1));
  state_->room.resize(state_->queued_bytes.size());
  for (std::size_t i = 0; i < state_->limits.writers; ++i) state_->threads.emplace_back([state = state_.get()] { state->run(); });
}

Writers::~Writers()
{
  {
    const std::scoped_lock lock(state_->mutex);
    state_->stopping = true;
    state_->work.notify_all();
    for (auto& lane : state_->room) lane.notify_all();
  }
  state_->threads.clear();
}

std::shared_ptr<Staging> Writers::stage(Fd root, std::size_t lane, std::string shown, std::function<void()> done)
{
  auto staging = std::make_shared<Staging::State>();  // shared by the one who fills it and the writers
  staging->writers = state_.get();
  staging->root = std::move(root);
  staging->lane = lane;
  staging->shown = std::move(shown);
  staging->done = std::move(done);
  auto top = std::make_unique<Directory>();
  top->staging = staging.get();
  top->made = true;
  staging->directories.emplace("", std::move(top));
  const std::scoped_lock lock(state_->mutex);
  state_->check_failure();
  state_->stagings.emplace(staging.get(), staging);
  return std::shared_ptr<Staging>(new Staging(std::move(staging)));
}

void Writers::check() const
{
  const std::scoped_lock lock(state_->mutex);
  state_->check_failure();
}

void Writers::stop(std::exception_ptr failure)
{
  const std::scoped_lock lock(state_->mutex);
  state_->fail(std::move(failure));
}

Written Writers::written() const
{
  const std::scoped_lock lock(state_->mutex);
  return state_->written;
}

Staging::~Staging() = default;

namespace {

/// The directory that holds `path`. Throws Error{bad_input} when it was not added.
Directory& parent_of(const Staging::State& staging, const std::string& path);

}  // namespace

void Staging::add_directory(const std::string& path, std::uint32_t mode)
{
  auto [parent, name] = split(path);
  auto made = std::make_unique<Directory>();
  made->staging = state_.get();
  made->path = path;
  auto& writers = *state_->writers;
  const Writers::State::Lock lock(writers.mutex);
  writers.check_failure();
  auto& above = parent_of(*state_, path);
  const auto [at, added] = state_->directories.emplace(path, std::move(made));
  if (!added) throw Error(Errc::bad_input, fmt::format("{}: comes twice", state_->what(path)));
  ++state_->pending;
  Job job{.kind = Job::Kind::directory, .name = std::move(name), .mode = mode, .child = at->second.get()};
  writers.queued_bytes[state_->lane] += job.queued_bytes();
  writers.enqueue(above, std::move(job));
}

void Staging::add_file(const std::string& path, std::uint32_t mode, std::optional<std::int64_t> mtime, Content content)
{
  auto& writers = *state_->writers;
  Job job{.kind = Job::Kind::file, .name = split(path).second, .mode = mode, .mtime = mtime, .content = std::move(content)};
  Writers::State::Lock lock(writers.mutex);
  auto& queued = writers.queued_bytes[state_->lane];
  writers.room[state_->lane].wait(lock, [&] { return writers.failure || queued == 0 || queued + job.queued_bytes() <= writers.share(); });
  writers.check_failure();
  queued += job.queued_bytes();
  ++state_->pending;
  writers.enqueue(parent_of(*state_, path), std::move(job));
}

void Staging::add_symlink(const std::string& path, std::string text)
{
  auto& writers = *state_->writers;
  Job job{.kind = Job::Kind::symlink, .name = split(path).second, .text = std::move(text)};
  const Writers::State::Lock lock(writers.mutex);
  writers.check_failure();
  writers.queued_bytes[state_->lane] += job.queued_bytes();
  ++state_->pending;
  writers.enqueue(parent_of(*state_, path), std::move(job));
}

void Staging::add_hard_link(const std::string& path, std::string to, std::uint32_t mode)
{
  const Writers::State::Lock lock(state_->writers->mutex);
  state_->writers->check_failure();
  const auto& parent = parent_of(*state_, path);
  state_->hard_links.emplace_back(parent.path,
                                  Job{.kind = Job::Kind::hard_link, .name = split(path).second, .mode = mode, .text = std::move(to)});
}

Staging::LargeFile Staging::create(const std::string& path, std::uint32_t mode)
{
  auto& writers = *state_->writers;
  std::string parent_path;
  {
    Writers::State::Lock lock(writers.mutex);
    auto& parent = parent_of(*state_, path);
    writers.room[state_->lane].wait(lock, [&] { return writers.failure || parent.made; });
    writers.check_failure();
    ++state_->pending;
    ++writers.written.calls;
    parent_path = parent.path;
  }
  const auto dir = open_beneath(state_->root.get(), parent_path, O_PATH | O_DIRECTORY, state_->what(parent_path));
  LargeFile file;
  file.staging_ = this;
  file.path_ = path;
  file.fd_ = Writers::State::create_file(dir.get(), split(path).second, mode, state_->what(path));
  return file;
}

void Staging::LargeFile::write(std::span<const std::byte> bytes)
{
  bytes_ += bytes.size();
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), large_file_piece_bytes));
    write_full(fd_.get(), piece, staging_->state_->what(path_));
    bytes = bytes.subspan(piece.size());
  }
}

void Staging::LargeFile::finish(std::optional<std::int64_t> mtime)
{
  auto& staging = *staging_->state_;
  auto& writers = *staging.writers;
  const Writers::State::Lock lock(writers.mutex);
  writers.check_failure();
  writers.written.bytes += bytes_;
  Job job{.kind = Job::Kind::end_of_file, .name = split(path_).second, .mtime = mtime, .fd = std::move(fd_)};
  writers.queued_bytes[staging.lane] += job.queued_bytes();
  writers.enqueue(parent_of(staging, path_), std::move(job));
}

void Staging::close()
{
  auto& writers = *state_->writers;
  Writers::State::Lock lock(writers.mutex);
  writers.check_failure();
  state_->closed = true;
  if (state_->pending == 0 && !writers.next_phase(*state_)) writers.complete(lock, *state_);
}

namespace {

Directory& parent_of(const Staging::State& staging, const std::string& path)
{
  const auto found = staging.directories.find(split(path).first);
  if (found == staging.directories.end())
    throw Error(Errc::bad_input, fmt::format("{}: comes before the directory that holds it", staging.what(path)));
  return *found->second;
}

}  // namespace
}  // namespace cairn::volume
