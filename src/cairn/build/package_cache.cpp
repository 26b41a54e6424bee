// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/package_cache.hpp>

#include <cairn/base/error.hpp>
#include <cairn/build/apt.hpp>
#include <cairn/io/file.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/os/parallel.hpp>
#include <cairn/os/temp.hpp>

#include <fmt/format.h>

#include <array>
#include <system_error>

namespace cairn::build {
namespace {

constexpr std::size_t streams = 6;  // one archive serves several connections faster than one

/// Whether `file` holds exactly that package.
bool is_package(const std::filesystem::path& file, const recipe::LockedPackage& package)
{
  std::error_code none;
  if (std::filesystem::file_size(file, none) != package.size_bytes || none) return false;
  FileSource source(file);
  DigestSink hash;
  copy(source, hash);
  return hash.finish().hex() == package.sha256;
}

}  // namespace

std::filesystem::path cached_package(const std::filesystem::path& cache, const recipe::LockedPackage& package)
{
  return cache / (package.sha256 + ".deb");
}

std::filesystem::path apt_directory(const std::filesystem::path& cache, const std::string& suite) { return cache / ("apt-" + suite); }

void fetch_packages(const recipe::BaseLock& lock, const std::filesystem::path& cache, std::size_t threads, const Task& task)
{
  std::filesystem::create_directories(cache);
  std::vector<char> is_there(lock.packages.size());  // not bool: threads write neighbours
  parallel_for(lock.packages.size(), thread_count(threads),
               [&](std::size_t i) { is_there[i] = is_package(cached_package(cache, lock.packages[i]), lock.packages[i]) ? 1 : 0; });
  std::vector<recipe::LockedPackage> missing;
  for (std::size_t i = 0; i < is_there.size(); ++i)
    if (is_there[i] == 0) missing.push_back(lock.packages[i]);
  if (missing.empty()) return;

  const Apt apt(apt_directory(cache, lock.suite), lock.suite, task);
  apt.update(task);
  const auto places = apt.locate(missing, task);
  std::uint64_t total_bytes = 0;
  for (const auto& one : missing) total_bytes += one.size_bytes;
  const auto step = task.step(fmt::format("fetch {} packages", missing.size()), total_bytes);
  const TempDir arrived(cache);
  std::array<std::vector<Apt::Place>, streams> shares;
  for (std::size_t i = 0; i < places.size(); ++i) shares.at(i % streams).push_back(places[i]);
  parallel_for(streams, streams, [&](std::size_t i) {
    if (shares.at(i).empty()) return;
    apt.download(shares.at(i), arrived.path(), step);
    for (const auto& [uri, package] : shares.at(i)) {
      const auto file = cached_package(arrived.path(), package);
      if (!is_package(file, package))
        throw Error(Errc::corrupt, fmt::format("{} {}: what came has other bytes than the lock says", package.name, printable(package.version)));
      std::filesystem::rename(file, cached_package(cache, package));
      step.advance(package.size_bytes);
    }
  });
}

}  // namespace cairn::build
