// SPDX-License-Identifier: Apache-2.0
#include <cli/settings.hpp>

#include <cairn/base/error.hpp>
#include <cairn/recipe/settings_file.hpp>
#include <cli/command_line.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <string_view>

#include <sched.h>

namespace cairn::cli {
namespace {

constexpr std::uint64_t most_jobs = 1024;
constexpr std::array<std::string_view, 5> progress_names = {"auto", "bar", "plain", "json", "none"};
constexpr std::array<std::string_view, 3> log_names = {"quiet", "normal", "verbose"};
constexpr std::array<std::string_view, 2> bool_names = {"false", "true"};
constexpr std::array<std::string_view, 3> codec_names = {"zstd", "gzip", "none"};

/// Where `text` stands in `names`. Throws UsageError that begins with `what`.
template <std::size_t size>
std::size_t parse_name(const std::string& what, const std::string& text, const std::array<std::string_view, size>& names)
{
  for (std::size_t i = 0; i < size; ++i) {
    if (names[i] == text) return i;
  }
  throw UsageError(fmt::format("{}: {} is none of {}", what, printable(text), fmt::join(names, ", ")));
}

bool parse_bool(const std::string& what, const std::string& text)
{
  if (text == "1" || text == "0") return text == "1";  // as people write variables
  return parse_name(what, text, bool_names) == 1;
}

/// One setting: how a value is read (`what` names it in errors) and shown.
struct SettingSpec {
  std::string_view key;
  std::string_view variable;
  std::string_view help;
  void (*set)(Settings& settings, const std::string& what, const std::string& text, const std::string& origin);
  std::pair<std::string, std::string> (*show)(const Settings& settings);  ///< value, origin
};

const std::array<SettingSpec, 8> specs = {{
    {"store", "CAIRN_STORE", "directory of the store, an OCI image layout",
     [](Settings& s, const std::string& what, const std::string& text, const std::string& origin) {
       if (text.empty()) throw UsageError(what + ": the path is empty");
       s.store = {std::filesystem::path(text), origin};
     },
     [](const Settings& s) { return std::pair(s.store.value ? s.store.value->string() : "", s.store.origin); }},
    {"jobs", "CAIRN_JOBS", "threads that read, hash and compress",
     [](Settings& s, const std::string& what, const std::string& text, const std::string& origin) {
       s.jobs = {parse_number(what, text, 1, most_jobs), origin};
     },
     [](const Settings& s) { return std::pair(fmt::format("{}", s.jobs.value), s.jobs.origin); }},
    {"json", "CAIRN_JSON", "print results as JSON",
     [](Settings& s, const std::string& what, const std::string& text, const std::string& origin) {
       s.json = {parse_bool(what, text), origin};
     },
     [](const Settings& s) { return std::pair(std::string(bool_names[s.json.value ? 1 : 0]), s.json.origin); }},
    {"progress", "CAIRN_PROGRESS", "how progress is shown: auto, bar, plain, json, none",
     [](Settings& s, const std::string& what, const std::string& text, const std::string& origin) {
       s.progress = {static_cast<ProgressStyle>(parse_name(what, text, progress_names)), origin};
     },
     [](const Settings& s) {
       return std::pair(std::string(progress_names[static_cast<std::size_t>(s.progress.value)]), s.progress.origin);
     }},
    {"log", "CAIRN_LOG", "what is said on stderr: quiet, normal, verbose",
     [](Settings& s, const std::string& what, const std::string& text, const std::string& origin) {
       s.log = {static_cast<Verbosity>(parse_name(what, text, log_names)), origin};
     },
     [](const Settings& s) { return std::pair(std::string(log_names[static_cast<std::size_t>(s.log.value)]), s.log.origin); }},
    {"times", "CAIRN_TIMES", "print where the time of a split went",
     [](Settings& s, const std::string& what, const std::string& text, const std::string& origin) {
       s.times = {parse_bool(what, text), origin};
     },
     [](const Settings& s) { return std::pair(std::string(bool_names[s.times.value ? 1 : 0]), s.times.origin); }},
    {"compression", "CAIRN_COMPRESSION", "codec of new layers: zstd, gzip, none",
     [](Settings& s, const std::string& what, const std::string& text, const std::string& origin) {
       s.compression = {*codec_from(codec_names[parse_name(what, text, codec_names)]), origin};
     },
     [](const Settings& s) { return std::pair(std::string(name(s.compression.value)), s.compression.origin); }},
    {"level", "CAIRN_LEVEL", "level of that codec: zstd 1 to 19, gzip 1 to 12",
     [](Settings& s, const std::string& what, const std::string& text, const std::string& origin) {
       s.level = {static_cast<int>(parse_number(what, text, 0, 19)), origin};
     },
     [](const Settings& s) {
       return std::pair(fmt::format("{}", s.level.value.value_or(Compression::standard(s.compression.value).level)), s.level.origin);
     }},
}};

const SettingSpec& spec_of(std::string_view key) { return *std::ranges::find(specs, key, &SettingSpec::key); }

std::optional<std::string> variable(const char* name)
{
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;  // set to nothing means unset, as in XDG and POSIX shells' idiom
  return value;
}

/// The directory that `xdg` names, or `fallback` in the home directory. Relative ones are ignored (XDG Base Directory
/// Specification 0.8, "Environment variables").
std::optional<std::filesystem::path> base_directory(const char* xdg, const char* fallback)
{
  if (const auto named = variable(xdg); named && named->starts_with('/')) return *named;
  if (const auto home = variable("HOME"); home && home->starts_with('/')) return std::filesystem::path(*home) / fallback;
  return std::nullopt;
}

/// Processors that this process may run on: less than the machine has inside a container with a cpuset.
std::size_t processors()
{
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

void read_file(Settings& settings, const std::filesystem::path& path, recipe::SettingsAt at)
{
  const auto found = recipe::read_settings(path, at);
  if (!found) return;
  for (const auto& spec : specs) {
    const auto value = found->find(std::string(spec.key));
    if (value == found->end()) continue;
    const auto& place = value->second.place;
    try {
      spec.set(settings, fmt::format("{}: '{}'", place, spec.key), value->second.value, place);
    } catch (const UsageError& error) {
      throw Error(Errc::bad_input, error.what());
    }
  }
}

}  // namespace

std::optional<std::filesystem::path> user_file()
{
  const auto directory = base_directory("XDG_CONFIG_HOME", ".config");
  if (!directory) return std::nullopt;
  return *directory / "cairn" / "config.yaml";
}

Settings merge_settings(const Flags& flags)
{
  Settings settings;
  if (const auto data = base_directory("XDG_DATA_HOME", ".local/share")) settings.store.value = *data / "cairn" / "store";
  settings.jobs.value = processors();
  settings.json.value = false;
  settings.progress.value = ProgressStyle::automatic;
  settings.log.value = Verbosity::normal;
  settings.times.value = false;
  settings.compression.value = Compression{}.codec;

  if (const auto file = user_file()) read_file(settings, *file, recipe::SettingsAt::root);
  read_file(settings, "cairn.yaml", recipe::SettingsAt::settings);
  for (const auto& spec : specs) {
    const std::string name(spec.variable);
    if (const auto value = variable(name.c_str())) spec.set(settings, name, *value, name);
  }

  if (flags.store) spec_of("store").set(settings, "--store", *flags.store, "--store");
  if (flags.jobs) settings.jobs = {*flags.jobs, "--jobs"};
  if (flags.json) settings.json = {true, "--json"};
  if (flags.progress) spec_of("progress").set(settings, "--progress", *flags.progress, "--progress");
  if (flags.quiet && flags.verbose) throw UsageError("--quiet and --verbose exclude one another");
  if (flags.quiet) settings.log = {Verbosity::quiet, "--quiet"};
  if (flags.verbose) settings.log = {Verbosity::verbose, "--verbose"};
  return settings;
}

std::vector<SettingRow> list_settings(const Settings& settings)
{
  std::vector<SettingRow> rows;
  for (const auto& spec : specs) {
    auto [value, origin] = spec.show(settings);
    rows.push_back({std::string(spec.key), std::move(value), std::move(origin), std::string(spec.help)});
  }
  return rows;
}

}  // namespace cairn::cli
