// SPDX-License-Identifier: Apache-2.0
#include <cairn/tar/writer.hpp>

#include <cairn/base/error.hpp>
#include <cairn/tar/block.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace cairn::tar {
namespace {

constexpr std::uint64_t largest_id = 07777777;
constexpr std::uint64_t largest_size = 077777777777;

template <std::size_t N>
void put(char (&field)[N], std::string_view text)
{
  std::ranges::copy(text.substr(0, N), field);
}

/// Leading zeros, one NUL at the end.
template <std::size_t N>
void put_octal(char (&field)[N], std::uint64_t value)
{
  for (std::size_t i = N - 1; i-- > 0; value >>= 3) field[i] = static_cast<char>('0' + (value & 7));
}

char type_flag(Type type)
{
  switch (type) {
    case Type::file: return '0';
    case Type::hard_link: return '1';
    case Type::symlink: return '2';
    case Type::char_device: return '3';
    case Type::block_device: return '4';
    case Type::directory: return '5';
    case Type::fifo: return '6';
  }
  return '0';
}

void append(std::vector<std::byte>& out, const void* data, std::size_t size)
{
  const auto* bytes = static_cast<const std::byte*>(data);
  out.insert(out.end(), bytes, bytes + size);
}

void append_block(std::vector<std::byte>& out, Block& block)
{
  std::memset(block.checksum, ' ', sizeof block.checksum);
  unsigned sum = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(&block);
  for (std::size_t i = 0; i < sizeof block; ++i) sum += bytes[i];
  put(block.checksum, fmt::format("{:06o}", sum));
  block.checksum[6] = '\0';
  append(out, &block, sizeof block);
}

/// Where ustar may cut `path` into prefix and name; npos when it cannot.
std::size_t split_point(std::string_view path)
{
  // The name must be at most 100 bytes, the prefix at most 155: the first slash that leaves a short enough name.
  const auto slash = path.find('/', path.size() > 101 ? path.size() - 101 : 0);
  return slash != std::string_view::npos && slash <= 155 && slash + 1 < path.size() ? slash : std::string_view::npos;
}

void append_record(std::string& records, std::string_view key, std::string_view value)
{
  // "%d %s=%s\n": the length counts itself.
  const auto rest = key.size() + value.size() + 3;
  auto length = rest + 1;
  while (fmt::formatted_size("{}", length) + rest != length) length = fmt::formatted_size("{}", length) + rest;
  records += fmt::format("{} {}={}\n", length, key, value);
}

void check(const Entry& entry)
{
  const auto bad = [&](std::string_view why) { throw Error(Errc::bad_input, fmt::format("{}: {}", printable(entry.path), why)); };
  if (entry.path.empty() && entry.type != Type::directory) bad("tar entry has no name");
  if (entry.path.find('\0') != std::string::npos || entry.link.find('\0') != std::string::npos) bad("name has a NUL byte");
  for (std::string_view rest = entry.path; !rest.empty();) {
    const auto slash = rest.find('/');
    const auto part = rest.substr(0, slash);
    if (part.empty() || part == "." || part == "..") bad("not a plain relative path");
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
    if (rest.empty()) bad("not a plain relative path");
  }
}

/// Fill in what ustar can hold; `records` gets what it cannot.
Block make_block(const Entry& entry, std::string& records)
{
  Block block{};
  std::string path = entry.path;
  if (entry.type == Type::directory) path += path.empty() ? "./" : "/";
  if (path.size() <= sizeof block.name) {
    put(block.name, path);
  } else if (const auto cut = split_point(path); cut != std::string_view::npos) {
    put(block.prefix, std::string_view(path).substr(0, cut));
    put(block.name, std::string_view(path).substr(cut + 1));
  } else {
    append_record(records, "path", path);
    put(block.name, path);
  }
  put(block.link, entry.link);
  if (entry.link.size() > sizeof block.link) append_record(records, "linkpath", entry.link);
  const auto size = entry.type == Type::file ? entry.size_bytes : 0;
  if (size > largest_size) append_record(records, "size", fmt::format("{}", size));
  if (entry.uid > largest_id) append_record(records, "uid", fmt::format("{}", entry.uid));
  if (entry.gid > largest_id) append_record(records, "gid", fmt::format("{}", entry.gid));
  const bool odd_time = entry.mtime < 0 || static_cast<std::uint64_t>(entry.mtime) > largest_size;
  if (odd_time) append_record(records, "mtime", fmt::format("{}", entry.mtime));
  for (const auto& [key, value] : entry.xattrs) append_record(records, "SCHILY.xattr." + key, value);
  put_octal(block.mode, entry.mode & 07777);
  put_octal(block.uid, entry.uid > largest_id ? 0 : entry.uid);
  put_octal(block.gid, entry.gid > largest_id ? 0 : entry.gid);
  put_octal(block.size, size > largest_size ? 0 : size);
  put_octal(block.mtime, odd_time ? 0 : static_cast<std::uint64_t>(entry.mtime));
  block.type = type_flag(entry.type);
  put(block.magic, std::string_view("ustar\0", 6));
  put(block.version, "00");
  if (entry.type == Type::char_device || entry.type == Type::block_device) {
    put_octal(block.device_major, entry.device_major);
    put_octal(block.device_minor, entry.device_minor);
  }
  return block;
}

}  // namespace

void append_header(const Entry& entry, std::vector<std::byte>& out)
{
  check(entry);
  std::string records;
  auto block = make_block(entry, records);
  if (!records.empty()) {
    Block pax{};
    // The name of a PAX header is for readers that do not know it; constant, so that it costs nothing to compress.
    put(pax.name, "PaxHeaders/0");
    put_octal(pax.mode, 0644);
    put_octal(pax.uid, 0);
    put_octal(pax.gid, 0);
    put_octal(pax.size, records.size());
    put_octal(pax.mtime, 0);
    pax.type = 'x';
    put(pax.magic, std::string_view("ustar\0", 6));
    put(pax.version, "00");
    append_block(out, pax);
    append(out, records.data(), records.size());
    out.resize(out.size() + (padded(records.size()) - records.size()));
  }
  append_block(out, block);
}

std::uint64_t header_bytes(const Entry& entry)
{
  std::string records;
  static_cast<void>(make_block(entry, records));
  return block_bytes + (records.empty() ? 0 : block_bytes + padded(records.size()));
}

std::vector<std::byte> end_of_archive() { return std::vector<std::byte>(2 * block_bytes); }

void Writer::add(const Entry& entry)
{
  buffer_.clear();
  append_header(entry, buffer_);
  sink_.write(buffer_);
}

void Writer::add(const Entry& entry, Source& content)
{
  add(entry);
  const auto copied = copy(content, sink_);
  if (copied != entry.size_bytes)
    throw Error(Errc::changed, fmt::format("{}: {} bytes of content, expected {}", printable(entry.path), copied, entry.size_bytes));
  buffer_.assign(padded(copied) - copied, std::byte{0});
  sink_.write(buffer_);
}

void Writer::add(Entry entry, std::string_view content)
{
  entry.size_bytes = content.size();
  MemorySource source(content);
  add(entry, source);
}

void Writer::finish() { sink_.write(end_of_archive()); }

}  // namespace cairn::tar
