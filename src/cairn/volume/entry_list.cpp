// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/entry_list.hpp>

#include <cairn/base/error.hpp>
#include <cairn/io/codec.hpp>
#include <cairn/tar/reader.hpp>
#include <cairn/tar/writer.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cairn::volume {
namespace {

constexpr std::size_t frame_bytes = std::size_t{1} << 20;
constexpr Compression compression{Codec::zstd, 1};
constexpr std::string_view size_key = "size.";

}  // namespace

// A file's header would promise content; so its size goes into its link's place, which a file does not need.
void EntryList::add(const tar::Entry& entry)
{
  tar::Entry listed = entry;
  if (entry.type == tar::Type::file) {
    listed.type = tar::Type::symlink;
    listed.link = fmt::format("{}{}", size_key, entry.size_bytes);
    listed.size_bytes = 0;
    listed.uid = 1;  // marks it: no other entry of a fragment has an owner
  }
  tar::append_header(listed, plain_);
  if (plain_.size() >= frame_bytes) pack();
}

void EntryList::pack()
{
  if (plain_.empty()) return;
  FramePacker packer(compression);
  std::vector<std::byte> frame(packer.bound(plain_.size()));
  frame.resize(packer.pack(plain_, frame));
  packed_.insert(packed_.end(), frame.begin(), frame.end());
  plain_.clear();
}

std::vector<std::byte> EntryList::finish()
{
  pack();
  plain_.shrink_to_fit();
  return std::exchange(packed_, {});
}

std::vector<tar::Entry> read_entry_list(std::span<const std::byte> packed, const std::string& what)
{
  std::vector<tar::Entry> entries;
  if (packed.empty()) return entries;
  try {
    MemorySource source(packed);
    const auto plain = unpack(source, Codec::zstd, {}, what);
    tar::Reader reader(*plain, what);
    while (auto entry = reader.next()) {
      if (entry->type == tar::Type::symlink && entry->uid == 1) {
        if (!entry->link.starts_with(size_key)) throw Error(Errc::corrupt, fmt::format("{}: is no list of entries", what));
        entry->type = tar::Type::file;
        entry->size_bytes = std::stoull(entry->link.substr(size_key.size()));
        entry->link.clear();
        entry->uid = 0;
      }
      entries.push_back(std::move(*entry));
    }
  } catch (const Error& error) {
    throw Error(Errc::corrupt, error.what());
  } catch (const std::exception&) {
    throw Error(Errc::corrupt, fmt::format("{}: is no list of entries", what));
  }
  return entries;
}

}  // namespace cairn::volume
