// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/digest.hpp>
#include <cairn/base/task.hpp>
#include <cairn/io/stream.hpp>
#include <cairn/python/offer.hpp>

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

/// Wheels and what indexes said of them, kept so that the same lock asks nothing again. What is here can be fetched
/// again: remove it at will.
///
///     wheels/<sha256>/<file name>   a wheel, verified before it got this name
///     offers/<key>.json             what a source offered for a pin, by source and pin
///     files.json                    digests of wheels in directories of the user, by path and times
namespace cairn::python {

/// Any thread; several processes may use one directory.
class WheelCache {
public:
  /// `directory` is made when missing.
  explicit WheelCache(std::filesystem::path directory);

  /// The wheel with this digest. Its name is the file's name.
  [[nodiscard]] std::optional<std::filesystem::path> find(const Digest& digest) const;
  /// Keep what `content` gives, if its sha256 is one of `locked`. Throws Error{corrupt} naming `what`, the expected and the
  /// found digest.
  std::filesystem::path put(Source& content, const std::string& file_name, const std::vector<Digest>& locked, const std::string& what,
                            const Task& task) const;

  /// The sha256 of a user's file; it is read only if it changed since it was asked last.
  [[nodiscard]] Digest digest_of(const std::filesystem::path& file, const Task& task);
  /// Write files.json if there is something new.
  void save();

  [[nodiscard]] std::optional<std::vector<Offer>> offers(const std::string& source, const Pin& pin) const;
  void keep_offers(const std::string& source, const Pin& pin, const std::vector<Offer>& offers) const;

private:
  [[nodiscard]] std::filesystem::path offers_path(const std::string& source, const Pin& pin) const;
  struct Known {
    std::string stamp;  ///< size, mtime, ctime, inode
    Digest digest;
  };
  std::filesystem::path directory_;
  std::mutex mutex_;
  std::map<std::string, Known> known_;
  bool changed_ = false;
};

/// Throws Error{corrupt}: what was expected and what came. `url` is shown without credentials and query.
[[noreturn]] void throw_hash_mismatch(const std::string& what, const std::vector<Digest>& locked, const Digest& found);

}  // namespace cairn::python
