// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/http/client.hpp>
#include <cairn/python/entry_point.hpp>
#include <cairn/python/resolve.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// From what a caller wants to the wheels' sources: a lock, the target it is read for, and where its wheels are looked for.
namespace cairn::stack {

/// What is said about a lock and its target besides the lock.
struct Request {
  std::optional<std::string> python;  ///< `3.11` or `3.11.2`; nothing: what the lock says
  python::Target target{};            ///< its Python is set by `open_lock`
  python::PipVersion pip{};
  std::vector<std::string> wheels;    ///< directories that are looked at first
  std::vector<std::string> index;     ///< URLs, where the lock names no source
  std::vector<std::string> groups;
  std::vector<std::string> extras;
};

/// A lock with all that is said about it.
struct OpenLock {
  python::Lock lock;
  python::LockOptions options;
  python::Target target;
  python::PipVersion pip;
  std::vector<python::Pin> pins;  ///< of this target
};

/// Read LOCK (a file, or a directory that has one). Throws Error: what python::read_lock and python::select do; bad_input when
/// neither lock nor request name a Python.
[[nodiscard]] OpenLock open_lock(const Request& request, const std::string& lock);

/// The sources of the lock, or else those of `request.index`, PIP_INDEX_URL and pip's configuration files. These stand in, too, for
/// a source `${CAIRN_PYTHON_INDEX}` while that is not set; where there are none, asking it is Error{bad_input} that says what to set.
struct Sources {
  Sources();
  ~Sources();
  Sources(Sources&&) noexcept = default;
  Sources& operator=(Sources&&) = delete;
  std::unique_ptr<http::Client> client;  ///< of the sources that are no directories; none: nothing can be asked
  python::ResolveSettings settings{};
};
[[nodiscard]] Sources open_sources(const Request& request, const OpenLock& lock, std::size_t threads);

/// The URL of the first source that `open_sources` would take, for another program; nothing when there is none, when a variable in it is not
/// set, or for a directory.
[[nodiscard]] std::optional<std::string> first_index(const Request& request, const python::Lock& lock);

/// Where wheels are kept: CAIRN_WHEEL_CACHE, or `cairn/wheels` in the user's cache directory.
[[nodiscard]] std::filesystem::path wheel_cache_path();

/// `3 packages have no wheel: kfp 2.1 (…)…` with the next step.
[[nodiscard]] std::string unbuilt_text(const std::vector<python::Unbuilt>& unbuilt);

}  // namespace cairn::stack
