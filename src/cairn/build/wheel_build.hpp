// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/build/container.hpp>
#include <cairn/python/resolve.hpp>
#include <cairn/stack/request.hpp>

#include <string>
#include <vector>

/// Packages that no source has a wheel of.
namespace cairn::build {

struct WheelBuild {
  const image::Image& base;    ///< in the store; brings Python, pip (or Debian's wheel of it) and what compiling takes
  std::string prefix;          ///< of a virtual environment whose Python and pip are asked first
  const stack::Request& request;
  const stack::OpenLock& lock;
  bool uses_records = true;    ///< false: build again what is known
  Isolation isolation = Isolation::automatic;
};

/// A wheel that was built, and what its build needed, as `setuptools 80.9.0`.
struct BuiltWheel {
  python::Chosen wheel;
  std::vector<std::string> requirements;
};

/// Build them one by one in containers of the base, with the network: archives only with a hash of the lock, repositories at the lock's
/// commit, directories as they lie there. Of what their builds need the lock's versions are taken where it has any. A wheel is kept in
/// `cache` and known by base and inputs, so that it is built once. Throws Error{unsupported} that lists the packages when there is no
/// buildah; Error{tool} with pip's last lines; Error{corrupt} for anything but one wheel of that package.
[[nodiscard]] std::vector<BuiltWheel> build_wheels(const std::vector<python::Unbuilt>& packages, const WheelBuild& build, python::WheelCache& cache,
                                                   store::Store& store, const Task& task);

/// Put them, one for each that is unbuilt, among those that `resolved` has, with a warning for each that says how it was built; none is unbuilt then.
void add_built(python::Resolved& resolved, std::vector<BuiltWheel> built);

}  // namespace cairn::build
