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
constexpr std::size_t chunk_bytes = std::size_t{512} << 10;
constexpr std::uint32_t root_mode = 0775;  // as the skeleton of a layer has it

/// Passes on what `inner` gives and keeps its digest and size.
class HashedSource final : public Source {
public:
  explicit HashedSource(Source& inner) : inner_(inner) {}
  std::size_t read(std::span<std::byte> buffer) override
  {
    const auto size = inner_.read(buffer);
    hash_.update(buffer.first(size));
    size_bytes_ += size;
    return size;
  }
  [[nodiscard]] Digest finish() { return hash_.finish(); }
  [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }

private:
  Source& inner_;
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
    staging_.add_file("entries", 0664, std::nullopt, list_.finish());
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
    if (entry.size_bytes <= queued_file_bytes) {
      std::vector<std::byte> content(static_cast<std::size_t>(entry.size_bytes));
      for (std::size_t done = 0; done < content.size();) done += reader.read(std::span(content).subspan(done));
      return staging_.add_file(place.path, mode, mtime, std::move(content));
    }
    auto file = staging_.create(place.path, mode);
    if (chunk_.empty()) chunk_.resize(chunk_bytes);
    while (const auto size = fill(reader)) file.write(std::span(chunk_).first(size));
    file.finish(mtime);
  }

  std::size_t fill(tar::Reader& reader)
  {
    std::size_t done = 0;
    while (done < chunk_.size()) {
      const auto size = reader.read(std::span(chunk_).subspan(done));
      if (size == 0) break;
      done += size;
    }
    return done;
  }

  const PourSpec& spec_;
  UnitPaths paths_;
  Staging& staging_;
  EntryList list_;
  std::vector<std::byte> chunk_;
  std::size_t missing_roots_ = 0;
};

}  // namespace

void pour(Source& packed, const PourSpec& spec, Staging& staging)
{
  const auto& fragment = *spec.fragment;
  VerifiedSource verified(packed, fragment.packed_digest, fragment.packed_bytes, spec.what);
  Pouring pouring(spec, staging);
  if (fragment.packed_bytes != 0) {
    const auto plain = unpack(verified, spec.compression.codec, {.plain_bytes = fragment.plain_bytes}, spec.what);
    HashedSource hashed(*plain);
    tar::Reader reader(hashed, spec.what);
    pouring.entries(reader);
    verified.finish();
    if (hashed.size_bytes() != fragment.plain_bytes || hashed.finish() != fragment.plain_digest)
      throw Error(Errc::corrupt, fmt::format("{}: its plain bytes are not what library.json says ({}, {} bytes)", spec.what,
                                             fragment.plain_digest.str(), fragment.plain_bytes));
  }
  pouring.finish();
}

}  // namespace cairn::volume
