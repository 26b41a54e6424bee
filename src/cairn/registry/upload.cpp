// SPDX-License-Identifier: Apache-2.0
#include <cairn/registry/upload.hpp>

#include <cairn/base/error.hpp>
#include <cairn/base/log.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace cairn::registry {
namespace {

constexpr std::uint64_t error_limit_bytes = std::uint64_t{64} << 10;
constexpr std::uint64_t careful_chunk_bytes = std::uint64_t{4} << 20;  // the most that GHCR takes with a Content-Range

/// A part of a blob as a body.
class BlobBody final : public http::Body {
public:
  BlobBody(const oci::BlobSource& from, const oci::Descriptor& blob, std::uint64_t offset, std::uint64_t size_bytes)
      : from_(from), blob_(blob), offset_(offset), size_bytes_(size_bytes)
  {
  }
  std::uint64_t size_bytes() const override { return size_bytes_; }
  // Not verified here: the registry does, and hashing everything twice would cost as much again (see check_own_content).
  std::unique_ptr<Source> open() const override { return from_.open_range(blob_, offset_, size_bytes_); }

private:
  const oci::BlobSource& from_;
  const oci::Descriptor& blob_;
  std::uint64_t offset_;
  std::uint64_t size_bytes_;
};

/// The end of `Range: 0-N`, as a count.
std::optional<std::uint64_t> received(const http::Response& response)
{
  auto text = response.header("range");
  if (!text) return std::nullopt;
  if (text->starts_with("bytes=")) text->remove_prefix(6);
  if (!text->starts_with("0-")) return std::nullopt;
  std::uint64_t last = 0;
  const auto digits = text->substr(2);
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), last);
  return problem == std::errc{} && end == digits.data() + digits.size() ? std::optional(last + 1) : std::nullopt;
}

}  // namespace

Upload::Upload(const Repository& repository, const oci::Descriptor& blob, const oci::BlobSource& from, Reading reading, const Task& task)
    : repository_(repository),
      blob_(blob),
      from_(from),
      reading_(reading),
      task_(task),
      chunk_bytes_(reading == Reading::again ? repository.limits_.chunk_bytes : repository.limits_.small_chunk_bytes),
      in_chunks_(blob.size_bytes > chunk_bytes_)
{
}

http::Reply Upload::request(const std::string& method, const http::Url& url, const http::Body* body, http::Headers headers)
{
  http::Request request{.method = method, .url = url, .headers = std::move(headers), .body = body};
  if (body != nullptr) {
    request.headers.push_back({"Content-Type", "application/octet-stream"});
    request.traffic = http::Traffic::bulk;
  }
  return repository_.host_->send(request, repository_.name(), Action::push, error_limit_bytes, task_);
}

void Upload::keep_location(const http::Response& response)
{
  if (const auto location = response.header("location")) location_ = repository_.host_->upload_location(response.url, *location);
  if (record_) record_->keep(location_.str());
  if (const auto least = response.header("oci-chunk-min-length"))
    std::from_chars(least->data(), least->data() + least->size(), least_chunk_bytes_);
}

std::uint64_t Upload::chunk_bytes() const { return std::min(std::max(chunk_bytes_, least_chunk_bytes_), blob_.size_bytes - offset_); }

bool Upload::begin(const std::vector<std::string>& mount_from)
{
  const auto& host = *repository_.host_;
  for (const auto& other : mount_from) {
    if (other == repository_.name()) continue;
    auto request = repository_.request(
        "POST", fmt::format("blobs/uploads/?mount={}&from={}", http::encoded(blob_.digest.str()), http::encoded(other)), task_);
    const auto reply = host.send(request, repository_.name(), Action::push, error_limit_bytes, task_, other);
    if (reply.status == 201) {
      log::debug("blob {}: mounted from {}", blob_.digest.str(), other);
      return true;
    }
    if (reply.status == 202 && reply.header("location")) {
      keep_location(reply);
      return false;
    }
    // Whoever fails at mounting may still take an upload.
  }
  auto request = repository_.request("POST", "blobs/uploads/", task_);
  const auto reply = host.send(request, repository_.name(), Action::push, error_limit_bytes, task_);
  if (reply.status != 202) host.fail(request, reply, reply.body, repository_.name());
  if (!reply.header("location"))
    throw Error(Errc::bad_input, fmt::format("{}: began an upload (202) without saying where (no Location)", repository_.path()));
  keep_location(reply);
  return false;
}

std::optional<std::uint64_t> Upload::arrived()
{
  const auto reply = request("GET", location_, nullptr, {});
  if (reply.status != 204 && reply.status != 202 && reply.status != 200) return std::nullopt;
  keep_location(reply);
  const auto has = received(reply).value_or(0);
  if (has > blob_.size_bytes) return std::nullopt;
  // `0-0` is also how an empty upload is told.
  return has <= 1 ? 0 : has;
}

bool Upload::resume()
{
  if (!record_ || record_->location().empty()) return false;
  try {
    location_ = repository_.host_->upload_location(repository_.request("GET", "", task_).url, record_->location());
    const auto has = arrived();
    if (!has) return false;
    offset_ = *has;
  } catch (const Error& error) {
    log::debug("blob {}: what an earlier run sent is not there any more: {}", blob_.digest.str(), error.what());
    return false;
  }
  log::debug("blob {}: going on at byte {} of an earlier run's upload", blob_.digest.str(), offset_);
  task_.advance(offset_);
  return true;
}

void Upload::run(const std::vector<std::string>& mount_from)
{
  const auto tries = repository_.host_->client().options().retry.tries;
  if (in_chunks_ && reading_ == Reading::again) record_ = UploadRecord::open(repository_.uploads_, repository_.path(), blob_.digest);
  for (unsigned failed = 0;;) {
    if (failed != 0 || !resume()) {
      offset_ = 0;
      if (begin(failed == 0 ? mount_from : std::vector<std::string>())) {
        task_.advance(blob_.size_bytes);
        break;
      }
    }
    if (send() == Outcome::done || repository_.has(blob_, task_)) break;
    if (++failed >= tries || reading_ == Reading::once)
      throw Error(Errc::network,
                  fmt::format("blob {}: the upload to {} broke off {} times", blob_.digest.str(), repository_.path(), failed));
    log::debug("blob {}: uploading again from its start", blob_.digest.str());
    repository_.host_->client().wait(failed, task_);
  }
  if (record_) record_->forget();
}

Upload::Outcome Upload::send()
{
  if (!in_chunks_) {
    const auto outcome = send_whole();
    if (outcome == Outcome::done || !in_chunks_) return outcome;
    return Outcome::again;
  }
  return send_chunks();
}

Upload::Outcome Upload::send_whole()
{
  auto url = location_;
  url.query += fmt::format("{}digest={}", url.query.empty() ? "" : "&", http::encoded(blob_.digest.str()));
  const BlobBody body(from_, blob_, 0, blob_.size_bytes);
  http::Reply reply;
  try {
    reply = request("PUT", url, blob_.size_bytes == 0 ? nullptr : &body, {});
  } catch (const Error& error) {
    // The session may have taken part of it: only a new one is sure to be empty.
    if (error.code() != Errc::network) throw;
    return Outcome::again;
  }
  if (reply.status == 201 || reply.status == 204) return Outcome::done;
  if (reply.status == 404 || reply.status == 405) {
    // Artifactory wants a PATCH before.
    in_chunks_ = true;
    in_one_stream_ = true;
    return Outcome::again;
  }
  if (reply.status == 400) check_own_content();
  if (reply.status == 416 || http::is_transient(reply.status)) return Outcome::again;
  repository_.host_->fail({.method = "PUT", .url = url}, reply, reply.body, repository_.name());
}

Upload::Outcome Upload::send_chunks()
{
  while (offset_ < blob_.size_bytes)
    if (send_chunk() == Outcome::again) return Outcome::again;
  return close();
}

void Upload::believe_range(const http::Response& response, std::uint64_t sent_to)
{
  const auto has = received(response);
  // A Range that does not move (0-0) is ECR's way of saying nothing; the digest will tell.
  offset_ = has && *has > std::max<std::uint64_t>(offset_, 1) && *has <= sent_to ? *has : sent_to;
}

Upload::Outcome Upload::send_chunk()
{
  const auto size = in_one_stream_ ? blob_.size_bytes - offset_ : chunk_bytes();
  const auto end = offset_ + size;
  const BlobBody body(from_, blob_, offset_, size);
  http::Headers headers;
  if (!in_one_stream_) headers.push_back({"Content-Range", fmt::format("{}-{}", offset_, end - 1)});
  http::Reply reply;
  try {
    reply = request("PATCH", location_, &body, std::move(headers));
  } catch (const Error& error) {
    if (error.code() != Errc::network) throw;
    log::debug("blob {}: chunk at {}: {}", blob_.digest.str(), offset_, error.what());
    return after_break();
  }
  if (reply.status == 202 || reply.status == 201 || reply.status == 204) {
    keep_location(reply);
    believe_range(reply, end);
    breaks_ = 0;
    return Outcome::done;
  }
  if (reply.status == 416) {
    const auto has = received(reply);
    if (has && *has > offset_ && *has <= end) {
      offset_ = *has;
      return Outcome::done;
    }
    if (in_one_stream_) return Outcome::again;
    if (chunk_bytes_ > careful_chunk_bytes) chunk_bytes_ = careful_chunk_bytes;
    else in_one_stream_ = true;
    return after_break();
  }
  if (http::is_transient(reply.status)) return after_break();
  if (reply.status == 404 || reply.status == 400) return Outcome::again;
  repository_.host_->fail({.method = "PATCH", .url = location_}, reply, reply.body, repository_.name());
}

/// Ask how much arrived, and go on there.
Upload::Outcome Upload::after_break()
{
  if (++breaks_ >= repository_.host_->client().options().retry.tries) return Outcome::again;
  repository_.host_->client().wait(breaks_, task_);
  std::optional<std::uint64_t> has;
  try {
    has = arrived();
  } catch (const Error& error) {
    if (error.code() != Errc::network) throw;
  }
  if (!has) return Outcome::again;
  if (*has < offset_ && reading_ == Reading::once)
    throw Error(Errc::network, fmt::format("blob {}: the registry lost what it had", blob_.digest.str()));
  if (*has > offset_) breaks_ = 0;
  offset_ = *has;
  return Outcome::done;
}

Upload::Outcome Upload::close()
{
  auto url = location_;
  url.query += fmt::format("{}digest={}", url.query.empty() ? "" : "&", http::encoded(blob_.digest.str()));
  http::Reply reply;
  try {
    reply = request("PUT", url, nullptr, {});
  } catch (const Error& error) {
    if (error.code() != Errc::network) throw;
    return Outcome::again;
  }
  if (reply.status == 201 || reply.status == 204) return Outcome::done;
  if (reply.status == 400) check_own_content();
  // Gone because an answer was lost, or for another reason: `run` looks whether the blob is there.
  if (reply.status == 404 || reply.status == 400 || reply.status == 416 || http::is_transient(reply.status)) return Outcome::again;
  repository_.host_->fail({.method = "PUT", .url = url}, reply, reply.body, repository_.name());
}

/// The registry says that digest and bytes differ: is it ours that are wrong? Throws Error{corrupt} then.
void Upload::check_own_content()
{
  if (reading_ == Reading::once) return;
  const auto content = from_.open(blob_);
  std::vector<std::byte> buffer(256 << 10);
  while (content->read(buffer) != 0) task_.check();
}

}  // namespace cairn::registry
