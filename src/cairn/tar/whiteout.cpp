// SPDX-License-Identifier: Apache-2.0
#include <cairn/tar/whiteout.hpp>

#include <cairn/base/error.hpp>

#include <string_view>

namespace cairn::tar {
namespace {

constexpr std::string_view opaque = ".wh..wh..opq";

bool has_prefixed_component(std::string_view path)
{
  return path.starts_with(whiteout_prefix) || path.find("/.wh.") != std::string_view::npos;
}

[[noreturn]] void refuse(const char* why) { throw Error(Errc::bad_input, why); }

}  // namespace

std::optional<Whiteout> whiteout_of(const Entry& entry)
{
  const std::string_view path = entry.path;
  const auto slash = path.rfind('/');
  const auto name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  const auto directory = path.substr(0, slash == std::string_view::npos ? 0 : slash);
  if (has_prefixed_component(directory)) refuse("lies below a whiteout");
  if (!name.starts_with(whiteout_prefix)) {
    if (entry.type == Type::hard_link && has_prefixed_component(entry.link)) refuse("hard link to a whiteout");
    return std::nullopt;
  }
  if ((entry.type != Type::file && entry.type != Type::hard_link) || entry.size_bytes != 0) refuse("whiteout is not an empty file");
  if (name == opaque) return Whiteout{Whiteout::Hides::content, std::string(directory)};
  const auto hidden = name.substr(whiteout_prefix.size());
  if (hidden.empty() || hidden == "." || hidden == "..") refuse("whiteout names no entry");
  if (hidden.starts_with(whiteout_prefix)) refuse("whiteout metadata of AUFS is not accepted");
  return Whiteout{Whiteout::Hides::path, directory.empty() ? std::string(hidden) : std::string(directory) + "/" + std::string(hidden)};
}

Entry whiteout_entry(const Whiteout& whiteout)
{
  Entry entry;
  const std::string& path = whiteout.path;
  if (whiteout.hides == Whiteout::Hides::content) {
    entry.path = path.empty() ? std::string(opaque) : path + "/" + std::string(opaque);
  } else {
    const auto name = path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1;
    entry.path = path.substr(0, name) + std::string(whiteout_prefix) + path.substr(name);
  }
  return entry;
}

}  // namespace cairn::tar
