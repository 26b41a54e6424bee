// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/http/client.hpp>
#include <cairn/python/entry_point.hpp>
#include <cairn/python/resolve.hpp>
#include <cli/command_line.hpp>
#include <cli/program.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cairn::cli {

/// What may be said about a lock and its target on the command line: the same for `python` and `lock`.
struct PythonOptions {
  std::optional<std::string> python;
  std::optional<std::string> platform;
  std::optional<std::string> glibc;
  std::optional<std::string> pip;
  std::optional<std::string> platform_release;
  std::vector<std::string> wheels;
  std::vector<std::string> index;
  std::vector<std::string> groups;
  std::vector<std::string> extras;
};

void add_python_options(Command& command, PythonOptions& options);

/// A lock with all that is said about it.
struct OpenLock {
  python::Lock lock;
  python::LockOptions options;
  python::Target target;
  python::PipVersion pip;
  std::vector<python::Pin> pins;  ///< of this target
};

/// Read LOCK (a file, or a directory that has one). Throws UsageError for options that make no sense, Error for the lock.
[[nodiscard]] OpenLock open_lock(const PythonOptions& options, const std::string& lock);

/// The sources of the lock, or else those of `--index`, PIP_INDEX_URL and pip's configuration files.
struct Sources {
  Sources();
  ~Sources();
  Sources(Sources&&) noexcept = default;
  Sources& operator=(Sources&&) = delete;
  std::unique_ptr<http::Client> client;  ///< of the sources that are no directories; none: nothing can be asked
  python::ResolveSettings settings{};
};
[[nodiscard]] Sources open_sources(const PythonOptions& options, const OpenLock& lock, Program& program);

/// Where wheels are kept: CAIRN_WHEEL_CACHE, or `cairn/wheels` in the user's cache directory.
[[nodiscard]] std::filesystem::path wheel_cache_path();

/// `3 packages have no wheel: kfp 2.1 (…)…` with the next step.
[[nodiscard]] std::string unbuilt_text(const std::vector<python::Unbuilt>& unbuilt);

}  // namespace cairn::cli
