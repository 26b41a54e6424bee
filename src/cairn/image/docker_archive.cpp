// SPDX-License-Identifier: Apache-2.0
#include <cairn/image/docker_archive.hpp>

#include <cairn/image/archive_parts.hpp>
#include <cairn/base/error.hpp>
#include <cairn/image/layer_source.hpp>
#include <cairn/image/read.hpp>
#include <cairn/io/file.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/os/temp.hpp>
#include <cairn/tar/reader.hpp>
#include <cairn/tar/writer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include <fcntl.h>
#include <sys/stat.h>

namespace cairn::image {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{256} << 10;

std::string layer_name(const Digest& diff_id) { return diff_id.hex() + ".tar"; }

std::uint64_t plain_size(const oci::BlobSource& blobs, const oci::Descriptor& layer, const Digest& diff_id, const Task& task)
{
  const auto step = task.step(fmt::format("measure {}", layer.digest.hex().substr(0, 12)), layer.size_bytes);
  LayerSource source(blobs, layer, step);
  std::vector<std::byte> buffer(buffer_bytes);
  std::uint64_t total = 0;
  while (const auto size = source.read(buffer)) total += size;
  if (const auto got = source.finish(); got != diff_id)
    throw Error(Errc::corrupt, fmt::format("layer {}: unpacks to {}, its config says {}", layer.digest.str(), got.str(), diff_id.str()));
  return total;
}

/// `NAME` means `NAME:latest`; Docker leaves its own host's name out.
std::string repo_tag(const std::string& name)
{
  const auto slash = name.rfind('/');
  return name.find(':', slash == std::string::npos ? 0 : slash) == std::string::npos ? name + ":latest" : name;
}

bool means(const std::string& tag, const std::string& wanted)
{
  const auto plain = [](std::string text) {
    for (const std::string_view start : {"docker.io/library/", "docker.io/"})
      if (text.starts_with(start)) return text.substr(start.size());
    return text;
  };
  return plain(tag) == plain(repo_tag(wanted));
}

}  // namespace

void write_docker_archive(const oci::BlobSource& blobs, const Image& image, const std::string& name, const std::filesystem::path& file,
                          const Task& task)
{
  const auto& layers = image.manifest.layers;
  const auto& config = image.manifest.config;
  oci::JsonWriter json;
  json.begin_array().begin_object().member("Config", config.digest.hex() + ".json");
  json.member("RepoTags", name.empty() ? std::vector<std::string>() : std::vector<std::string>{repo_tag(name)});
  std::vector<std::string> names;
  for (const auto& diff_id : image.config.diff_ids) names.push_back(layer_name(diff_id));
  json.member("Layers", names).end_object().end_array();

  TempFile temporary(file.has_parent_path() ? file.parent_path() : std::filesystem::path("."));
  FdSink sink(temporary.fd(), printable(file.native()));
  tar::Writer writer(sink);
  std::set<Digest> written;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto& diff_id = image.config.diff_ids[i];
    if (!written.insert(diff_id).second) continue;
    const auto size = plain_size(blobs, layers[i], diff_id, task);
    const auto step = task.step(fmt::format("write {}", layers[i].digest.hex().substr(0, 12)), layers[i].size_bytes);
    LayerSource source(blobs, layers[i], step);
    writer.add(plain_file(layer_name(diff_id), size), source);
    if (source.finish() != diff_id) throw Error(Errc::changed, fmt::format("layer {}: changed while it was read", layers[i].digest.str()));
  }
  writer.add(plain_file(config.digest.hex() + ".json"), read_small(blobs, config, fmt::format("config {}", config.digest.str())));
  writer.add(plain_file("manifest.json"), json.finish());
  writer.finish();
  temporary.publish(file, Flush::yes);
}

DockerArchive::DockerArchive(const std::filesystem::path& file, const std::string& name, const Task& task) : what_(printable(file.native()))
{
  fd_ = open_file(file, O_RDONLY | O_NONBLOCK);
  find_places(task);
  make_manifest(choose(name));
}

void DockerArchive::find_places(const Task& task)
{
  struct stat status{};
  if (::fstat(fd_.get(), &status) != 0) throw_errno(errno, what_);
  if (!S_ISREG(status.st_mode)) throw Error(Errc::bad_input, fmt::format("{}: not a regular file", what_));
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const auto step = task.step("read archive", size);
  const auto source = part({0, size});
  tar::Reader reader(*source, what_);
  while (const auto entry = reader.next()) {
    task.check();
    if (entry->type == tar::Type::file) files_.insert_or_assign(entry->path, Place{reader.position(), entry->size_bytes});
  }
  if (!files_.contains("manifest.json"))
    throw Error(Errc::bad_input, fmt::format("{}: no docker-archive: there is no manifest.json", what_));
}

std::unique_ptr<Source> DockerArchive::part(const Place& place) const
{
  Fd fd(::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
  if (!fd) throw_errno(errno, what_);
  return std::make_unique<FileSource>(std::move(fd), place.offset, place.size_bytes, what_);
}

std::string DockerArchive::small_file(const std::string& path) const
{
  const auto found = files_.find(path);
  if (found == files_.end())
    throw Error(Errc::bad_input, fmt::format("{}: manifest.json names {}, which is not there", what_, printable(path)));
  return read_all(*part(found->second), oci::manifest_limit_bytes, fmt::format("{}: {}", what_, printable(path)));
}

DockerArchive::Entry DockerArchive::choose(const std::string& name) const
{
  const auto document = oci::JsonDocument::parse(small_file("manifest.json"), fmt::format("{}: manifest.json", what_));
  std::vector<Entry> found;
  for (const oci::Json one : document.root().array()) {
    const auto tags = one.find("RepoTags") ? one.at("RepoTags").strings() : std::vector<std::string>();
    if (!name.empty() && std::ranges::none_of(tags, [&](const std::string& tag) { return means(tag, name); })) continue;
    found.push_back({std::string(one.at("Config").string()), one.at("Layers").strings()});
  }
  if (found.size() == 1) return std::move(found.front());
  if (name.empty()) throw Error(Errc::not_found, fmt::format("{}: {} images in the archive; name one", what_, found.size()));
  throw Error(Errc::not_found, fmt::format("{}: {} images named {} in the archive", what_, found.size(), printable(name)));
}

void DockerArchive::make_manifest(const Entry& entry)
{
  const auto text = small_file(entry.config);
  const auto config = oci::ImageConfig::parse(text, fmt::format("{}: {}", what_, printable(entry.config)));
  if (config.diff_ids.size() != entry.layers.size())
    throw Error(Errc::bad_input, fmt::format("{}: {} diff_ids for {} layers", what_, config.diff_ids.size(), entry.layers.size()));
  oci::Manifest manifest;
  manifest.config = {.media_type = std::string(oci::media_type::config), .digest = sha256(text), .size_bytes = text.size()};
  places_[manifest.config.digest] = files_.at(entry.config);
  for (std::size_t i = 0; i < entry.layers.size(); ++i) {
    const auto found = files_.find(entry.layers[i]);
    if (found == files_.end())
      throw Error(Errc::bad_input, fmt::format("{}: manifest.json names {}, which is no file there", what_, printable(entry.layers[i])));
    // A plain tar's digest is its diff_id; `open` proves it.
    manifest.layers.push_back(
        {.media_type = std::string(oci::media_type::layer), .digest = config.diff_ids[i], .size_bytes = found->second.size_bytes});
    places_[config.diff_ids[i]] = found->second;
  }
  manifest_text_ = manifest.json();
  manifest_ = {.media_type = manifest.media_type, .digest = sha256(manifest_text_), .size_bytes = manifest_text_.size()};
}

std::unique_ptr<Source> DockerArchive::open(const oci::Descriptor& blob) const
{
  return std::make_unique<VerifiedPart>(open_range(blob, 0, blob.size_bytes), blob, fmt::format("{}: blob {}", what_, blob.digest.str()));
}

std::unique_ptr<Source> DockerArchive::open_range(const oci::Descriptor& blob, std::uint64_t offset, std::uint64_t size_bytes) const
{
  if (offset > blob.size_bytes || size_bytes > blob.size_bytes - offset)
    throw Error(Errc::bad_input, fmt::format("{}: blob {}: bytes {} to {} of {} do not exist", what_, blob.digest.str(), offset,
                                             offset + size_bytes, blob.size_bytes));
  if (blob.digest == manifest_.digest) return std::make_unique<MemorySource>(std::string_view(manifest_text_).substr(offset, size_bytes));
  const auto found = places_.find(blob.digest);
  if (found == places_.end()) throw Error(Errc::not_found, fmt::format("{}: blob {} is not in the archive", what_, blob.digest.str()));
  if (found->second.size_bytes != blob.size_bytes)
    throw Error(Errc::corrupt, fmt::format("{}: blob {}: {} bytes are stored, its descriptor says {}", what_, blob.digest.str(),
                                           found->second.size_bytes, blob.size_bytes));
  return part({found->second.offset + offset, size_bytes});
}

}  // namespace cairn::image
