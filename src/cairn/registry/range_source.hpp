// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/io/stream.hpp>
#include <cairn/registry/repository.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace cairn::registry {

/// Part of a blob as it comes from a registry. Where a connection breaks it asks for the rest; tries that bring less than
/// a MiB count, and the client's policy says how many may. For the room's own use; one thread at a time.
class RangeSource final : public LendingSource {
public:
  /// All outlive it.
  RangeSource(const Repository& repository, const oci::Descriptor& blob, std::uint64_t offset, std::uint64_t size_bytes);

private:
  std::span<const std::byte> lend(std::span<std::byte> buffer) override;
  void open();
  void check_answer(const http::Response& response);
  void skip(std::uint64_t bytes);
  void end();

  const Repository& repository_;
  oci::Descriptor blob_;
  std::string what_;
  std::uint64_t offset_;
  std::uint64_t left_bytes_;
  bool whole_;            ///< to the blob's end: surplus is an error
  bool surplus_ = false;  ///< bytes came beyond it
  std::unique_ptr<http::Exchange> exchange_;
  unsigned failed_ = 0;
  std::uint64_t since_failure_bytes_ = 0;
};

}  // namespace cairn::registry
