// SPDX-License-Identifier: Apache-2.0
#include <cairn/layer/bytecode.hpp>

#include <cairn/base/error.hpp>
#include <cairn/layer/contents.hpp>
#include <cairn/io/siphash.hpp>
#include <cairn/os/beneath.hpp>

#include <cerrno>
#include <cstring>

#include <fcntl.h>

namespace cairn::layer {
namespace {

std::uint32_t word(const PycHeader& header, std::size_t at)
{
  std::uint32_t value = 0;
  std::memcpy(&value, header.data() + at, sizeof value);
  return value;
}

/// The number that Lib/importlib/_bootstrap_external.py lists: 3390 is the first with a flags field (3.7a), Python 2's
/// lie above 20000.
std::optional<std::uint32_t> magic_number(const PycHeader& header)
{
  constexpr std::uint32_t first_with_flags = 3390;
  constexpr std::uint32_t python2 = 20000;
  const auto magic = word(header, 0);
  if (magic >> 16 != 0x0a0d) return std::nullopt;
  const auto number = magic & 0xffff;
  if (number < first_with_flags || number >= python2) return std::nullopt;
  return number;
}

}  // namespace

std::optional<PycTimestamp> pyc_timestamp(const PycHeader& header)
{
  if (!magic_number(header) || word(header, 4) != 0) return std::nullopt;
  return PycTimestamp{word(header, 8), word(header, 12)};
}

std::optional<std::string> pyc_source_name(std::string_view pyc_name)
{
  if (!pyc_name.ends_with(".pyc")) return std::nullopt;
  // PEP 3147: NAME.TAG.pyc, PEP 488: NAME.TAG.opt-LEVEL.pyc; NAME itself may hold dots.
  pyc_name.remove_suffix(4);
  auto dot = pyc_name.rfind('.');
  if (dot != std::string_view::npos && pyc_name.substr(dot + 1).starts_with("opt-")) {
    pyc_name = pyc_name.substr(0, dot);
    dot = pyc_name.rfind('.');
  }
  if (dot == std::string_view::npos || dot == 0) return std::nullopt;
  return std::string(pyc_name.substr(0, dot)) + ".py";
}

PycHeader unchecked_header(const PycHeader& header, std::span<const std::byte> source)
{
  constexpr std::uint32_t first_of_3_11 = 3450;  // SipHash-1-3 since 3.11, 2-4 before
  const auto magic = word(header, 0);
  const int compression = (magic & 0xffff) >= first_of_3_11 ? 1 : 2;
  const int finalization = compression == 1 ? 3 : 4;
  const std::uint64_t hash = siphash(compression, finalization, magic, 0, source);
  PycHeader out = header;
  constexpr std::uint32_t unchecked_hash = 1;
  std::memcpy(out.data() + 4, &unchecked_hash, 4);
  std::memcpy(out.data() + 8, &hash, 8);
  return out;
}

std::vector<std::string> mark_bytecode(int tree, Contents& contents, const Task& task)
{
  std::vector<std::string> stale;
  auto open_parent = Item::none;
  Fd cache;      // the __pycache__ directory `open_parent`
  Fd directory;  // and the one above it
  for (auto& item : contents.items) {
    if (item.kind != Kind::file || item.parent == Item::none || !contents.name(item).ends_with(".pyc")) continue;
    if (contents.name(contents.items[item.parent]) != "__pycache__" || item.size_bytes < pyc_header_bytes) continue;
    const auto source_name = pyc_source_name(contents.name(item));
    if (!source_name) continue;
    if (open_parent != item.parent) {
      task.check();
      const auto path = contents.directory(item);
      cache = open_beneath(tree, path, O_RDONLY | O_DIRECTORY, path);
      const auto above = contents.directory(contents.items[item.parent]);
      directory = open_beneath(tree, above, O_RDONLY | O_DIRECTORY, above);
      open_parent = item.parent;
    }
    struct stat source{};
    if (::fstatat(directory.get(), source_name->c_str(), &source, AT_SYMLINK_NOFOLLOW) != 0) continue;  // Python ignores it
    if (!S_ISREG(source.st_mode)) continue;
    const auto path = contents.path(item);
    const auto fd = open_at(cache.get(), std::string(contents.name(item)), O_RDONLY | O_NONBLOCK, 0, path);
    PycHeader header{};
    if (read_full(fd.get(), header, printable(path)) != header.size()) continue;
    const auto timestamp = pyc_timestamp(header);
    if (!timestamp) continue;
    const bool valid = timestamp->mtime == static_cast<std::uint32_t>(source.st_mtim.tv_sec) &&
                       timestamp->size_bytes == static_cast<std::uint32_t>(source.st_size);
    item.kind = valid ? Kind::bytecode : Kind::stale_bytecode;
    if (!valid) stale.push_back(path);
  }
  return stale;
}

}  // namespace cairn::layer
