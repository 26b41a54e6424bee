// SPDX-License-Identifier: Apache-2.0
#include <cairn/store/store.hpp>

#include <cairn/base/error.hpp>
#include <cairn/base/log.hpp>
#include <cairn/io/file.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/store/index_file.hpp>
#include <cairn/store/layout.hpp>
#include <cairn/store/reachable.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <numeric>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cairn::store {
namespace {

constexpr std::size_t copy_buffer_bytes = std::size_t{256} << 10;

/// A file and the check of what comes out of it.
class VerifiedFile final : public Source {
public:
  VerifiedFile(Fd fd, const oci::Descriptor& blob, const std::string& what)
      : file_(std::move(fd), 0, blob.size_bytes, what), verified_(file_, blob.digest, blob.size_bytes, what)
  {
  }
  std::size_t read(std::span<std::byte> buffer) override { return verified_.read(buffer); }

private:
  FileSource file_;
  VerifiedSource verified_;
};

bool is_tag_name(const std::string& name)
{
  try {
    check_tag_name(name);
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// Levenshtein's edit distance.
std::size_t distance(std::string_view a, std::string_view b)
{
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({replaced, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row.back();
}

/// Up to three names that could have been meant, for the end of an error text.
std::string near_names(const std::string& name, const std::vector<Tag>& tags)
{
  constexpr std::size_t most = 3;
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const auto& tag : tags) {
    const auto edits = distance(name, tag.name);
    const bool part = tag.name.find(name) != std::string::npos || name.find(tag.name) != std::string::npos;
    if (part || edits <= std::max<std::size_t>(2, name.size() / 3)) near.emplace_back(edits, printable(tag.name));
  }
  std::ranges::sort(near);
  near.resize(std::min(near.size(), most));
  if (near.empty()) return tags.empty() ? "; the store has no tags" : "";
  std::vector<std::string> names;
  names.reserve(near.size());
  for (auto& [edits, text] : near) names.push_back(std::move(text));
  return fmt::format("; near: {}", fmt::join(names, ", "));
}

/// A copy of index.json without the entries named `name`; the first of them is replaced by `manifest`, which is added
/// at the end when there was none.
std::string edited(const oci::Json& root, const std::string& name, const oci::Descriptor* manifest)
{
  const auto named = [&](const oci::Json& entry) {
    const auto annotations = entry.find("annotations");
    const auto found = annotations ? annotations->find(ref_name_key) : std::nullopt;
    return found && found->string() == name;
  };
  oci::JsonWriter json;
  json.begin_object();
  for (const oci::Json member : root.object())
    if (member.key() != "manifests") json.key(member.key()).value(member);
  json.begin_array("manifests");
  if (const auto entries = root.find("manifests")) {
    for (const oci::Json entry : entries->array()) {
      if (!named(entry)) json.value(entry);
      else if (manifest != nullptr) write_descriptor(json, *std::exchange(manifest, nullptr));
    }
  }
  if (manifest != nullptr) write_descriptor(json, *manifest);
  return json.end_array().end_object().finish();
}

}  // namespace

Store::Store(std::filesystem::path path, Access access) : path_(std::move(path)), access_(access)
{
  while (!path_.has_filename() && path_.has_relative_path()) path_ = path_.parent_path();
  layout::open(path_, access_);
}

std::filesystem::path Store::blob_path(const Digest& digest) const { return layout::blobs(path_) / digest.hex(); }

void Store::require_write(std::string_view deed) const
{
  if (access_ == Access::write) return;
  throw Error(Errc::permission, fmt::format("{}: cannot {}: the store was opened for reading only", printable(path_.native()), deed));
}

std::filesystem::path Store::cache(std::string_view kind) const
{
  assert(!kind.empty() && kind.find('/') == std::string_view::npos && kind != "." && kind != "..");
  auto directory = layout::own(path_) / "cache" / kind;
  if (access_ == Access::write) layout::make_directory(directory);
  return directory;
}

namespace {

/// The file of a blob, checked to be a regular one of the right size.
Fd open_blob(const std::filesystem::path& path, const oci::Descriptor& blob, const std::filesystem::path& store)
{
  const auto what = fmt::format("blob {}", blob.digest.str());
  // O_NONBLOCK: a FIFO must not make us wait.
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd) {
    if (errno == ENOENT) throw Error(Errc::not_found, fmt::format("{}: not in the store {}", what, printable(store.native())));
    if (errno == ELOOP) throw Error(Errc::corrupt, fmt::format("{}: {} is a symbolic link", what, printable(path.native())));
    if (errno == ENXIO) throw Error(Errc::corrupt, fmt::format("{}: {} is not a regular file", what, printable(path.native())));
    throw_errno(errno, fmt::format("{}: {}", what, printable(path.native())));
  }
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) throw_errno(errno, what);
  if (!S_ISREG(status.st_mode)) throw Error(Errc::corrupt, fmt::format("{}: {} is not a regular file", what, printable(path.native())));
  if (static_cast<std::uint64_t>(status.st_size) != blob.size_bytes)
    throw Error(Errc::corrupt, fmt::format("{}: {} bytes are stored, its descriptor says {}", what, status.st_size, blob.size_bytes));
  return fd;
}

}  // namespace

std::unique_ptr<Source> Store::open(const oci::Descriptor& blob) const
{
  return std::make_unique<VerifiedFile>(open_blob(blob_path(blob.digest), blob, path_), blob, fmt::format("blob {}", blob.digest.str()));
}

std::unique_ptr<Source> Store::open_range(const oci::Descriptor& blob, std::uint64_t offset, std::uint64_t size_bytes) const
{
  auto what = fmt::format("blob {}", blob.digest.str());
  if (offset > blob.size_bytes || size_bytes > blob.size_bytes - offset)
    throw Error(Errc::bad_input, fmt::format("{}: bytes {} to {} of {} do not exist", what, offset, offset + size_bytes, blob.size_bytes));
  return std::make_unique<FileSource>(open_blob(blob_path(blob.digest), blob, path_), offset, size_bytes, std::move(what));
}

bool Store::has(const oci::Descriptor& blob) const
{
  struct stat status{};
  const auto path = blob_path(blob.digest);
  return ::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && static_cast<std::uint64_t>(status.st_size) == blob.size_bytes;
}

void Store::put(const oci::Descriptor& blob, Source& content, const Task& task)
{
  require_write("store a blob");
  if (has(blob)) return;
  VerifiedSource verified(content, blob.digest, blob.size_bytes, fmt::format("blob {}", blob.digest.str()));
  auto writer = create();
  std::vector<std::byte> buffer(copy_buffer_bytes);
  while (const auto n = verified.read(buffer)) {
    writer.write(std::span(buffer).first(n));
    task.advance(n);
  }
  (void)writer.commit(blob.media_type);
}

std::string Store::read(const oci::Descriptor& blob, std::uint64_t limit_bytes) const
{
  const auto what = fmt::format("blob {}", blob.digest.str());
  if (blob.size_bytes > limit_bytes)
    throw Error(Errc::limit, fmt::format("{}: {} bytes, the limit is {}", what, blob.size_bytes, limit_bytes));
  return read_all(*open(blob), limit_bytes, what);
}

oci::Descriptor Store::put(std::string_view content, std::string media_type)
{
  require_write("store a blob");
  oci::Descriptor blob{.media_type = std::move(media_type), .digest = sha256(content), .size_bytes = content.size()};
  if (has(blob)) return blob;
  auto writer = create();
  writer.write(content);
  return writer.commit(std::move(blob.media_type));
}

BlobWriter Store::create() const
{
  require_write("store a blob");
  return BlobWriter(*this);
}

std::vector<Tag> Store::tags() const
{
  std::vector<Tag> tags;
  for (auto& entry : IndexFile(path_).read()) {
    auto name = ref_name(entry.annotations);
    if (name.empty()) continue;
    if (is_tag_name(name)) tags.push_back({std::move(name), std::move(entry)});
    else log::debug("{}: entry {} left alone: not a tag name", printable(path_.native()), printable(name));
  }
  std::ranges::sort(tags, {}, [](const Tag& tag) { return std::pair(std::string_view(tag.name), tag.manifest.digest); });
  // Two entries that say the same are one tag.
  const auto same = [](const Tag& a, const Tag& b) { return a.name == b.name && a.manifest.digest == b.manifest.digest; };
  const auto repeated = std::ranges::unique(tags, same);
  tags.erase(repeated.begin(), repeated.end());
  return tags;
}

namespace {

/// What a manifest or index says its media type is; members decide when it says nothing.
std::string manifest_media_type(std::string_view text, const std::string& what)
{
  const auto document = oci::JsonDocument::parse(text, what);
  const oci::Json root = document.root();
  if (const auto type = root.find("mediaType")) {
    if (oci::media_type::is_manifest(type->string()) || oci::media_type::is_index(type->string())) return std::string(type->string());
    type->fail("is neither a manifest's nor an index's");
  }
  if (root.find("layers")) return std::string(oci::media_type::manifest);
  if (root.find("manifests")) return std::string(oci::media_type::index);
  root.fail("neither a manifest nor an index");
}

}  // namespace

oci::Descriptor Store::resolve(const std::string& reference) const
{
  constexpr std::string_view digest_start = "sha256:";
  const auto at = reference.rfind('@');
  const auto digest_text = at == std::string::npos ? reference : reference.substr(at + 1);
  if (digest_text.starts_with(digest_start)) {
    const auto digest = Digest::parse(digest_text);
    for (auto& entry : IndexFile(path_).read())
      if (entry.digest == digest) return entry;
    struct stat status{};
    if (::lstat(blob_path(digest).c_str(), &status) != 0 || !S_ISREG(status.st_mode))
      throw Error(Errc::not_found, fmt::format("{}: not in the store {}", digest.str(), printable(path_.native())));
    oci::Descriptor manifest{.media_type = {}, .digest = digest, .size_bytes = static_cast<std::uint64_t>(status.st_size)};
    manifest.media_type = manifest_media_type(read(manifest), digest.str());
    return manifest;
  }
  check_tag_name(reference);
  const auto all = tags();
  const auto found = std::ranges::equal_range(all, reference, {}, &Tag::name);
  if (found.empty())
    throw Error(Errc::not_found, fmt::format("{}: no such tag in the store {}{}", printable(reference), printable(path_.native()),
                                             near_names(reference, all)));
  if (found.size() > 1)
    throw Error(Errc::corrupt,
                fmt::format("{}: index.json gives this name to {} manifests ({}, {}, …); tag or untag it to repair that",
                            printable(reference), found.size(), found[0].manifest.digest.str(), found[1].manifest.digest.str()));
  return found.front().manifest;
}

oci::Descriptor Store::only() const
{
  auto entries = IndexFile(path_).read();
  const bool alike =
      !entries.empty() && std::ranges::all_of(entries, [&](const auto& entry) { return entry.digest == entries.front().digest; });
  if (alike) return std::move(entries.front());
  throw Error(Errc::not_found, fmt::format("{}: {} images; name one", printable(path_.native()), entries.size()));
}

void Store::tag(const std::string& name, const oci::Descriptor& manifest, const Task& task)
{
  require_write("tag");
  check_tag_name(name);
  const auto shared = hold(LockMode::shared, task);
  if (!has(manifest))
    throw Error(Errc::not_found, fmt::format("{}: cannot tag: {} is not in the store {}", printable(name), manifest.digest.str(),
                                             printable(path_.native())));
  flush(manifest, task);
  auto entry = manifest;
  entry.annotations[ref_name_key] = name;
  IndexFile(path_).update([&](const oci::Json& root) { return edited(root, name, &entry); }, task);
}

/// What `root` reaches, on disk. Costs next to nothing for what is there already.
void Store::flush(const oci::Descriptor& root, const Task& task) const
{
  Reachable used(*this, task);
  used.add(root);
  for (const auto& digest : used.digests()) {
    task.check();
    const auto path = blob_path(digest);
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd && errno == ENOENT) continue;
    // EINVAL: what is no file has nothing to flush.
    if (!fd || (::fdatasync(fd.get()) != 0 && errno != EINVAL)) throw_errno(errno, printable(path.native()));
  }
  flush_directory(layout::blobs(path_));
}

void Store::untag(const std::string& name, const Task& task)
{
  require_write("untag");
  const auto all = tags();
  if (std::ranges::find(all, name, &Tag::name) == all.end())
    throw Error(Errc::not_found,
                fmt::format("{}: no such tag in the store {}{}", printable(name), printable(path_.native()), near_names(name, all)));
  IndexFile(path_).update([&](const oci::Json& root) { return edited(root, name, nullptr); }, task);
}

FileLock Store::hold(LockMode mode, const Task& task) const
{
  if (mode == LockMode::exclusive) require_write("lock it exclusively");
  // A layout that only other tools wrote has no lock file; for a reader its directory does.
  const auto file = layout::lock(path_);
  std::error_code ignored;
  return FileLock(access_ == Access::write || std::filesystem::exists(file, ignored) ? file : path_, mode, task);
}

}  // namespace cairn::store
