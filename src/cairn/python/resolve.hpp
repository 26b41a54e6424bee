// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/python/lock.hpp>
#include <cairn/python/offer.hpp>
#include <cairn/python/wheel_cache.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

/// From pins to wheels on this machine, each with a hash that the lock has.
namespace cairn::python {

/// Files that one source has. Any thread.
class WheelSource {
public:
  virtual ~WheelSource() = default;
  /// Of which the source's answers depend on nothing but time: kept answers are keyed by it. Empty: never kept.
  [[nodiscard]] virtual std::string key() const = 0;
  /// Files of the project, wheels and others; none when it has no such project. Throws Error{network} and others.
  [[nodiscard]] virtual std::vector<Offer> offers(const std::string& name, const Task& task) = 0;
  /// The bytes of a file that is not on this machine.
  [[nodiscard]] virtual std::unique_ptr<Source> open(const Offer& offer, const Task& task) = 0;
  /// For errors: without credentials.
  [[nodiscard]] virtual std::string shown() const = 0;
};

/// A directory with wheels in it.
[[nodiscard]] std::unique_ptr<WheelSource> directory_source(const std::filesystem::path& directory);

/// A source with the name that a lock gives it.
struct NamedSource {
  std::string name;
  std::shared_ptr<WheelSource> source;  ///< shared: two names may stand for one
};

struct Chosen {
  Pin pin;
  WheelName wheel;
  Digest digest;
  std::filesystem::path path;
  bool yanked = false;
};

/// Why a pin is no wheel.
struct Unbuilt {
  std::string name;
  std::string why;  ///< `git https://… at abc`, `only a source archive`, `no_binary`
  Pin pin{};
};

struct Resolved {
  std::vector<Chosen> wheels;    ///< by name
  std::vector<Unbuilt> unbuilt;  ///< need a build
  std::vector<std::string> warnings;
  std::size_t fetched = 0;       ///< wheels that were not here
  std::size_t asked = 0;         ///< questions to sources that are not on this machine
};

enum class Fetch { yes, no };

struct ResolveSettings {
  Fetch fetch = Fetch::yes;  ///< no: only choose; wheels that are not on this machine have no path then
  Target target;
  std::vector<NamedSource> sources;     ///< the lock's; the first stands for pins that name none
  std::vector<std::shared_ptr<WheelSource>> extra;  ///< looked at for every pin, before the others; shared by callers
  bool every_source = false;            ///< pins that name no source look at all (requirements.txt)
  std::size_t threads = 0;
};

/// Choose and, where needed, fetch a wheel for each pin. Throws Error: not_found (no such project, no wheel that fits),
/// corrupt (a hash that is not locked), bad_input (a pin without a hash), and what sources throw.
[[nodiscard]] Resolved resolve(const Lock& lock, const std::vector<Pin>& pins, const ResolveSettings& settings, WheelCache& cache,
                               const Task& task);

}  // namespace cairn::python
