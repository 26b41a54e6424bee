// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/lease.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/volume/small_file.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cairn::volume {
namespace {

void beat(const std::stop_token& stop, int fd)
{
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  while (!changed.wait_for(lock, stop, Lease::heartbeat, [&] { return stop.stop_requested(); })) static_cast<void>(::futimens(fd, nullptr));
}

/// The volume's clock: the time of a file made now. Nothing where none can be made.
std::optional<std::int64_t> volume_time(const Layout& layout)
{
  const auto name = ".tmp-" + random_name();
  const Fd fd(::openat(layout.leases(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0664));
  if (!fd) return std::nullopt;
  struct stat status{};
  const bool known = ::fstat(fd.get(), &status) == 0;
  ::unlinkat(layout.leases(), name.c_str(), 0);
  return known ? std::optional(status.st_mtim.tv_sec) : std::nullopt;
}

}  // namespace

Lease::Lease(const Layout& layout, const std::string& purpose) : layout_(layout), name_(random_name() + ".json")
{
  // The generation may be replaced between reading its name and writing the lease: then the lease must be on the new one.
  for (;;) {
    const auto current = layout.current();
    if (!current) throw Error(Errc::not_found, fmt::format("{}: holds no generation yet", printable(layout.path().native())));
    generation_ = *current;
    oci::JsonWriter json;
    json.begin_object().member("generation", generation_).member("purpose", purpose);
    Process::self().write(json);
    json.end_object();
    replace_file(layout.leases(), name_, json.finish(), layout.shown("leases/" + name_));
    if (layout.current() == current) break;
  }
  file_ = open_at(layout.leases(), name_, O_WRONLY, 0, layout.shown("leases/" + name_));
  heart_ = std::jthread([fd = file_.get()](const std::stop_token& stop) { beat(stop, fd); });
}

Lease::~Lease()
{
  heart_.request_stop();
  if (heart_.joinable()) heart_.join();
  ::unlinkat(layout_.leases(), name_.c_str(), 0);
}

std::vector<LeaseInfo> leases(const Layout& layout)
{
  std::vector<LeaseInfo> found;
  const auto shown = layout.shown("leases");
  const auto dir = open_beneath(layout.leases(), "", O_RDONLY | O_DIRECTORY, shown);
  std::optional<std::int64_t> now;
  for (const auto& entry : list_directory(dir.get(), shown)) {
    if (!entry.name.ends_with(".json")) continue;
    struct stat status{};
    if (::fstatat(dir.get(), entry.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    try {
      const auto text = read_file(dir.get(), entry.name, shown / entry.name);
      if (!text) continue;
      const auto document = oci::JsonDocument::parse(*text, shown / entry.name);
      LeaseInfo lease{entry.name, std::string(document.root().at("generation").string()), Process::read(document.root()),
                      std::string(document.root().at("purpose").string()), false};
      if (!now) now = volume_time(layout);
      lease.stale = lease.process.is_gone() || (now && *now - status.st_mtim.tv_sec > Lease::stale_after.count());
      found.push_back(std::move(lease));
    } catch (const Error&) {
      continue;  // of a newer cairn, or not ours: it holds nothing
    }
  }
  return found;
}

}  // namespace cairn::volume
