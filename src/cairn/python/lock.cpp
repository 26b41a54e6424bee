// SPDX-License-Identifier: Apache-2.0
#include <cairn/python/lock.hpp>

#include <cairn/base/error.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/python/lock_formats.hpp>
#include <cairn/python/specifier.hpp>
#include <cairn/python/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace cairn::python {
namespace {

bool is_pylock_name(std::string_view name)
{
  if (!name.starts_with("pylock.") || !name.ends_with("toml")) return false;
  if (name == "pylock.toml") return true;
  const auto middle = name.substr(7, name.size() - 7 - 5);
  return name.ends_with(".toml") && !middle.empty() && middle.find('.') == std::string_view::npos;
}

std::string percent_encoded(std::string_view text)
{
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) out += c;
    else out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return out;
}

/// One pin for each name: equal ones are merged, others are refused.
void add_selected(std::map<std::string, Pin>& selected, const Pin& pin, const std::string& what)
{
  const auto [at, is_new] = selected.try_emplace(pin.name, pin);
  if (is_new) return;
  const auto& other = at->second;
  if (other.version != pin.version || other.hashes != pin.hashes || other.needs_build != pin.needs_build)
    throw Error(Errc::bad_input, fmt::format("{}: {} is pinned twice for this target, at {} and {}", what, pin.name,
                                             other.version ? other.version->str() : "?", pin.version ? pin.version->str() : "?"));
}

}  // namespace

std::filesystem::path find_lock(const std::filesystem::path& file)
{
  std::error_code ignored;
  if (!std::filesystem::is_directory(file, ignored)) return file;
  for (const auto* name : {"pylock.toml", "Pipfile.lock", "requirements.txt"})
    if (std::filesystem::exists(file / name, ignored)) return file / name;
  throw Error(Errc::not_found,
              fmt::format("{}: has no pylock.toml, Pipfile.lock or requirements.txt; name the lock", printable(file.string())));
}

Lock read_lock(const std::filesystem::path& file, const LockOptions& options)
{
  const auto what = printable(file.filename().string());
  const auto text = read_small_file(file, lock_limit_bytes);
  const auto name = file.filename().string();
  Lock lock;
  lock.file = file;
  if (name == "Pipfile.lock" || name.ends_with(".lock")) read_pipfile_lock(lock, text, what, options);
  else if (is_pylock_name(name)) read_pylock(lock, text, what, options);
  else read_requirements(lock, text, what);
  std::ranges::stable_sort(lock.pins, {}, &Pin::name);
  return lock;
}

std::vector<Pin> select(const Lock& lock, const LockOptions& options, const Target& target)
{
  const auto what = printable(lock.file.filename().string());
  auto environment = target.environment();
  environment.emplace("extra", "");
  environment.emplace("extras", std::set<std::string>(options.extras.begin(), options.extras.end()));
  environment.emplace("dependency_groups", std::set<std::string>(options.groups.begin(), options.groups.end()));
  const auto holds = [&](const std::string& marker, const std::string& name) {
    const auto parsed = Marker::parse(marker);
    const auto variables = parsed.variables();
    for (const auto* variable : {"platform_release", "platform_version"})
      if (variables.contains(variable) && !environment.contains(variable))
        throw Error(Errc::bad_input,
                    fmt::format("{}: {}: marker {} asks for the kernel, which an image has not{}", what, name, printable(marker),
                                std::string_view(variable) == "platform_release" ? "; name one with --platform-release" : ""));
    return in_context([&] { return fmt::format("{}: {}", what, name); }, [&] { return parsed.holds(environment); });
  };
  const auto check = [&](const std::string& specifiers, const std::string& name) {
    if (specifiers.empty()) return;
    const auto parsed = parse_specifiers(specifiers);
    if (!parsed)
      throw Error(Errc::bad_input,
                  fmt::format("{}: {}: requires-python {} is no set of version clauses", what, name, printable(specifiers)));
    const auto version = target.full_version.empty() ? target.python() + ".9999" : target.full_version;
    if (!contains(*parsed, *Version::parse(version)))
      throw Error(Errc::bad_input, fmt::format("{}: {} requires Python {}, this stack is for {}", what, name, printable(specifiers),
                                               target.full_version.empty() ? target.python() : target.full_version));
  };
  check(lock.requires_python, "the lock");
  if (!lock.environments.empty() &&
      std::ranges::none_of(lock.environments, [&](const std::string& marker) { return holds(marker, "environments"); }))
    throw Error(Errc::bad_input, fmt::format("{}: none of its environments is this target: {}", what, fmt::join(lock.environments, " | ")));
  if (!lock.python.empty()) {
    const auto& known = target.full_version.empty() ? target.python() : target.full_version;
    const bool full = std::ranges::count(lock.python, '.') > 1;
    if (full ? !target.full_version.empty() && target.full_version != lock.python : target.python() != lock.python)
      throw Error(Errc::bad_input, fmt::format("{}: was made for Python {}, this stack is for {}; lock anew, or choose with --python", what,
                                               lock.python, known));
  }
  std::map<std::string, Pin> selected;
  for (const auto& pin : lock.pins) {
    if (!pin.marker.empty() && !holds(pin.marker, pin.name)) continue;
    check(pin.requires_python, pin.name);
    add_selected(selected, pin, what);
  }
  std::vector<Pin> pins;
  for (auto& [name, pin] : selected) pins.push_back(std::move(pin));
  return pins;
}

std::string expand_source(const PackageSource& source, const std::function<std::optional<std::string>(const std::string&)>& variable)
{
  const auto expand = [&](std::string_view text, bool is_secret) {
    return expand_variables(text, [&](const std::string& name) -> std::optional<std::string> {
      const auto value = variable(name);
      if (!value && text.find("${" + name + ":-") == std::string_view::npos)
        throw Error(Errc::bad_input,
                    fmt::format("source {}: its URL needs the variable {}, which is not set", printable(source.name), name));
      return value && is_secret ? percent_encoded(*value) : value;
    });
  };
  const auto scheme = source.url.find("://");
  if (scheme == std::string::npos) return expand(source.url, false);
  const auto end = source.url.find('/', scheme + 3);
  const auto at = source.url.rfind('@', end);
  if (at == std::string::npos || at < scheme) return expand(source.url, false);
  return source.url.substr(0, scheme + 3) + expand(std::string_view(source.url).substr(scheme + 3, at - scheme - 3), true) +
         expand(std::string_view(source.url).substr(at), false);
}

}  // namespace cairn::python
