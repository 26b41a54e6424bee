// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/assemble.hpp>

#include <cairn/base/error.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/io/sha256_pair.hpp>
#include <cairn/layer/frame.hpp>
#include <cairn/tar/reader.hpp>
#include <cairn/tar/writer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>

namespace cairn::library {
namespace {

/// Modulefiles and the like; larger ones are no such files.
constexpr std::uint64_t small_file_bytes = std::uint64_t{1} << 20;

/// Takes those of `wanted` that `plain`, the start of a fragment, holds. Ends when it has them all.
void take_files(Source& plain, const std::string& what, const std::set<std::string>& wanted, std::vector<SmallFile>& files)
{
  std::size_t missing = wanted.size();
  tar::Reader reader(plain, what);
  while (missing != 0) {
    auto entry = reader.next();
    if (!entry) return;
    if (!wanted.contains(entry->path)) continue;
    --missing;
    if (entry->size_bytes > small_file_bytes)
      throw Error(Errc::limit, fmt::format("{}: {} has {} bytes, the limit for a modulefile is {}", what, printable(entry->path),
                                           entry->size_bytes, small_file_bytes));
    files.push_back(read_small_file(reader, std::move(*entry), what));
  }
}

/// Hashes what it passes on: for the layer's diff_id and the fragment's own digest at once.
class PairSource final : public Source {
public:
  PairSource(Source& inner, Sha256Pair& hash) : inner_(inner), hash_(hash) {}
  std::size_t read(std::span<std::byte> buffer) override
  {
    const auto size = inner_.read(buffer);
    hash_.update_both(buffer.first(size));
    size_bytes_ += size;
    return size;
  }
  [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }

private:
  Source& inner_;
  Sha256Pair& hash_;
  std::uint64_t size_bytes_ = 0;
};

/// A fragment's packed bytes, asked for in ranges that grow: who stops early has fetched little.
class RangeSource final : public Source {
public:
  RangeSource(const oci::BlobSource& blobs, const StoredFragment& fragment) : blobs_(blobs), fragment_(fragment) {}
  std::size_t read(std::span<std::byte> buffer) override
  {
    for (;;) {
      if (part_) {
        if (const auto size = part_->read(buffer)) return size;
        part_.reset();
      }
      const auto left = fragment_.info.packed_bytes - asked_;
      if (left == 0) return 0;
      const auto size = std::min(left, next_);
      part_ = blobs_.open_range(fragment_.layer, fragment_.info.offset + asked_, size);
      asked_ += size;
      next_ = std::min(next_ * 2, most_bytes);
    }
  }

private:
  static constexpr std::uint64_t first_bytes = std::uint64_t{16} << 10;
  static constexpr std::uint64_t most_bytes = std::uint64_t{1} << 20;
  const oci::BlobSource& blobs_;
  const StoredFragment& fragment_;
  std::unique_ptr<Source> part_;
  std::uint64_t asked_ = 0;
  std::uint64_t next_ = first_bytes;
};

class Assembly {
public:
  Assembly(const oci::BlobSource& blobs, const Compression& compression, layer::LayerTarget& target)
      : blobs_(blobs), target_(target), sink_(target.begin(0)), packer_(compression)
  {
    info_.compression = compression;
    frame_.resize(packer_.bound(layer::frame_bytes));
  }

  /// Plain bytes that belong to no fragment.
  void pack(std::span<const std::byte> plain)
  {
    hash_.update_outer(plain);
    info_.plain_bytes += plain.size();
    while (!plain.empty()) {
      const auto part = plain.first(std::min(plain.size(), layer::frame_bytes));
      write(std::span(frame_).first(packer_.pack(part, frame_)));
      plain = plain.subspan(part.size());
    }
  }

  void copy(const StoredFragment& fragment, const std::set<std::string>& wanted, std::vector<SmallFile>& files, const Task& task)
  {
    const auto& known = fragment.info;
    const auto what = fmt::format("unit {} in layer {}", printable(known.unit), fragment.layer.digest.str());
    auto made = known;
    made.live = true;
    made.offset = info_.size_bytes;
    const auto range = blobs_.open_range(fragment.layer, known.offset, known.packed_bytes);
    WatchedSource watched(*range, task);
    VerifiedSource verified(watched, known.packed_digest, known.packed_bytes, what);
    TeeSource packed(verified, sink_);
    if (known.packed_bytes != 0) {
      const auto unpacked = unpack(packed, fragment.codec, {}, what);
      PairSource plain(*unpacked, hash_);
      if (!wanted.empty()) take_files(plain, what, wanted, files);
      read_out(plain);
      read_out(packed);
      info_.plain_bytes += plain.size_bytes();
    }
    if (const auto found = hash_.finish_inner(); found != known.plain_digest)
      throw Error(Errc::corrupt, fmt::format("{}: plain digest is {}, the library says {}", what, found.str(), known.plain_digest.str()));
    info_.size_bytes += known.packed_bytes;
    info_.fragments.push_back(std::move(made));
  }

  LayerInfo finish()
  {
    pack(tar::end_of_archive());
    const auto stored = target_.end(0);
    info_.digest = stored.digest;
    info_.size_bytes = stored.size_bytes;
    info_.diff_id = hash_.finish_outer();
    return std::move(info_);
  }

private:
  void write(std::span<const std::byte> packed)
  {
    sink_.write(packed);
    info_.size_bytes += packed.size();
  }

  const oci::BlobSource& blobs_;
  layer::LayerTarget& target_;
  Sink& sink_;
  FramePacker packer_;
  std::vector<std::byte> frame_;
  Sha256Pair hash_;
  LayerInfo info_;
};

}  // namespace

SmallFile read_small_file(tar::Reader& reader, tar::Entry entry, const std::string& what)
{
  SmallFile file{std::move(entry), {}};
  file.content.resize(static_cast<std::size_t>(file.entry.size_bytes));
  for (auto rest = std::as_writable_bytes(std::span(file.content)); !rest.empty();) {
    const auto size = reader.read(rest);
    if (size == 0) throw Error(Errc::corrupt, fmt::format("{}: ends within {}", what, printable(file.entry.path)));
    rest = rest.subspan(size);
  }
  return file;
}

LayerInfo assemble(const oci::BlobSource& blobs, const std::vector<StoredFragment>& fragments, const layer::Skeleton& skeleton,
                   const Compression& compression, const std::set<std::string>& wanted, std::vector<SmallFile>& files,
                   layer::LayerTarget& target, const Task& task)
{
  const auto prefix = layer::archive_prefix(skeleton.target) + "/";
  Assembly assembly(blobs, compression, target);
  assembly.pack(layer::skeleton_bytes(skeleton));
  for (const auto& fragment : fragments) {
    // A fragment is read as an archive only if one of its roots leads to a file that is wanted.
    std::set<std::string> here;
    for (const auto& root : fragment.info.roots)
      for (auto path = wanted.lower_bound(prefix + root.path); path != wanted.end() && path->starts_with(prefix + root.path); ++path)
        if (path->size() == prefix.size() + root.path.size() || (*path)[prefix.size() + root.path.size()] == '/') here.insert(*path);
    assembly.copy(fragment, here, files, task);
  }
  return assembly.finish();
}

void read_files(const oci::BlobSource& blobs, const StoredFragment& fragment, const std::set<std::string>& wanted, Reading reading,
                std::vector<SmallFile>& files)
{
  if (wanted.empty()) return;
  const auto what = fmt::format("unit {} in layer {}", printable(fragment.info.unit), fragment.layer.digest.str());
  RangeSource ranges(blobs, fragment);
  VerifiedSource verified(ranges, fragment.info.packed_digest, fragment.info.packed_bytes, what);
  Source& packed = reading == Reading::all ? static_cast<Source&>(verified) : ranges;
  const auto plain = unpack(packed, fragment.codec, {}, what);
  std::vector<SmallFile> found;
  take_files(*plain, what, wanted, found);
  if (reading == Reading::all) verified.finish();
  std::ranges::move(found, std::back_inserter(files));
}

}  // namespace cairn::library
