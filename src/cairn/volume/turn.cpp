// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/turn.hpp>

#include <cairn/base/error.hpp>
#include <cairn/base/log.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/volume/small_file.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <condition_variable>
#include <mutex>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cairn::volume {
namespace {

constexpr std::string_view released_suffix = ".released";
constexpr std::chrono::milliseconds first_poll{20};
constexpr std::chrono::milliseconds longest_poll{1000};

struct Turns {
  std::uint64_t highest = 0;
  bool released = true;
};

std::optional<std::uint64_t> turn_number(std::string_view name)
{
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

std::vector<DirectoryEntry> names_of(const Layout& layout)
{
  // A descriptor of our own: reading moves its offset.
  const auto dir = open_beneath(layout.lock(), "", O_RDONLY | O_DIRECTORY, layout.shown("lock"));
  return list_directory(dir.get(), layout.shown("lock"));
}

Turns look(const Layout& layout)
{
  Turns turns;
  std::optional<std::uint64_t> released;
  for (const auto& entry : names_of(layout)) {
    const std::string_view name = entry.name;
    if (const auto number = turn_number(name)) turns.highest = std::max(turns.highest, *number);
    else if (name.ends_with(released_suffix))
      if (const auto done = turn_number(name.substr(0, name.size() - released_suffix.size())))
        released = std::max(released.value_or(0), *done);
  }
  turns.released = turns.highest == 0 || (released && *released >= turns.highest);
  if (released) turns.highest = std::max(turns.highest, *released);
  return turns;
}

std::string holder_json(const std::string& purpose)
{
  oci::JsonWriter json;
  json.begin_object().member("purpose", purpose);
  Process::self().write(json);
  json.end_object();
  return json.finish();
}

std::optional<Turn::Holder> read_holder(const Layout& layout, std::uint64_t number)
{
  const auto name = std::to_string(number);
  const auto shown = layout.shown("lock/" + name);
  struct stat status{};
  if (::fstatat(layout.lock(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  Turn::Holder holder{.number = number, .process = {}, .purpose = {}, .touched = status.st_mtim.tv_sec};
  try {
    const auto text = read_file(layout.lock(), name, shown);
    if (!text) return std::nullopt;
    const auto document = oci::JsonDocument::parse(*text, shown);
    holder.process = Process::read(document.root());
    holder.purpose = document.root().at("purpose").string();
  } catch (const Error&) {
    return holder;  // being written, or cut short by a power cut: only its age counts
  }
  return holder;
}

/// A file with our name in it, created under a name of its own; its time is the volume's clock.
struct Candidate {
  std::string name;
  Fd fd;
  std::int64_t now = 0;
};

Candidate make_candidate(const Layout& layout, const std::string& purpose)
{
  Candidate candidate{".tmp-" + random_name(), {}, 0};
  const auto shown = layout.shown("lock/" + candidate.name);
  candidate.fd = open_at(layout.lock(), candidate.name, O_WRONLY | O_CREAT | O_EXCL, 0664, shown);
  write_full(candidate.fd.get(), as_bytes(holder_json(purpose)), printable(shown.native()));
  // After a power cut the name may be there: then it must say whose it was, or everybody waits until it is stale.
  if (::fsync(candidate.fd.get()) != 0) throw_errno(errno, printable(shown.native()));
  struct stat status{};
  if (::fstat(candidate.fd.get(), &status) != 0) throw_errno(errno, printable(shown.native()));
  candidate.now = status.st_mtim.tv_sec;
  return candidate;
}

/// True when `number` is ours.
bool take(const Layout& layout, Candidate& candidate, std::uint64_t number, const std::string& purpose)
{
  const auto name = std::to_string(number);
  const auto shown = layout.shown("lock/" + name);
  if (::linkat(layout.lock(), candidate.name.c_str(), layout.lock(), name.c_str(), 0) == 0) return true;
  const int why = errno;
  struct stat ours{};
  struct stat theirs{};
  if (::fstat(candidate.fd.get(), &ours) == 0 && ::fstatat(layout.lock(), name.c_str(), &theirs, AT_SYMLINK_NOFOLLOW) == 0 &&
      ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev)
    return true;  // the answer was lost, not the deed
  if (why == EEXIST) return false;
  if (why != EPERM && why != EOPNOTSUPP && why != ENOSYS && why != EMLINK) throw_errno(why, printable(shown.native()));
  Fd fd(::openat(layout.lock(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0664));
  if (!fd && errno == EEXIST) return false;
  if (!fd) throw_errno(errno, printable(shown.native()));
  write_full(fd.get(), as_bytes(holder_json(purpose)), printable(shown.native()));
  candidate.fd = std::move(fd);
  return true;
}

void remove_older(const Layout& layout, std::uint64_t number)
{
  for (const auto& entry : names_of(layout)) {
    const std::string_view name = entry.name;
    const auto own = turn_number(name.ends_with(released_suffix) ? name.substr(0, name.size() - released_suffix.size()) : name);
    if (own && *own < number) ::unlinkat(layout.lock(), entry.name.c_str(), 0);
  }
}

/// Touch `fd` now and then until asked to stop. A failure is no matter: others see an older time.
void beat(const std::stop_token& stop, int fd, std::chrono::seconds every)
{
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  while (!changed.wait_for(lock, stop, every, [&] { return stop.stop_requested(); })) static_cast<void>(::futimens(fd, nullptr));
}

/// Sees a holder over and over; says when it shows no sign of life.
class Watch {
public:
  bool is_stale(const Turn::Holder& holder, std::int64_t volume_now)
  {
    const auto now = std::chrono::steady_clock::now();
    if (holder.number != number_ || holder.touched != touched_) {
      number_ = holder.number;
      touched_ = holder.touched;
      since_ = now;
    }
    if (!holder.process.boot.empty() && holder.process.is_gone()) return true;
    // Its time may lie ahead of the volume's clock, which jumped back: then our own clock tells how long it has not moved.
    return volume_now - holder.touched > Turn::stale_after.count() || now - since_ > Turn::stale_after;
  }

private:
  std::uint64_t number_ = 0;
  std::int64_t touched_ = 0;
  std::chrono::steady_clock::time_point since_;
};

std::string describe(const Turn::Holder& holder)
{
  if (holder.process.boot.empty()) return "another process";
  return fmt::format("process {} on {} ({})", holder.process.pid, printable(holder.process.host), printable(holder.purpose));
}

}  // namespace

Turn::Turn(const Layout& layout, const std::string& purpose, std::optional<std::chrono::seconds> wait, const Task& task) : layout_(layout)
{
  const auto began = std::chrono::steady_clock::now();
  auto pause = first_poll;
  auto candidate = make_candidate(layout, purpose);
  const auto give_up = [&] { ::unlinkat(layout.lock(), candidate.name.c_str(), 0); };
  Watch watch;
  bool told = false;
  try {
    for (;;) {
      task.check();
      const auto turns = look(layout);
      const auto holder = turns.released ? std::nullopt : read_holder(layout, turns.highest);
      if (holder) {
        if (::futimens(candidate.fd.get(), nullptr) != 0) throw_errno(errno, printable(layout.shown("lock").native()));
        struct stat status{};
        if (::fstat(candidate.fd.get(), &status) != 0) throw_errno(errno, printable(layout.shown("lock").native()));
        candidate.now = status.st_mtim.tv_sec;
      }
      if (!holder || watch.is_stale(*holder, candidate.now)) {
        if (holder) log::info("{}: takes over from {}, which is gone", printable(layout.path().native()), describe(*holder));
        if (take(layout, candidate, turns.highest + 1, purpose)) {
          number_ = turns.highest + 1;
          break;
        }
        continue;
      }
      if (wait && std::chrono::steady_clock::now() - began >= *wait)
        throw Error(Errc::busy, fmt::format("{}: is being changed by {}; try later, or wait with --wait", printable(layout.path().native()),
                                            describe(*holder)));
      if (!std::exchange(told, true)) log::warn("{}: waits for {}", printable(layout.path().native()), describe(*holder));
      std::mutex mutex;
      std::condition_variable_any never;
      std::unique_lock lock(mutex);
      never.wait_for(lock, task.stop(), pause, [] { return false; });
      pause = std::min(pause * 2, longest_poll);
    }
  } catch (...) {
    give_up();
    throw;
  }
  give_up();
  file_ = std::move(candidate.fd);
  remove_older(layout, number_);
  heart_ = std::jthread([fd = file_.get()](const std::stop_token& stop) { beat(stop, fd, heartbeat); });
}

Turn::~Turn()
{
  heart_.request_stop();
  if (heart_.joinable()) heart_.join();
  const Fd released(
      ::openat(layout_.lock(), fmt::format("{}{}", number_, released_suffix).c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0664));
}

void Turn::check() const
{
  struct stat status{};
  for (const auto& name : {std::to_string(number_ + 1), fmt::format("{}{}", number_ + 1, released_suffix)}) {
    if (::fstatat(layout_.lock(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0)
      throw Error(Errc::busy, fmt::format("{}: another process took over while this one gave no sign of life; run it again",
                                          printable(layout_.path().native())));
  }
  if (::fstatat(layout_.lock(), std::to_string(number_).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
    throw Error(Errc::busy, fmt::format("{}: this process lost its turn (.cairn/lock/{} is gone); run it again",
                                        printable(layout_.path().native()), number_));
}

std::optional<Turn::Holder> Turn::holder(const Layout& layout)
{
  const auto turns = look(layout);
  return turns.released ? std::nullopt : read_holder(layout, turns.highest);
}

}  // namespace cairn::volume
