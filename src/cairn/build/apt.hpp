// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/os/lock.hpp>
#include <cairn/recipe/base_file.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// What this machine's apt sources offer for a suite, asked without touching what apt keeps of this machine. For the room's own use.
namespace cairn::build {

/// A suite that the machine has a source for.
struct AptSource {
  std::string release;    ///< `bookworm-updates`
  std::string uri;
  std::string signed_by;  ///< may be empty
};

/// The machine's sources, component main, in apt's order. Throws Error{not_found} when apt-get is missing.
[[nodiscard]] std::vector<AptSource> machine_apt_sources(const Task& task);

/// One-line entries (sources.list(5)).
[[nodiscard]] std::string sources_list(const std::vector<AptSource>& sources);

/// apt with lists, caches and status of its own in `directory`; the way to the archives (proxies, credentials, keys) is the machine's.
/// Held locked while it lives. One thread at a time, but for `download`.
class Apt {
public:
  /// Throws Error{not_found} when the machine has no source for `suite`.
  Apt(std::filesystem::path directory, std::string suite, const Task& task);

  [[nodiscard]] std::string architecture(const Task& task) const;
  /// Fetch the lists.
  void update(const Task& task) const;
  /// All that a system of what the suite must have, apt and `packages` has; sorted by name. Throws Error{not_found} naming what nobody has.
  [[nodiscard]] std::vector<recipe::LockedPackage> resolve(const std::vector<std::string>& packages, const Task& task) const;

  struct Place {
    std::string uri;
    recipe::LockedPackage package;
  };
  /// Where exactly these packages are. Throws Error{not_found} naming one that is gone, and the version that is there.
  [[nodiscard]] std::vector<Place> locate(const std::vector<recipe::LockedPackage>& packages, const Task& task) const;
  /// Fetch each to `directory`/<sha256>.deb; what is not there afterwards, or not right, is for the caller to see. Any thread.
  void download(const std::vector<Place>& places, const std::filesystem::path& directory, const Task& task) const;

private:
  [[nodiscard]] std::vector<std::string> command(const std::string& program, const std::vector<std::string>& arguments) const;
  [[nodiscard]] std::vector<recipe::LockedPackage> known(const std::vector<std::string>& names, const Task& task) const;
  [[nodiscard]] std::string nearest(const std::string& name, const Task& task) const;

  std::filesystem::path directory_;
  std::string suite_;
  FileLock lock_;
};

/// The stanzas of `apt-cache show` that name a file. Throws Error{tool} for what has no name, version, SHA256 or size.
[[nodiscard]] std::vector<recipe::LockedPackage> parse_stanzas(std::string_view text);
/// `name=version` of each line `Inst NAME (VERSION …` of a simulated installation.
[[nodiscard]] std::vector<std::string> parse_simulation(std::string_view text);

}  // namespace cairn::build
