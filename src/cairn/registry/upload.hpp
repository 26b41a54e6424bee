// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/registry/repository.hpp>
#include <cairn/registry/upload_record.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace cairn::registry {

/// How often `from` can be read.
enum class Reading { again, once };

/// One blob on its way up (distribution-spec 1.1, "Pushing a blob"). Small blobs go in one PUT; larger ones in chunks, and
/// after a break, or in the run after one that was killed, the registry says what it has. For the room's own use; one thread at a time.
class Upload {
public:
  /// All outlive it.
  Upload(const Repository& repository, const oci::Descriptor& blob, const oci::BlobSource& from, Reading reading, const Task& task);
  /// Throws Error. Nothing is visible under the digest until all of it was there.
  void run(const std::vector<std::string>& mount_from);

private:
  enum class Outcome { done, again };
  /// How much of this upload the registry has; nothing when it does not know it any more.
  [[nodiscard]] std::optional<std::uint64_t> arrived();
  /// Go on with what an earlier run began, if the registry still has it.
  [[nodiscard]] bool resume();
  /// Begin a session, mounting if the registry can: true when that was all.
  [[nodiscard]] bool begin(const std::vector<std::string>& mount_from);
  [[nodiscard]] Outcome send();
  [[nodiscard]] Outcome send_whole();
  [[nodiscard]] Outcome send_chunks();
  [[nodiscard]] Outcome send_chunk();
  [[nodiscard]] Outcome after_break();
  [[nodiscard]] Outcome close();
  [[nodiscard]] http::Reply request(const std::string& method, const http::Url& url, const http::Body* body, http::Headers headers);
  void keep_location(const http::Response& response);
  void believe_range(const http::Response& response, std::uint64_t sent_to);
  void check_own_content();
  [[nodiscard]] std::uint64_t chunk_bytes() const;

  const Repository& repository_;
  const oci::Descriptor& blob_;
  const oci::BlobSource& from_;
  Reading reading_;
  const Task& task_;
  http::Url location_;
  std::optional<UploadRecord> record_;
  std::uint64_t offset_ = 0;
  std::uint64_t chunk_bytes_;
  std::uint64_t least_chunk_bytes_ = 0;  ///< OCI-Chunk-Min-Length
  bool in_chunks_;
  bool in_one_stream_ = false;  ///< a PATCH without Content-Range
  unsigned breaks_ = 0;         ///< since something arrived
};

}  // namespace cairn::registry
