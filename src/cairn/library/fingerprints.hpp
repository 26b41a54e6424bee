// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/digest.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

/// What units were when they were last read: a known fingerprint saves reading the unit again.
namespace cairn::library {

struct KnownFragment {
  Digest plain_digest;
  std::uint64_t plain_bytes = 0;
  friend bool operator==(const KnownFragment&, const KnownFragment&) = default;
};

/// A record in the store's cache, one for each pair of tree and target. One thread at a time.
class Fingerprints {
public:
  /// Read the record; one that is missing or of another format is empty, a damaged one too (with a warning).
  Fingerprints(const std::filesystem::path& directory, const std::filesystem::path& tree, const std::string& target);

  [[nodiscard]] std::optional<KnownFragment> find(const std::string& unit, const Digest& fingerprint) const;
  void set(const std::string& unit, const Digest& fingerprint, const KnownFragment& fragment);
  /// Write what was set since reading, if that is anything else than what was read; the rest is forgotten.
  void save() const;

private:
  struct Record {
    Digest fingerprint;
    KnownFragment fragment;
    friend bool operator==(const Record&, const Record&) = default;
  };
  std::filesystem::path path_;
  std::map<std::string, Record> read_;
  std::map<std::string, Record> used_;
};

}  // namespace cairn::library
