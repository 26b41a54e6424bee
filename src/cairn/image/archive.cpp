// SPDX-License-Identifier: Apache-2.0
#include <cairn/image/archive.hpp>

#include <cairn/image/archive_parts.hpp>
#include <cairn/base/error.hpp>
#include <cairn/image/copy.hpp>
#include <cairn/io/file.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/os/temp.hpp>
#include <cairn/tar/reader.hpp>
#include <cairn/tar/writer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>

namespace cairn::image {
namespace {

constexpr const char* ref_name_key = "org.opencontainers.image.ref.name";
constexpr std::string_view layout_file = R"({"imageLayoutVersion":"1.0.0"})";
constexpr std::string_view blobs_directory = "blobs/sha256/";

tar::Entry directory(std::string path)
{
  tar::Entry entry;
  entry.type = tar::Type::directory;
  entry.path = std::move(path);
  entry.mode = 0755;
  return entry;
}

std::vector<oci::Descriptor> parse_index(std::string_view text, const std::string& what)
{
  const auto document = oci::JsonDocument::parse(text, what);
  document.root().check_keys({"schemaVersion", "manifests"}, oci::UnknownKeys::accept);
  std::vector<oci::Descriptor> entries;
  if (const auto manifests = document.root().find("manifests"))
    for (const oci::Json entry : manifests->array()) entries.push_back(oci::read_descriptor(entry));
  return entries;
}

}  // namespace

void write_oci_archive(const oci::BlobSource& blobs, const Image& image, const std::string& ref_name, const std::filesystem::path& file,
                       const Task& task)
{
  write_oci_archive(blobs, image.descriptor, ref_name, file, task);
}

void write_oci_archive(const oci::BlobSource& blobs, const oci::Descriptor& root, const std::string& ref_name,
                       const std::filesystem::path& file, const Task& task)
{
  std::map<Digest, oci::Descriptor> all;
  const auto parts = parts_of(blobs, root, task);
  for (const auto& blob : parts.blobs) all.emplace(blob.digest, blob);
  for (const auto& document : parts.documents) all.emplace(document.digest, document);

  oci::Index index;
  index.manifests.push_back(root);
  if (!ref_name.empty()) index.manifests.front().annotations[ref_name_key] = ref_name;
  else index.manifests.front().annotations.erase(ref_name_key);

  TempFile temporary(file.has_parent_path() ? file.parent_path() : std::filesystem::path("."));
  FdSink sink(temporary.fd(), printable(file.native()));
  tar::Writer writer(sink);
  writer.add(plain_file("oci-layout"), layout_file);
  writer.add(plain_file("index.json"), index.json());
  writer.add(directory("blobs"));
  writer.add(directory("blobs/sha256"));
  for (const auto& [digest, blob] : all) {
    const auto step = task.step(fmt::format("write {}", digest.hex().substr(0, 12)), blob.size_bytes);
    const auto content = blobs.open(blob);
    WatchedSource watched(*content, step);
    writer.add(plain_file(std::string(blobs_directory) + digest.hex(), blob.size_bytes), watched);
    // The writer stops at the size; the digest is proven at the end.
    std::byte surplus{};
    (void)content->read(std::span(&surplus, 1));
  }
  writer.finish();
  temporary.publish(file, Flush::yes);
}

OciArchive::OciArchive(const std::filesystem::path& file, const Task& task) : what_(printable(file.native()))
{
  // A link is followed: the user named it. O_NONBLOCK: a FIFO must not make us wait.
  fd_ = open_file(file, O_RDONLY | O_NONBLOCK);
  struct stat status{};
  if (::fstat(fd_.get(), &status) != 0) throw_errno(errno, what_);
  if (!S_ISREG(status.st_mode)) throw Error(Errc::bad_input, fmt::format("{}: not a regular file", what_));
  const auto step = task.step("read archive", static_cast<std::uint64_t>(status.st_size));
  FileSource source(another_fd(), 0, static_cast<std::uint64_t>(status.st_size), what_);
  WatchedSource watched(source, step);
  tar::Reader reader(watched, what_);
  std::optional<std::string> layout, index;
  while (const auto entry = reader.next()) {
    if (entry->type != tar::Type::file) continue;
    std::optional<std::string>* small = entry->path == "oci-layout" ? &layout : entry->path == "index.json" ? &index : nullptr;
    if (small != nullptr) {
      const auto what = fmt::format("{}: {}", what_, printable(entry->path));
      if (*small) throw Error(Errc::bad_input, fmt::format("{} is there twice", what));
      if (entry->size_bytes > oci::manifest_limit_bytes)
        throw Error(Errc::limit, fmt::format("{}: {} bytes, the limit is {}", what, entry->size_bytes, oci::manifest_limit_bytes));
      std::string text(static_cast<std::size_t>(entry->size_bytes), '\0');
      auto rest = std::as_writable_bytes(std::span(text));
      while (!rest.empty()) rest = rest.subspan(reader.read(rest));
      *small = std::move(text);
      continue;
    }
    if (!entry->path.starts_with(blobs_directory)) continue;
    const auto digest = in_context([&] { return fmt::format("{}: {}", what_, printable(entry->path)); },
                                   [&] { return Digest::parse("sha256:" + entry->path.substr(blobs_directory.size())); });
    if (!places_.emplace(digest, Place{reader.position(), entry->size_bytes}).second)
      throw Error(Errc::bad_input, fmt::format("{}: {} is there twice", what_, printable(entry->path)));
  }
  if (!layout || !index)
    throw Error(Errc::bad_input, fmt::format("{}: no oci-archive: there is no {}", what_, layout ? "index.json" : "oci-layout"));
  const auto version = oci::JsonDocument::parse(*layout, fmt::format("{}: oci-layout", what_));
  if (version.root().at("imageLayoutVersion").string() != "1.0.0") version.root().at("imageLayoutVersion").fail("this cairn knows 1.0.0");
  entries_ = parse_index(*index, fmt::format("{}: index.json", what_));
}

oci::Descriptor OciArchive::resolve(const std::string& ref_name) const
{
  std::vector<const oci::Descriptor*> found;
  for (const auto& entry : entries_) {
    const auto name = entry.annotations.find(ref_name_key);
    if (ref_name.empty() || (name != entry.annotations.end() && name->second == ref_name) || entry.digest.str() == ref_name)
      found.push_back(&entry);
  }
  if (found.size() == 1) return *found.front();
  if (ref_name.empty()) throw Error(Errc::not_found, fmt::format("{}: {} images in the archive; name one", what_, found.size()));
  throw Error(found.empty() ? Errc::not_found : Errc::bad_input,
              fmt::format("{}: {} images named {} in the archive", what_, found.size(), printable(ref_name)));
}

const OciArchive::Place& OciArchive::find(const oci::Descriptor& blob) const
{
  const auto found = places_.find(blob.digest);
  if (found == places_.end()) throw Error(Errc::not_found, fmt::format("{}: blob {} is not in the archive", what_, blob.digest.str()));
  if (found->second.size_bytes != blob.size_bytes)
    throw Error(Errc::corrupt, fmt::format("{}: blob {}: {} bytes are stored, its descriptor says {}", what_, blob.digest.str(),
                                           found->second.size_bytes, blob.size_bytes));
  return found->second;
}

Fd OciArchive::another_fd() const
{
  Fd fd(::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
  if (!fd) throw_errno(errno, what_);
  return fd;
}

std::unique_ptr<Source> OciArchive::open(const oci::Descriptor& blob) const
{
  return std::make_unique<VerifiedPart>(open_range(blob, 0, blob.size_bytes), blob, fmt::format("{}: blob {}", what_, blob.digest.str()));
}

std::unique_ptr<Source> OciArchive::open_range(const oci::Descriptor& blob, std::uint64_t offset, std::uint64_t size_bytes) const
{
  const auto& place = find(blob);
  if (offset > place.size_bytes || size_bytes > place.size_bytes - offset)
    throw Error(Errc::bad_input, fmt::format("{}: blob {}: bytes {} to {} of {} do not exist", what_, blob.digest.str(), offset,
                                             offset + size_bytes, place.size_bytes));
  return std::make_unique<FileSource>(another_fd(), place.offset + offset, size_bytes,
                                      fmt::format("{}: blob {}", what_, blob.digest.str()));
}

}  // namespace cairn::image
