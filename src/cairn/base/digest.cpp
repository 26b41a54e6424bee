// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/digest.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

#include <cstring>

namespace cairn {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

}  // namespace

Digest Digest::parse(std::string_view text)
{
  const auto colon = text.find(':');
  if (colon == std::string_view::npos)
    throw Error(Errc::bad_input, fmt::format("{}: not a digest, expected sha256:<64 hex digits>", printable(text)));
  const auto algorithm = text.substr(0, colon);
  if (algorithm == "sha512") throw Error(Errc::unsupported, fmt::format("{}: only sha256 digests are supported", printable(text)));
  if (algorithm != "sha256")
    throw Error(Errc::bad_input, fmt::format("{}: unknown digest algorithm {}", printable(text), printable(algorithm)));
  const auto hex = text.substr(colon + 1);
  if (hex.size() != 64)
    throw Error(Errc::bad_input, fmt::format("{}: digest has {} hex digits, expected 64", printable(text), hex.size()));
  Digest digest;
  for (std::size_t i = 0; i < 64; ++i) {
    const auto value = digits.find(hex[i]);
    if (value == std::string_view::npos)
      throw Error(Errc::bad_input, fmt::format("{}: digest has {} where a lower-case hex digit is expected", printable(text), printable(hex.substr(i, 1))));
    auto& byte = digest.bytes_[i / 2];
    byte = (byte << 4) | static_cast<std::byte>(value);
  }
  return digest;
}

std::string Digest::hex() const
{
  std::string out(64, '0');
  for (std::size_t i = 0; i < 32; ++i) {
    out[2 * i] = digits[std::to_integer<unsigned>(bytes_[i] >> 4)];
    out[2 * i + 1] = digits[std::to_integer<unsigned>(bytes_[i] & std::byte{0xf})];
  }
  return out;
}

std::string Digest::str() const { return "sha256:" + hex(); }

}  // namespace cairn

std::size_t std::hash<cairn::Digest>::operator()(const cairn::Digest& digest) const noexcept
{
  std::size_t value = 0;
  std::memcpy(&value, digest.bytes().data(), sizeof value);
  return value;
}
