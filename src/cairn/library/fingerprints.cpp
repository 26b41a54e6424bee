// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/fingerprints.hpp>

#include <cairn/base/error.hpp>
#include <cairn/base/log.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/os/temp.hpp>

#include <fmt/format.h>

namespace cairn::library {
namespace {

/// Raised when a fragment's bytes change for the same content.
constexpr std::uint64_t record_format = 1;
constexpr std::uint64_t record_limit_bytes = std::uint64_t{256} << 20;

}  // namespace

Fingerprints::Fingerprints(const std::filesystem::path& directory, const std::filesystem::path& tree, const std::string& target)
    : path_(directory / (sha256(fmt::format("{}\n{}\n", tree.native(), target)).hex() + ".json"))
{
  try {
    const auto document = oci::JsonDocument::parse(read_small_file(path_, record_limit_bytes), path_.filename().native());
    const auto root = document.root();
    if (root.at("format").uint64() != record_format) return;
    for (const auto unit : root.at("units").object())
      read_[std::string(unit.key())] = {unit.at("fingerprint").digest(), {unit.at("plainDigest").digest(), unit.at("plainSize").uint64()}};
  } catch (const Error& error) {
    read_.clear();
    if (error.code() != Errc::not_found) log::warn("the record of unit fingerprints is damaged and made again ({})", error.what());
  }
}

std::optional<KnownFragment> Fingerprints::find(const std::string& unit, const Digest& fingerprint) const
{
  const auto found = read_.find(unit);
  if (found == read_.end() || found->second.fingerprint != fingerprint) return std::nullopt;
  used_.insert(*found);
  return found->second.fragment;
}

void Fingerprints::set(const std::string& unit, const Digest& fingerprint, const KnownFragment& fragment)
{
  used_[unit] = {fingerprint, fragment};
}

void Fingerprints::save() const
{
  oci::JsonWriter json;
  json.begin_object().member("format", record_format).begin_object("units");
  for (const auto& [name, record] : used_)
    json.begin_object(name)
        .member("fingerprint", record.fingerprint)
        .member("plainDigest", record.fragment.plain_digest)
        .member("plainSize", record.fragment.plain_bytes)
        .end_object();
  json.end_object().end_object();
  write_file_atomically(path_, json.finish(), Flush::no);
}

}  // namespace cairn::library
