// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/pour.hpp>

#include <cairn/base/error.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/layer/skeleton.hpp>
#include <cairn/tar/reader.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cairn::volume {
namespace {

/// Larger files are written as they come instead of being queued.
constexpr std::uint64_t queued_file_bytes = std::uint64_t{1} << 20;
constexpr std::size_t piece_bytes = std::size_t{128} << 10;
constexpr std::uint32_t root_mode = 0775;  // as the skeleton of a layer has it

/// Passes on what `inner` gives and keeps its digest and size. In pieces: who reads one finds it in the processor's cache.
class HashedSource final : public LendingSource {
public:
  explicit HashedSource(Source& inner) : inner_(inner) {}
  [[nodiscard]] Digest finish() { return hash_.finish(); }
  [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }

private:
  std::span<const std::byte> lend(std::span<std::byte> buffer) override
  {
    if (ahead_.empty()) ahead_ = inner_.next(buffer);
    const auto piece = ahead_.first(std::min(ahead_.size(), piece_bytes));
    ahead_ = ahead_.subspan(piece.size());
    hash_.update(piece);
    size_bytes_ += piece.size();
    return piece;
  }

  Source& inner_;
  std::span<const std::byte> ahead_;
  Sha256 hash_;
  std::uint64_t size_bytes_ = 0;
};

class Pouring {
public:
  Pouring(const PourSpec& spec, Staging& staging) : spec_(spec), paths_(spec.fragment->roots, spec.prefix), staging_(staging)
  {
    const auto& roots = spec.fragment->roots;
    for (std::size_t i = 0; i < roots.size(); ++i) {
      if (roots[i].is_directory) staging.add_directory(std::to_string(i), root_mode);
      else ++missing_roots_;
    }
  }

  void entries(tar::Reader& reader)
  {
    while (const auto entry = reader.next()) {
      const auto place = paths_.place(entry->path);
      if (!place) refuse(*entry, "lies outside the roots of its unit");
      add(*entry, *place, reader);
      if (place->is_root) --missing_roots_;
      list_.add(*entry);
    }
  }

  void finish()
  {
    if (missing_roots_ != 0)
      throw Error(Errc::bad_input, fmt::format("{}: its fragment lacks {} of its roots", spec_.what, missing_roots_));
    staging_.add_file("entries", 0664, std::nullopt, contents_.copy(list_.finish()));
    staging_.close();
  }

private:
  [[noreturn]] void refuse(const tar::Entry& entry, std::string_view why) const
  {
    throw Error(Errc::bad_input, fmt::format("{}: {} {}", spec_.what, printable(entry.path), why));
  }

  void add(const tar::Entry& entry, const UnitPaths::Place& place, tar::Reader& reader)
  {
    const auto mode = entry.mode & 0777u;
    switch (entry.type) {
      case tar::Type::directory: return staging_.add_directory(place.path, mode | 0700u);
      case tar::Type::symlink: return staging_.add_symlink(place.path, paths_.link_text(entry.path, place, entry.link));
      case tar::Type::hard_link: {
        const auto to = paths_.place(entry.link);
        if (!to) refuse(entry, "is a hard link to what lies outside the roots of its unit");
        return staging_.add_hard_link(place.path, to->path, mode);
      }
      case tar::Type::file: return add_file(entry, place, reader);
      default: refuse(entry, "is neither file, directory nor link");
    }
  }

  void add_file(const tar::Entry& entry, const UnitPaths::Place& place, tar::Reader& reader)
  {
    const auto mode = entry.mode & 0777u;
    const auto mtime = entry.mtime == layer::constant_mtime ? std::nullopt : std::optional(entry.mtime);
    if (entry.size_bytes <= queued_file_bytes) return staging_.add_file(place.path, mode, mtime, contents_.read(reader, entry.size_bytes));
    auto file = staging_.create(place.path, mode);
    for (auto bytes = reader.lend(); !bytes.empty(); bytes = reader.lend()) file.write(bytes);
    file.finish(mtime);
  }

  const PourSpec& spec_;
  UnitPaths paths_;
  Staging& staging_;
  EntryList list_;
  ContentBlocks contents_;
  std::size_t missing_roots_ = 0;
};

}  // namespace

void pour(Source& packed, const PourSpec& spec, Staging& staging)
{
  const auto& fragment = *spec.fragment;
  Pouring pouring(spec, staging);
  if (fragment.packed_bytes != 0) {
    // The digest of the plain bytes proves all that is written: that of the packed ones would cost time and say no more.
    const auto plain = unpack(packed, spec.compression.codec, {.plain_bytes = fragment.plain_bytes}, spec.what);
    HashedSource hashed(*plain);
    tar::Reader reader(hashed, spec.what);
    pouring.entries(reader);
    const auto digest = hashed.finish();
    if (hashed.size_bytes() != fragment.plain_bytes || digest != fragment.plain_digest)
      throw Error(Errc::corrupt, fmt::format("{}: unpacks to digest {} ({} bytes), library.json says {} ({} bytes)", spec.what,
                                             digest.str(), hashed.size_bytes(), fragment.plain_digest.str(), fragment.plain_bytes));
  }
  pouring.finish();
}

}  // namespace cairn::volume
