// SPDX-License-Identifier: Apache-2.0
#include <cairn/io/hash.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace cairn {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State()
  {
    if (context == nullptr) throw std::bad_alloc();
    reset();
  }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  void reset()
  {
    // Fetched once: EVP_sha256() would look the implementation up at every init (OpenSSL 3 "EVP_MD_fetch").
    static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    if (EVP_DigestInit_ex(context, algorithm, nullptr) != 1) throw Error(Errc::io, "OpenSSL: cannot start SHA-256");
  }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::span<const std::byte> bytes)
{
  if (EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) != 1) throw Error(Errc::io, "OpenSSL: SHA-256 failed");
}

Digest Sha256::finish()
{
  Digest::Bytes bytes{};
  if (EVP_DigestFinal_ex(state_->context, reinterpret_cast<unsigned char*>(bytes.data()), nullptr) != 1)
    throw Error(Errc::io, "OpenSSL: SHA-256 failed");
  state_->reset();
  return Digest(bytes);
}

Digest sha256(std::span<const std::byte> bytes)
{
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

Digest sha256(std::string_view text) { return sha256(std::as_bytes(std::span(text))); }

void DigestSink::write(std::span<const std::byte> bytes)
{
  hash_.update(bytes);
  size_bytes_ += bytes.size();
  if (inner_ != nullptr) inner_->write(bytes);
}

VerifiedSource::VerifiedSource(Source& inner, const Digest& digest, std::uint64_t size_bytes, std::string what)
    : inner_(inner), digest_(digest), left_bytes_(size_bytes), size_bytes_(size_bytes), what_(std::move(what))
{
}

void VerifiedSource::check_end()
{
  std::array<std::byte, 1> surplus{};
  if (inner_.read(surplus) != 0) throw Error(Errc::corrupt, fmt::format("{}: longer than its {} bytes", what_, size_bytes_));
  const auto found = hash_.finish();
  if (found != digest_)
    throw Error(Errc::corrupt, fmt::format("{}: content has digest {}, expected {}", what_, found.str(), digest_.str()));
  done_ = true;
}

void VerifiedSource::count(std::span<const std::byte> bytes)
{
  if (bytes.empty())
    throw Error(Errc::corrupt, fmt::format("{}: ends after {} of {} bytes", what_, size_bytes_ - left_bytes_, size_bytes_));
  if (bytes.size() > left_bytes_) throw Error(Errc::corrupt, fmt::format("{}: longer than its {} bytes", what_, size_bytes_));
  hash_.update(bytes);
  left_bytes_ -= bytes.size();
}

std::size_t VerifiedSource::read(std::span<std::byte> buffer)
{
  if (done_) return 0;
  if (left_bytes_ == 0) {
    check_end();
    return 0;
  }
  const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left_bytes_));
  const auto n = inner_.read(buffer.first(want));
  count(buffer.first(n));
  return n;
}

std::span<const std::byte> VerifiedSource::next(std::span<std::byte> buffer)
{
  if (done_) return {};
  if (left_bytes_ == 0) {
    check_end();
    return {};
  }
  const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left_bytes_));
  const auto bytes = inner_.next(buffer.first(want));
  count(bytes);
  return bytes;
}

void VerifiedSource::finish() { read_out(*this); }

}  // namespace cairn
