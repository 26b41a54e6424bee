// SPDX-License-Identifier: Apache-2.0
#include <cairn/registry/range_source.hpp>

#include <cairn/base/error.hpp>
#include <cairn/base/log.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

namespace cairn::registry {
namespace {

constexpr std::uint64_t progress_bytes = std::uint64_t{1} << 20;
constexpr std::uint64_t error_limit_bytes = std::uint64_t{64} << 10;
/// A registry that ignores Range may make us read this much for nothing, no more.
constexpr std::uint64_t skip_limit_bytes = std::uint64_t{1} << 30;

/// `bytes 5-9/10`; total is nothing for `*`.
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::optional<std::uint64_t> total{};
};

std::optional<ContentRange> parse_content_range(std::string_view text)
{
  if (!text.starts_with("bytes ")) return std::nullopt;
  text.remove_prefix(6);
  const auto dash = text.find('-');
  const auto slash = text.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || slash < dash) return std::nullopt;
  const auto number = [](std::string_view digits) -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return problem == std::errc{} && end == digits.data() + digits.size() ? std::optional(value) : std::nullopt;
  };
  const auto first = number(text.substr(0, dash));
  const auto last = number(text.substr(dash + 1, slash - dash - 1));
  const auto total = text.substr(slash + 1);
  if (!first || !last || (total != "*" && !number(total))) return std::nullopt;
  return ContentRange{*first, *last, total == "*" ? std::nullopt : number(total)};
}

}  // namespace

RangeSource::RangeSource(const Repository& repository, const oci::Descriptor& blob, std::uint64_t offset, std::uint64_t size_bytes)
    : repository_(repository),
      blob_(blob),
      what_(fmt::format("blob {}", blob.digest.str())),
      offset_(offset),
      left_bytes_(size_bytes),
      whole_(offset + size_bytes == blob.size_bytes)
{
}

void RangeSource::check_answer(const http::Response& response)
{
  if (const auto encoding = response.header("content-encoding"); encoding && *encoding != "identity")
    throw Error(Errc::unsupported, fmt::format("{}: comes with Content-Encoding {}, which was not asked for", what_, printable(*encoding)));
  if (response.status == 206) {
    const auto header = response.header("content-range");
    const auto range = header ? parse_content_range(*header) : std::nullopt;
    if (!range || range->first != offset_ || range->last >= offset_ + left_bytes_)
      throw Error(Errc::corrupt, fmt::format("{}: asked for bytes {} to {}, the registry sends {}", what_, offset_,
                                             offset_ + left_bytes_ - 1, header ? printable(*header) : "no Content-Range"));
    if (range->total && *range->total != blob_.size_bytes)
      throw Error(Errc::corrupt,
                  fmt::format("{}: the registry has {} bytes, its descriptor says {}", what_, *range->total, blob_.size_bytes));
    return;
  }
  std::uint64_t announced = 0;
  if (const auto length = response.header("content-length")) {
    std::from_chars(length->data(), length->data() + length->size(), announced);
    if (announced != blob_.size_bytes)
      throw Error(Errc::corrupt, fmt::format("{}: the registry has {} bytes, its descriptor says {}", what_, announced, blob_.size_bytes));
  }
  if (offset_ != 0) {
    log::debug("{}: the registry ignores Range; {} bytes are read again", what_, offset_);
    skip(offset_);
  }
}

void RangeSource::skip(std::uint64_t bytes)
{
  if (bytes > skip_limit_bytes) throw Error(Errc::unsupported, fmt::format("{}: the registry sends no parts of blobs", what_));
  std::vector<std::byte> buffer(64 << 10);
  while (bytes != 0) {
    const auto size = exchange_->read(std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), bytes)));
    if (size == 0) throw Error(Errc::network, fmt::format("{}: ended {} bytes early", what_, bytes));
    bytes -= size;
  }
}

void RangeSource::open()
{
  auto request = repository_.request("GET", "blobs/" + blob_.digest.str(), repository_.task_);
  request.traffic = http::Traffic::bulk;
  request.redirects = http::Redirects::follow;
  if (offset_ != 0 || !whole_) request.headers.push_back({"Range", fmt::format("bytes={}-{}", offset_, offset_ + left_bytes_ - 1)});
  exchange_ = repository_.host_->open(request, repository_.name(), Action::pull, repository_.task_);
  const auto& response = exchange_->response();
  if (response.status == 200 || response.status == 206) return check_answer(response);
  std::string body;
  try {
    body = read_all(*exchange_, error_limit_bytes, what_);
  } catch (const Error&) {
    body.clear();  // an error page too long or cut short says nothing
  }
  if (response.status == 404) throw Error(Errc::not_found, fmt::format("{}: not in {}", what_, repository_.path()));
  if (response.status == 416)
    throw Error(Errc::corrupt, fmt::format("{}: the registry has fewer bytes than its descriptor says ({})", what_, blob_.size_bytes));
  in_context([&] { return what_; }, [&] { repository_.host_->fail(request, response, body, repository_.name()); });
}

/// All is here: look for surplus, which also leaves the connection ready for the next request.
void RangeSource::end()
{
  if (!exchange_) return;
  std::array<std::byte, 1> more{};
  try {
    surplus_ = surplus_ || exchange_->read(more) != 0;
  } catch (const Error& error) {
    log::debug("{}: after its last byte: {}", what_, error.what());
  }
  exchange_.reset();
  if (surplus_ && whole_)
    throw Error(Errc::corrupt, fmt::format("{}: longer than its descriptor says ({} bytes)", what_, blob_.size_bytes));
}

std::span<const std::byte> RangeSource::lend(std::span<std::byte> buffer)
{
  if (left_bytes_ == 0) {
    end();
    return {};
  }
  for (;;) {
    try {
      if (!exchange_) open();
      auto bytes = exchange_->next(buffer);
      if (bytes.empty()) throw Error(Errc::network, fmt::format("{}: ended {} bytes early", what_, left_bytes_));
      surplus_ = bytes.size() > left_bytes_;
      bytes = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), left_bytes_)));
      offset_ += bytes.size();
      left_bytes_ -= bytes.size();
      since_failure_bytes_ += bytes.size();
      return bytes;
    } catch (const Error& error) {
      exchange_.reset();
      if (error.code() != Errc::network) throw;
      if (since_failure_bytes_ >= progress_bytes) failed_ = 0;
      since_failure_bytes_ = 0;
      if (++failed_ >= repository_.host_->client().options().retry.tries) throw;
      log::debug("{}: going on at byte {}: {}", what_, offset_, error.what());
      repository_.host_->client().wait(failed_, repository_.task_);
    }
  }
}

}  // namespace cairn::registry
