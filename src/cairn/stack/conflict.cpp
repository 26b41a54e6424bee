// SPDX-License-Identifier: Apache-2.0
#include <cairn/stack/conflict.hpp>

#include <cairn/base/error.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/stack/wheel_bytes.hpp>

#include <fmt/format.h>

#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace cairn::stack {
namespace {

Digest content_digest(const OwnedFiles& owner, const python::InstalledFile& file)
{
  if (file.other) {
    std::vector<std::byte> bytes(static_cast<std::size_t>(file.size_bytes));
    read_other(file, 0, bytes);
    return sha256(as_text(bytes));
  }
  if (!file.entry) return sha256(file.content);
  DigestSink sink;
  copy(*owner.wheel->archive.open(owner.wheel->archive.entries()[*file.entry]), sink);
  return sink.finish();
}

}  // namespace

std::vector<std::string> settle_conflicts(const std::vector<OwnedFiles>& wheels, OnConflict on_conflict)
{
  struct Owner {
    const OwnedFiles* wheel;
    const python::InstalledFile* file;
  };
  std::size_t count = 0;
  for (const auto& wheel : wheels) count += wheel.files->size();
  std::unordered_map<std::string_view, Owner> owners;
  std::unordered_set<std::string_view> directories;
  owners.reserve(count);
  std::vector<std::string> settled;
  std::vector<std::vector<bool>> dropped(wheels.size());
  for (std::size_t w = 0; w < wheels.size(); ++w) {
    const auto& wheel = wheels[w];
    for (const auto& file : *wheel.files) {
      const auto [at, is_new] = owners.try_emplace(file.path, Owner{&wheel, &file});
      dropped[w].push_back(!is_new);
      if (is_new) {
        for (std::string_view path = file.path; path.rfind('/') != std::string_view::npos;) {
          path = path.substr(0, path.rfind('/'));
          if (!directories.insert(path).second) break;
        }
        continue;
      }
      const auto& other = at->second;
      const bool same = other.file->size_bytes == file.size_bytes && other.file->is_executable == file.is_executable &&
                        content_digest(*other.wheel, *other.file) == content_digest(wheel, file);
      if (same) continue;
      if (on_conflict == OnConflict::refuse)
        throw Error(Errc::bad_input,
                    fmt::format("{} and {} both have {}, with different content; leave one out, or choose pip's order with --conflict pip",
                                other.wheel->name, wheel.name, printable(file.path)));
      settled.push_back(fmt::format("{}: of {}; that of {} is left out", file.path, other.wheel->name, wheel.name));
    }
  }
  for (const auto& [path, owner] : owners)
    if (directories.contains(path))
      throw Error(Errc::bad_input,
                  fmt::format("{}: is a file of {} and a directory of another package", printable(path), owner.wheel->name));
  for (std::size_t w = 0; w < wheels.size(); ++w) {
    std::vector<python::InstalledFile> kept;
    for (std::size_t i = 0; i < wheels[w].files->size(); ++i)
      if (!dropped[w][i]) kept.push_back(std::move((*wheels[w].files)[i]));
    *wheels[w].files = std::move(kept);
  }
  return settled;
}

}  // namespace cairn::stack
