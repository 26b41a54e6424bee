// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/digest.hpp>
#include <cairn/module/record.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

/// What the modulefiles of one tree said when they were last evaluated, and their parts of the spider cache as finished
/// text: one that is as it was is neither read nor evaluated again.
///
/// What an evaluation gives is a function of the program and the script (text, language, names), what an entry's text
/// says a function of that and of the entry's place. Both are in the keys as digests; the file belongs to one build of
/// the program (os/build_id.hpp).
namespace cairn::module {

/// What stat(2) says of a file: the same stamp means the same content, unless it changed just before it was taken.
struct FileStamp {
  std::uint64_t inode = 0;
  std::uint64_t size_bytes = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

struct Evaluated {
  std::optional<FileStamp> stamp;  ///< nothing: the stamp tells nothing
  Digest script;                   ///< of all that the evaluation depends on
  Digest entry;                    ///< of all that `text` depends on
  Record record;                   ///< without most of `cached`: see `reduced`
  std::string text;                ///< of its entry in the spider cache
};

/// Any thread.
class EvaluationCache {
public:
  /// Read the files in `directory` for the tree and target; one that is missing or of another build is empty, a damaged one
  /// too (with a warning).
  EvaluationCache(const std::filesystem::path& directory, const std::filesystem::path& tree, const std::string& target);

  /// `key` names a modulefile within the tree. Nothing: not known.
  [[nodiscard]] std::optional<Evaluated> find(const std::string& key) const;
  void keep(const std::string& key, const Evaluated& evaluated);
  /// That `find` gave what is still so.
  void keep_found(const std::string& key);
  /// Write what was kept, if that is anything else than what was read.
  void save() const;

private:
  struct Known {
    std::string_view bytes;  ///< within `base_` or `changes_`
    bool changed = false;    ///< in the file of changes
    bool kept = false;
  };
  void read(const std::filesystem::path& path, std::string_view heading, std::string& bytes, bool changed);
  void write_base() const;
  void write_changes() const;

  std::filesystem::path path_;
  std::string build_;
  std::string base_;       ///< bytes of the large file
  std::string changes_;    ///< bytes of the file that says what is not as in the large one: few releases change much
  std::map<std::string, Known> read_;
  std::map<std::string, std::string> new_;
  mutable std::mutex mutex_;
};

/// `record` with the fields of `cached` alone that are used apart from the spider cache.
[[nodiscard]] Record reduced(Record record);

}  // namespace cairn::module
