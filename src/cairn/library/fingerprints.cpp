// SPDX-License-Identifier: Apache-2.0
//
// The file: a line that names the format and the digest of what follows, then records
// `FINGERPRINT PLAIN_DIGEST PLAIN_SIZE NAME`, each ended by a zero byte.
#include <cairn/library/fingerprints.hpp>

#include <cairn/base/error.hpp>
#include <cairn/base/log.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/os/temp.hpp>

#include <fmt/format.h>

#include <charconv>

namespace cairn::library {
namespace {

/// Raised when a fragment's bytes change for the same content.
constexpr std::string_view heading = "cairn fingerprints 2 ";
constexpr std::uint64_t record_limit_bytes = std::uint64_t{256} << 20;

/// The part of `rest` before `end`, which is taken off with it.
std::string_view take(std::string_view& rest, char end)
{
  const auto at = rest.find(end);
  if (at == std::string_view::npos) throw Error(Errc::corrupt, "ends too early");
  const auto taken = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return taken;
}

std::uint64_t number_of(std::string_view text)
{
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) throw Error(Errc::corrupt, "not a number");
  return value;
}

}  // namespace

Fingerprints::Fingerprints(const std::filesystem::path& directory, const std::filesystem::path& tree, const std::string& target)
    : path_(directory / sha256(fmt::format("{}\n{}\n", tree.native(), target)).hex())
{
  try {
    const auto content = read_small_file(path_, record_limit_bytes);
    std::string_view rest = content;
    const auto first = take(rest, '\n');
    if (!first.starts_with("cairn fingerprints ")) throw Error(Errc::corrupt, "its first line is wrong");
    if (!first.starts_with(heading)) return;
    if (first.substr(heading.size()) != sha256(rest).str()) throw Error(Errc::corrupt, "its digest is wrong");
    while (!rest.empty()) {
      Record record;
      record.fingerprint = Digest::parse(take(rest, ' '));
      record.fragment.plain_digest = Digest::parse(take(rest, ' '));
      record.fragment.plain_bytes = number_of(take(rest, ' '));
      read_.emplace_hint(read_.end(), take(rest, '\0'), record);
    }
  } catch (const Error& error) {
    read_.clear();
    if (error.code() != Errc::not_found)
      log::warn("the record of unit fingerprints is damaged and made again, so that everything is read once ({})", error.what());
  }
}

std::optional<KnownFragment> Fingerprints::find(const std::string& unit, const Digest& fingerprint) const
{
  const auto found = read_.find(unit);
  if (found == read_.end() || found->second.fingerprint != fingerprint) return std::nullopt;
  return found->second.fragment;
}

void Fingerprints::set(const std::string& unit, const Digest& fingerprint, const KnownFragment& fragment)
{
  used_[unit] = {fingerprint, fragment};
}

void Fingerprints::save() const
{
  if (used_ == read_) return;
  std::string content;
  for (const auto& [name, record] : used_)
    content +=
        fmt::format("{} {} {} {}{}", record.fingerprint.str(), record.fragment.plain_digest.str(), record.fragment.plain_bytes, name, '\0');
  write_file_atomically(path_, fmt::format("{}{}\n{}", heading, sha256(content).str(), content), Flush::no);
}

}  // namespace cairn::library
