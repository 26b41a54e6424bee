// SPDX-License-Identifier: Apache-2.0
#include <cairn/image/reference.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

#include <array>

namespace cairn::image {
namespace {

constexpr std::string_view layout_start = "oci:";
constexpr std::string_view archive_start = "oci-archive:";
constexpr std::string_view docker_archive_start = "docker-archive:";
constexpr std::string_view storage_start = "containers-storage:";
constexpr std::string_view registry_start = "docker://";
constexpr std::array<std::string_view, 5> other_transports{"dir:", "docker-daemon:", "ostree:", "sif:", "tarball:"};

Reference with_path(Reference::Kind kind, std::string_view text, std::string_view start)
{
  const auto rest = text.substr(start.size());
  const auto colon = rest.find(':');
  Reference reference{kind, std::filesystem::path(rest.substr(0, colon)), {}};
  if (reference.path.empty()) throw Error(Errc::bad_input, fmt::format("{}: no path after '{}'", printable(text), start));
  if (colon == std::string_view::npos) return reference;
  reference.name = rest.substr(colon + 1);
  if (reference.name.empty()) throw Error(Errc::bad_input, fmt::format("{}: no name after the last colon", printable(text)));
  return reference;
}

}  // namespace

Reference Reference::parse(std::string_view text)
{
  if (text.starts_with(layout_start)) return with_path(Kind::oci_layout, text, layout_start);
  if (text.starts_with(archive_start)) return with_path(Kind::oci_archive, text, archive_start);
  if (text.starts_with(docker_archive_start)) return with_path(Kind::docker_archive, text, docker_archive_start);
  if (text.starts_with(storage_start)) {
    const auto rest = text.substr(storage_start.size());
    if (rest.empty()) throw Error(Errc::bad_input, fmt::format("{}: no image after '{}'", printable(text), storage_start));
    return {Kind::containers_storage, {}, std::string(rest)};
  }
  for (const auto transport : other_transports)
    if (text.starts_with(transport))
      throw Error(Errc::unsupported, fmt::format("{}: transport '{}' is not supported; use a tag of the store, oci:, oci-archive:, "
                                                 "docker-archive:, containers-storage: or docker://",
                                                 printable(text), transport));
  if (text.starts_with(registry_start)) {
    const auto rest = text.substr(registry_start.size());
    if (rest.empty()) throw Error(Errc::bad_input, fmt::format("{}: no image after 'docker://'", printable(text)));
    return {Kind::registry, {}, std::string(rest)};
  }
  if (text.empty()) throw Error(Errc::bad_input, "an image name needs at least one character");
  return {Kind::store, {}, std::string(text)};
}

std::string Reference::str() const
{
  const auto tail = name.empty() ? std::string() : ":" + name;
  switch (kind) {
    case Kind::store: return name;
    case Kind::oci_layout: return fmt::format("{}{}{}", layout_start, path.native(), tail);
    case Kind::oci_archive: return fmt::format("{}{}{}", archive_start, path.native(), tail);
    case Kind::docker_archive: return fmt::format("{}{}{}", docker_archive_start, path.native(), tail);
    case Kind::containers_storage: return fmt::format("{}{}", storage_start, name);
    case Kind::registry: return fmt::format("{}{}", registry_start, name);
  }
  return name;
}

std::string without_transport(const std::string& text)
{
  return text.starts_with(registry_start) ? text.substr(registry_start.size()) : text;
}

}  // namespace cairn::image
