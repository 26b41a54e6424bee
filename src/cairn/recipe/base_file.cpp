// SPDX-License-Identifier: Apache-2.0
#include <cairn/recipe/base_file.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/temp.hpp>
#include <cairn/recipe/yaml.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace cairn::recipe {
namespace {

constexpr std::string_view lower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view digits = "0123456789";
constexpr std::uint64_t largest_id = 4'294'967'294;

bool consists_of(std::string_view text, std::initializer_list<std::string_view> sets)
{
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return std::ranges::any_of(sets, [c](std::string_view set) { return set.find(c) != std::string_view::npos; });
  });
}

/// deb-control(5), "Package".
std::string package_name(const Yaml& value)
{
  const auto& name = value.word();
  if (name.size() < 2 || !consists_of(name, {lower, digits, "+-."}) || name.front() == '-' || name.front() == '+' || name.front() == '.')
    value.fail(fmt::format("{} is no name of a Debian package", printable(name)));
  return name;
}

std::string suite_name(const Yaml& value)
{
  const auto& name = value.word();
  if (!consists_of(name, {lower, digits, "-"})) value.fail(fmt::format("{} is no suite, as in 'bookworm'", printable(name)));
  return name;
}

std::string absolute_path(const Yaml& value)
{
  const auto& path = value.word();
  if (!path.starts_with('/') || path == "/") value.fail(fmt::format("{} is not an absolute path below /", printable(path)));
  const bool is_plain = path.find("//") == std::string::npos && (path + '/').find("/./") == std::string::npos &&
                        (path + '/').find("/../") == std::string::npos && !path.ends_with('/');
  if (!is_plain) value.fail(fmt::format("{} has an empty component, '.' or '..'; write the plain path", printable(path)));
  return path;
}

template <class Read>
std::vector<std::string> once_each(const std::optional<Yaml>& list, const Read& read)
{
  std::vector<std::string> out;
  if (!list) return out;
  std::set<std::string> seen;
  for (const auto& value : list->list()) {
    out.push_back(read(value));
    if (!seen.insert(out.back()).second) value.fail(fmt::format("{} is here twice", printable(out.back())));
  }
  return out;
}

/// For `users`: what would break the line of /etc/passwd.
std::string field(const Yaml& value)
{
  const auto& text = value.word();
  if (text.find_first_of(":,\n") != std::string::npos) value.fail(fmt::format("{} has a character that passwd(5) has not", printable(text)));
  return text;
}

std::vector<BaseUser> users(const std::optional<Yaml>& list)
{
  std::vector<BaseUser> out;
  if (!list) return out;
  for (const auto& value : list->list()) {
    value.check_keys({"name", "uid", "gid", "home", "shell"});
    BaseUser user;
    user.name = field(value.at("name"));
    user.uid = static_cast<std::uint32_t>(value.at("uid").uint64(1, largest_id));
    user.gid = static_cast<std::uint32_t>(value.at("gid").uint64(0, largest_id));
    user.home = absolute_path(value.at("home"));
    (void)field(value.at("home"));
    if (const auto shell = value.find("shell")) user.shell = absolute_path(*shell);
    if (std::ranges::any_of(out, [&](const auto& other) { return other.name == user.name; }))
      value.fail(fmt::format("{} is here twice", printable(user.name)));
    out.push_back(std::move(user));
  }
  return out;
}

DebianBase debian(const Yaml& value)
{
  value.check_keys({"suite", "packages", "remove", "users"});
  DebianBase out;
  out.suite = suite_name(value.at("suite"));
  out.packages = once_each(value.find("packages"), package_name);
  out.removed = once_each(value.find("remove"), absolute_path);
  out.users = users(value.find("users"));
  return out;
}

ImageBase image(const Yaml& value)
{
  constexpr std::string_view marker = "@sha256:";
  constexpr std::size_t hex_digits = 64;
  const auto& reference = value.word();
  const auto at = reference.find(marker);
  if (at == std::string::npos)
    value.fail(fmt::format("{} has no digest; write NAME@sha256:… ('cairn inspect' shows it), or the base is another one tomorrow", printable(reference)));
  const auto hex = std::string_view(reference).substr(at + marker.size());
  if (hex.size() != hex_digits || !consists_of(hex, {"abcdef", digits}))
    value.fail(fmt::format("{} does not end in a SHA-256 digest of 64 digits", printable(reference)));
  if (consists_of(hex, {"0"}))
    value.fail("has only a placeholder for the digest; put in the one that your registry gives ('cairn inspect' shows it)");
  return {reference};
}

std::string containerfile(const Yaml& value)
{
  const auto& path = value.word();
  const auto dotted = '/' + path + '/';
  if (path.starts_with('/') || dotted.find("/../") != std::string::npos || dotted.find("//") != std::string::npos)
    value.fail(fmt::format("{} does not lie beside this file", printable(path)));
  return path;
}

}  // namespace

BaseFile BaseFile::read(const std::filesystem::path& directory)
{
  const auto document = YamlDocument::read(directory / base_file_name);
  const auto root = document.root();
  root.check_keys({"description", "debian", "image", "containerfile", "env"});
  BaseFile out;
  out.directory = directory;
  if (const auto value = root.find("description")) out.description = value->string();
  const auto from_debian = root.find("debian");
  const auto from_image = root.find("image");
  const auto from_containerfile = root.find("containerfile");
  if (int{from_debian.has_value()} + int{from_image.has_value()} + int{from_containerfile.has_value()} != 1)
    root.fail("says what the base is made of by exactly one of 'debian', 'image', 'containerfile'");
  if (from_debian) out.source = debian(*from_debian);
  if (from_image) out.source = image(*from_image);
  if (from_containerfile) out.source = ContainerfileBase{containerfile(*from_containerfile)};
  if (const auto value = root.find("env")) {
    out.env = value->string_map();
    for (const auto& [name, member] : value->map())
      if (name.empty() || name.find('=') != std::string::npos) member.fail(fmt::format("{} is no name of a variable", printable(name)));
  }
  return out;
}

std::optional<BaseLock> BaseLock::read(const std::filesystem::path& directory)
{
  constexpr std::size_t hex_digits = 64;
  const auto path = directory / base_lock_name;
  if (!std::filesystem::exists(path)) return std::nullopt;
  const auto document = YamlDocument::read(path);
  const auto root = document.root();
  root.check_keys({"suite", "architecture", "asked", "packages"});
  BaseLock out;
  out.suite = suite_name(root.at("suite"));
  out.architecture = root.at("architecture").word();
  out.asked = once_each(root.find("asked"), package_name);
  for (const auto& value : root.at("packages").list()) {
    value.check_keys({"name", "version", "architecture", "sha256", "size"});
    LockedPackage package{package_name(value.at("name")), value.at("version").word(), value.at("architecture").word(),
                          value.at("sha256").word(), value.at("size").uint64()};
    if (package.sha256.size() != hex_digits || !consists_of(package.sha256, {"abcdef", digits}))
      value.at("sha256").fail("is no SHA-256 of 64 digits");
    if (!out.packages.empty() && out.packages.back().name >= package.name) value.fail("is not in order of names; run 'cairn base lock' again");
    out.packages.push_back(std::move(package));
  }
  std::ranges::sort(out.asked);
  return out;
}

void BaseLock::write(const std::filesystem::path& directory) const
{
  auto text = fmt::format("# Every package of this base. Written by 'cairn base lock'; the packages themselves come from the machine's own sources.\n"
                          "suite: {}\narchitecture: {}\nasked: [{}]\npackages:\n",
                          suite, architecture, fmt::join(asked, ", "));
  for (const auto& one : packages)
    text += fmt::format("  - {{name: {}, version: \"{}\", architecture: {}, sha256: \"{}\", size: {}}}\n", one.name, one.version, one.architecture,
                        one.sha256, one.size_bytes);
  write_file_atomically(directory / base_lock_name, text, Flush::no);
}

}  // namespace cairn::recipe
