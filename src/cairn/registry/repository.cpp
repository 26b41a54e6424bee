// SPDX-License-Identifier: Apache-2.0
#include <cairn/registry/repository.hpp>

#include <cairn/base/error.hpp>
#include <cairn/base/log.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/registry/range_source.hpp>
#include <cairn/registry/upload.hpp>
#include <cairn/registry/window_blob.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace cairn::registry {
namespace {

/// A registry without referrers has no way to change their list at once: whoever finds itself lost adds itself again. It looks when
/// those who had read the list before it wrote have had the time to write theirs: this many times what it took itself, and a little.
constexpr unsigned most_fallback_rounds = 12;
constexpr int settled_after = 4;
constexpr std::chrono::milliseconds settled_least{20};
constexpr std::uint64_t error_limit_bytes = std::uint64_t{64} << 10;
constexpr std::uint64_t list_limit_bytes = std::uint64_t{16} << 20;
constexpr std::size_t most_pages = 10'000;
constexpr std::size_t resolved_limit = 64;
/// All that cairn reads; Quay converts to schema 1 for whoever leaves OCI's out.
constexpr const char* accepted =
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json";

bool is_document(const oci::Descriptor& blob)
{
  return oci::media_type::is_manifest(blob.media_type) || oci::media_type::is_index(blob.media_type);
}

/// A verified blob with its own source inside.
class VerifiedBlob final : public Source {
public:
  VerifiedBlob(std::unique_ptr<Source> inner, const oci::Descriptor& blob)
      : inner_(std::move(inner)), verified_(*inner_, blob.digest, blob.size_bytes, fmt::format("blob {}", blob.digest.str()))
  {
  }
  std::size_t read(std::span<std::byte> buffer) override { return verified_.read(buffer); }

private:
  std::unique_ptr<Source> inner_;
  VerifiedSource verified_;
};

/// A text that the source owns.
class TextSource final : public Source {
public:
  explicit TextSource(std::string text, std::size_t from = 0, std::size_t size = std::string::npos)
      : text_(std::move(text)), rest_(std::string_view(text_).substr(from, size))
  {
  }
  std::size_t read(std::span<std::byte> buffer) override { return rest_.read(buffer); }

private:
  std::string text_;
  MemorySource rest_;
};

/// The media type of a manifest: its own `mediaType`, which must agree with the header where both say one (CVE-2021-41190).
std::string media_type_of(std::string_view content, std::string_view header, const std::string& what)
{
  const auto sent = std::string(header.substr(0, header.find(';')));
  const bool telling = oci::media_type::is_manifest(sent) || oci::media_type::is_index(sent);
  const auto document = oci::JsonDocument::parse(content, what);
  const auto root = document.root();
  if (root.kind() != oci::Json::Kind::object) root.fail("not an object");
  if (const auto version = root.find("schemaVersion"); version && version->kind() == oci::Json::Kind::integer && version->uint64() == 1)
    throw Error(Errc::unsupported,
                fmt::format("{}: Docker schema 1, which cairn does not read; push the image anew with a current tool", what));
  if (const auto own = root.find("mediaType")) {
    if (telling && own->string() != sent)
      throw Error(Errc::bad_input,
                  fmt::format("{}: 'mediaType' is {}, the registry sends it as {}", what, printable(own->string()), printable(sent)));
    return std::string(own->string());
  }
  if (telling) return sent;
  if (root.find("layers")) return std::string(oci::media_type::manifest);
  if (root.find("manifests")) return std::string(oci::media_type::index);
  root.fail("neither a manifest nor an index");
}

std::string fallback_tag(const Digest& subject) { return "sha256-" + subject.hex(); }

/// `<URL>; rel="next"`
std::optional<std::string> next_page(const http::Response& response)
{
  for (const auto link : response.all("link")) {
    const auto begin = link.find('<');
    const auto end = link.find('>');
    if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) continue;
    if (link.find("rel=\"next\"", end) != std::string_view::npos || link.find("rel=next", end) != std::string_view::npos)
      return std::string(link.substr(begin + 1, end - begin - 1));
  }
  return std::nullopt;
}

}  // namespace

Repository::Repository(std::shared_ptr<const Host> host, std::string repository, const Task& task, TransferLimits limits)
    : host_(std::move(host)), repository_(std::move(repository)), task_(task), limits_(limits)
{
}

std::string Repository::path() const { return host_->name() + '/' + repository_; }

http::Request Repository::request(const std::string& method, const std::string& rest, const Task& task) const
{
  return {.method = method, .url = host_->url(repository_, rest, task)};
}

std::optional<std::string> Repository::read_manifest(const std::string& reference, std::string& content_type, const Task& task) const
{
  auto get = request("GET", "manifests/" + reference, task);
  get.headers.push_back({"Accept", accepted});
  get.redirects = http::Redirects::follow;
  const auto reply = in_context([&] { return fmt::format("manifest {}:{}", path(), reference); },
                                [&] { return host_->send(get, repository_, Action::pull, oci::manifest_limit_bytes, task); });
  if (reply.status == 404) return std::nullopt;
  if (reply.status != 200) host_->fail(get, reply, reply.body, repository_);
  content_type = std::string(reply.header("content-type").value_or(""));
  return reply.body;
}

oci::Descriptor Repository::resolve(const std::string& reference, const Task& task) const
{
  const bool by_digest = reference.starts_with("sha256:");
  const auto shown = fmt::format("{}{}{}", path(), by_digest ? '@' : ':', reference);
  std::string content_type;
  auto content = read_manifest(reference, content_type, task);
  if (!content) throw Error(Errc::not_found, fmt::format("{}: not in the registry", shown));
  oci::Descriptor found{.media_type = {}, .digest = sha256(*content), .size_bytes = content->size()};
  if (by_digest && found.digest != Digest::parse(reference))
    throw Error(Errc::corrupt, fmt::format("{}: the registry sent a manifest with digest {}", shown, found.digest.str()));
  found.media_type = media_type_of(*content, content_type, fmt::format("manifest {}", shown));
  const std::scoped_lock lock(mutex_);
  if (resolved_.size() >= resolved_limit) resolved_.clear();
  resolved_[found.digest] = std::move(*content);
  return found;
}

std::optional<Digest> Repository::find(const std::string& tag, const Task& task) const
{
  auto head = request("HEAD", "manifests/" + tag, task);
  head.headers.push_back({"Accept", accepted});
  head.redirects = http::Redirects::follow;
  const auto reply = host_->send(head, repository_, Action::pull, error_limit_bytes, task);
  const auto digest = reply.header("docker-content-digest");
  if (reply.status != 200 || !digest) return std::nullopt;
  try {
    return Digest::parse(*digest);
  } catch (const Error&) {
    return std::nullopt;  // only a hint
  }
}

std::unique_ptr<Source> Repository::open(const oci::Descriptor& blob) const
{
  return std::make_unique<VerifiedBlob>(open_range(blob, 0, blob.size_bytes), blob);
}

std::unique_ptr<Source> Repository::open_range(const oci::Descriptor& blob, std::uint64_t offset, std::uint64_t size_bytes) const
{
  if (offset > blob.size_bytes || size_bytes > blob.size_bytes - offset)
    throw Error(Errc::bad_input,
                fmt::format("blob {}: bytes {} to {} of {} do not exist", blob.digest.str(), offset, offset + size_bytes, blob.size_bytes));
  if (!is_document(blob)) return std::make_unique<RangeSource>(*this, blob, offset, size_bytes);
  {
    const std::scoped_lock lock(mutex_);
    if (const auto found = resolved_.find(blob.digest); found != resolved_.end())
      return std::make_unique<TextSource>(found->second, offset, size_bytes);
  }
  std::string content_type;
  auto content = read_manifest(blob.digest.str(), content_type, task_);
  if (!content) throw Error(Errc::not_found, fmt::format("manifest {}: not in {}", blob.digest.str(), path()));
  if (offset > content->size()) content->clear(), offset = 0;
  return std::make_unique<TextSource>(std::move(*content), offset, size_bytes == blob.size_bytes ? std::string::npos : size_bytes);
}

bool Repository::has(const oci::Descriptor& blob) const { return has(blob, task_); }

bool Repository::has(const oci::Descriptor& blob, const Task& task) const
{
  auto head = request("HEAD", fmt::format("{}/{}", is_document(blob) ? "manifests" : "blobs", blob.digest.str()), task);
  head.redirects = http::Redirects::follow;
  if (is_document(blob)) head.headers.push_back({"Accept", accepted});
  // Asked while pushing: with the scope that the push needs anyway, so that one token does.
  const auto reply = host_->send(head, repository_, Action::push, error_limit_bytes, task);
  if (reply.status != 200) return false;
  std::uint64_t size = blob.size_bytes;
  // Harbor's HEAD of a manifest gives another length than its GET.
  if (const auto length = reply.header("content-length"); length && !is_document(blob))
    std::from_chars(length->data(), length->data() + length->size(), size);
  return size == blob.size_bytes;
}

void Repository::put(const oci::Descriptor& blob, Source& content, const Task& task)
{
  VerifiedSource verified(content, blob.digest, blob.size_bytes, fmt::format("blob {}", blob.digest.str()));
  if (is_document(blob)) {
    put_manifest(blob.digest.str(), blob, read_all(verified, oci::manifest_limit_bytes, fmt::format("manifest {}", blob.digest.str())),
                 task);
    return;
  }
  const WindowBlob window(verified);
  Upload(*this, blob, window, Reading::once, task).run(mount_from_);
}

void Repository::take(const oci::Descriptor& blob, const oci::BlobSource& from, const Task& task)
{
  if (is_document(blob)) return take_manifest(blob.digest.str(), blob, from, task);
  auto mounts = mount_from_;
  if (const auto* other = dynamic_cast<const Repository*>(&from); other != nullptr && other->host_->name() == host_->name())
    mounts.insert(mounts.begin(), other->repository_);
  Upload(*this, blob, from, Reading::again, task).run(mounts);
}

void Repository::tag(const std::string& tag, const oci::Descriptor& manifest, const oci::BlobSource& from, const Task& task)
{
  take_manifest(tag, manifest, from, task);
}

void Repository::take_manifest(const std::string& reference, const oci::Descriptor& manifest, const oci::BlobSource& from, const Task& task)
{
  const auto content = read_all(*from.open(manifest), oci::manifest_limit_bytes, fmt::format("manifest {}", manifest.digest.str()));
  try {
    put_manifest(reference, manifest, content, task);
  } catch (const Error& error) {
    // Blobs that HEAD found may be collected meanwhile (GAR): send them once more.
    if (std::string_view(error.what()).find("BLOB_UNKNOWN") == std::string_view::npos) throw;
    log::info("{}: {}; sending its blobs again", path(), error.what());
    put_blobs_again(content, from, task);
    put_manifest(reference, manifest, content, task);
  }
}

void Repository::put_blobs_again(std::string_view manifest, const oci::BlobSource& from, const Task& task)
{
  const auto document = oci::JsonDocument::parse(manifest, "manifest");
  if (!document.root().find("layers")) return;
  const auto parsed = oci::Manifest::parse(manifest, "manifest");
  for (const auto& layer : parsed.layers) Upload(*this, layer, from, Reading::again, task).run({});
  Upload(*this, parsed.config, from, Reading::again, task).run({});
}

void Repository::put_manifest(const std::string& reference, const oci::Descriptor& manifest, std::string_view content, const Task& task)
{
  const http::MemoryBody body(content);
  auto put = request("PUT", "manifests/" + reference, task);
  put.headers.push_back({"Content-Type", manifest.media_type});
  put.body = &body;
  const auto reply = host_->send(put, repository_, Action::push, error_limit_bytes, task);
  if (reply.status != 201 && reply.status != 200 && reply.status != 202) host_->fail(put, reply, reply.body, repository_);
  if (const auto digest = reply.header("docker-content-digest"); digest && *digest != manifest.digest.str())
    log::warn("{}: the registry says {} is {}", path(), manifest.digest.str(), printable(*digest));
  if (reply.header("oci-subject")) return;
  const auto document = oci::JsonDocument::parse(content, "manifest");
  if (const auto subject = document.root().find("subject")) add_to_fallback(manifest, content, oci::read_descriptor(*subject).digest, task);
}

std::vector<std::string> Repository::tags(const Task& task) const
{
  std::vector<std::string> tags;
  auto get = request("GET", fmt::format("tags/list?n={}", limits_.page), task);
  for (std::size_t page = 0;; ++page) {
    const auto reply = host_->send(get, repository_, Action::pull, list_limit_bytes, task);
    if (reply.status == 404) throw Error(Errc::not_found, fmt::format("{}: no such repository", path()));
    if (reply.status != 200) host_->fail(get, reply, reply.body, repository_);
    const auto document = oci::JsonDocument::parse(reply.body, fmt::format("tags of {}", path()));
    const auto list = document.root().find("tags");
    const auto before = tags.size();
    if (list) {
      for (const oci::Json tag : list->array()) {
        // Nexus has null among them, Artifactory digests: neither can be asked for as a tag.
        if (tag.kind() == oci::Json::Kind::null || tag.string().starts_with("sha256:")) continue;
        tags.emplace_back(tag.string());
      }
    }
    if (tags.size() > limits_.tags) throw Error(Errc::limit, fmt::format("{}: more than {} tags", path(), limits_.tags));
    const auto next = next_page(reply);
    if (!next || (page != 0 && tags.size() == before)) break;
    const auto url = get.url.resolve(*next);
    if (!url.same_origin(get.url))
      throw Error(Errc::permission, fmt::format("{}: the next page of its tags is at {}, another host", path(), url.authority()));
    if (url == get.url || page + 1 == most_pages) throw Error(Errc::bad_input, fmt::format("{}: its list of tags has no end", path()));
    get.url = url;
  }
  std::ranges::sort(tags);
  const auto repeated = std::ranges::unique(tags);
  tags.erase(repeated.begin(), repeated.end());
  return tags;
}

std::optional<oci::Index> Repository::fallback(const Digest& subject, const Task& task) const
{
  std::string content_type;
  const auto content = read_manifest(fallback_tag(subject), content_type, task);
  if (!content) return std::nullopt;
  const auto what = fmt::format("fallback tag {}:{}", path(), fallback_tag(subject));
  const auto type = media_type_of(*content, content_type, what);
  if (!oci::media_type::is_index(type)) throw Error(Errc::bad_input, fmt::format("{}: holds {}, not an index", what, printable(type)));
  return oci::Index::parse(*content, what);
}

std::vector<oci::Descriptor> Repository::referrers(const Digest& digest, const Task& task) const
{
  std::vector<oci::Descriptor> found;
  auto get = request("GET", "referrers/" + digest.str(), task);
  for (std::size_t page = 0; page < most_pages; ++page) {
    const auto reply = host_->send(get, repository_, Action::pull, oci::manifest_limit_bytes, task);
    const auto type = reply.header("content-type").value_or("");
    // 200 with a web page is how some servers say that they do not know the address.
    if (reply.status != 200 || type.substr(0, type.find(';')) != oci::media_type::index) {
      if (reply.status != 200 && reply.status != 404 && reply.status != 405 && reply.status != 400)
        host_->fail(get, reply, reply.body, repository_);
      if (page == 0)
        if (auto index = fallback(digest, task)) return std::move(index->manifests);
      break;
    }
    auto index = oci::Index::parse(reply.body, fmt::format("referrers of {}", digest.str()));
    found.insert(found.end(), std::make_move_iterator(index.manifests.begin()), std::make_move_iterator(index.manifests.end()));
    const auto next = next_page(reply);
    if (!next) break;
    const auto url = get.url.resolve(*next);
    if (!url.same_origin(get.url) || url == get.url)
      throw Error(Errc::permission, fmt::format("{}: its referrers go on at {}", path(), url.authority()));
    get.url = url;
  }
  return found;
}

/// Registries of distribution-spec 1.0 know no referrers: their list is an index under a tag (1.1, "Referrers Tag Schema").
void Repository::add_to_fallback(const oci::Descriptor& manifest, std::string_view content, const Digest& subject, const Task& task)
{
  const auto tag = fallback_tag(subject);
  for (unsigned round = 0; round < most_fallback_rounds; ++round) {
    const auto& clock = *host_->client().options().clock;
    const auto begin = clock.now();
    auto index = fallback(subject, task).value_or(oci::Index{});
    const bool listed = std::ranges::any_of(index.manifests, [&](const auto& one) { return one.digest == manifest.digest; });
    if (listed) return;
    auto entry = manifest;
    entry.annotations.clear();
    const auto document = oci::JsonDocument::parse(content, "manifest");
    if (const auto type = document.root().find("artifactType")) entry.artifact_type = std::string(type->string());
    else if (const auto config = document.root().find("config")) entry.artifact_type = oci::read_descriptor(*config).media_type;
    if (const auto annotations = document.root().find("annotations"))
      for (const oci::Json one : annotations->object()) entry.annotations[std::string(one.key())] = std::string(one.string());
    index.manifests.push_back(entry);
    const auto text = index.json();
    put_manifest(tag, {.media_type = index.media_type, .digest = sha256(text), .size_bytes = text.size()}, text, task);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock.now() - begin);
    clock.sleep(settled_after * took + settled_least, task);
  }
  throw Error(Errc::network, fmt::format("{}: others kept changing its list of referrers ({}) meanwhile; push again", path(), tag));
}

void Repository::remove(const Digest& manifest, const Task& task)
{
  const auto del = request("DELETE", "manifests/" + manifest.str(), task);
  const auto reply = host_->send(del, repository_, Action::remove, error_limit_bytes, task);
  if (reply.status == 405)
    throw Error(Errc::unsupported, fmt::format("{}@{}: this registry does not allow deleting (405)", path(), manifest.str()));
  if (reply.status == 404) throw Error(Errc::not_found, fmt::format("{}@{}: not in the registry", path(), manifest.str()));
  if (reply.status != 202 && reply.status != 200 && reply.status != 204) host_->fail(del, reply, reply.body, repository_);
}

}  // namespace cairn::registry
