// SPDX-License-Identifier: Apache-2.0
#include <cairn/store/store.hpp>

#include <cairn/base/error.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/store/index_file.hpp>
#include <cairn/store/layout.hpp>
#include <cairn/store/partial.hpp>
#include <cairn/store/reachable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

// Mark and sweep. Marking starts at index.json and follows descriptors downward; then unmarked blobs that are manifests
// with a marked `subject` (signatures, SBOMs) are marked too, until nothing is added.
namespace cairn::store {
namespace {

/// An interrupted pull that nobody repeated for so long is given up.
constexpr auto partial_age = std::chrono::hours(7 * 24);

struct Stored {
  std::string name;
  std::uint64_t size_bytes = 0;
  std::int64_t changed = 0;  ///< ctime, seconds
};

using Blobs = std::map<Digest, Stored>;

Blobs list_blobs(int directory, const std::filesystem::path& path, const Task& task)
{
  Blobs blobs;
  for (const auto& entry : list_directory(directory, path)) {
    task.check();
    struct stat status{};
    if (::fstatat(directory, entry.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;
      throw_errno(errno, printable((path / entry.name).native()));
    }
    if (!S_ISREG(status.st_mode)) continue;  // not ours to judge
    try {
      blobs.emplace(Digest::parse("sha256:" + entry.name),
                    Stored{entry.name, static_cast<std::uint64_t>(status.st_size), status.st_ctim.tv_sec});
    } catch (const Error&) {
      continue;  // nor is what has no digest's name
    }
  }
  return blobs;
}

/// A manifest among the unmarked blobs that speaks about another one.
struct Referrer {
  oci::Descriptor manifest;
  Digest subject;
};

std::optional<Referrer> as_referrer(const Store& store, const Digest& digest, const Stored& stored)
{
  if (stored.size_bytes > oci::manifest_limit_bytes) return std::nullopt;
  oci::Descriptor blob{.media_type = std::string(oci::media_type::manifest), .digest = digest, .size_bytes = stored.size_bytes};
  try {
    // Most blobs are not JSON; one byte tells.
    std::byte first{};
    if (store.open_range(blob, 0, std::min<std::uint64_t>(1, stored.size_bytes))->read(std::span(&first, 1)) != 1 ||
        first != std::byte{'{'})
      return std::nullopt;
    const auto text = store.read(blob);
    if (text.find("\"subject\"") == std::string::npos) return std::nullopt;
    const bool index = text.find("\"manifests\"") != std::string::npos;
    if (index) blob.media_type = oci::media_type::index;
    const auto subject = index ? oci::Index::parse(text, digest.str()).subject : oci::Manifest::parse(text, digest.str()).subject;
    if (!subject) return std::nullopt;
    return Referrer{blob, subject->digest};
  } catch (const Error&) {
    return std::nullopt;  // whatever it is, it is no referrer
  }
}

void mark_referrers(Reachable& used, const Store& store, const Blobs& blobs, const Task& task)
{
  std::vector<Referrer> referrers;
  for (const auto& [digest, stored] : blobs) {
    task.check();
    if (used.contains(digest)) continue;
    if (auto referrer = as_referrer(store, digest, stored)) referrers.push_back(std::move(*referrer));
  }
  for (bool added = true; std::exchange(added, false);) {
    for (const auto& referrer : referrers) {
      if (used.contains(referrer.manifest.digest) || !used.contains(referrer.subject)) continue;
      used.add(referrer.manifest);
      added = true;
    }
  }
}

}  // namespace

Store::Collected Store::collect(Really really, const Task& task, std::chrono::seconds grace)
{
  require_write("collect garbage");
  const auto alone = hold(LockMode::exclusive, task);
  const auto path = layout::blobs(path_);
  const auto directory = open_root(path);
  const auto oldest_kept =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch() - grace).count();
  // Listed before index.json is read: a blob that comes later is not in the list, one that a tool named meanwhile is marked.
  const auto blobs = list_blobs(directory.get(), path, task);
  Reachable used(*this, task);
  in_context([] { return "cannot tell what is used"; },
             [&] {
               for (const auto& entry : IndexFile(path_).read()) used.add(entry);
             });
  mark_referrers(used, *this, blobs, task);
  Collected collected;
  for (const auto& [digest, stored] : blobs) {
    task.check();
    if (used.contains(digest)) continue;
    if (grace.count() > 0 && stored.changed > oldest_kept) {
      ++collected.young_blobs;
      continue;
    }
    if (really == Really::yes && ::unlinkat(directory.get(), stored.name.c_str(), 0) != 0 && errno != ENOENT)
      throw_errno(errno, printable((path / stored.name).native()));
    ++collected.blobs;
    collected.bytes += stored.size_bytes;
  }
  if (really == Really::yes) {
    remove_stale_temporaries(layout::temporaries(path_));
    remove_old_partials(cache("partial"), partial_age, [&](const Digest& digest) { return std::filesystem::exists(blob_path(digest)); });
  }
  return collected;
}

}  // namespace cairn::store
