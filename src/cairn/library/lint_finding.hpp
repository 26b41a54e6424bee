// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/library/lint.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Collecting what the rules find. For the room's own use.
namespace cairn::library {

/// Findings of one unit or of the tree. One thread at a time.
class Findings {
public:
  explicit Findings(std::string unit = {}) : unit_(std::move(unit)) {}

  void add(Severity severity, std::string_view rule, std::string path, std::string what, std::string advice);
  /// The same thing of many paths: findings with the same rule and `what` become one, which names the first path (by
  /// call) and counts the others.
  void add_alike(Severity severity, std::string_view rule, const std::string& path, const std::string& what, std::string_view advice);

  /// What was added, at most lint_findings_limit of one rule, and one more that counts the rest.
  [[nodiscard]] std::vector<LintFinding> take();

private:
  struct Alike {
    LintFinding finding;
    std::uint64_t count = 0;
  };
  std::string unit_;
  std::vector<LintFinding> findings_;
  std::map<std::pair<std::string, std::string>, Alike> alike_;  ///< by rule and what
};

/// Where a tree is, and where it will be seen.
struct LintPlace {
  int tree = -1;
  std::string target;                 ///< absolute
  std::vector<std::string> excludes;  ///< of the mapping and the defaults

  /// `path`, absolute, as the tree sees it (empty: the tree itself); nothing when it leads elsewhere. `.`, `..` and
  /// doubled slashes are resolved by the text alone.
  [[nodiscard]] std::optional<std::string> in_tree(std::string_view path) const;
  /// The pattern that leaves `path` out, or a directory that it lies in; null: none.
  [[nodiscard]] const std::string* excluded(const std::string& path) const;
};

/// Whether every image has `path`'s directory from its base system: `/usr`, `/etc`, … but neither `/usr/local` nor a
/// place of users.
[[nodiscard]] bool is_system_path(std::string_view path);
/// Whether no other machine or user can be expected to have it: `/home`, `/tmp`, `/root`, …
[[nodiscard]] bool is_private_path(std::string_view path);

/// `.`, `..`, doubled and final slashes resolved by the text alone; absolute stays absolute.
[[nodiscard]] std::string plain_path(std::string_view path);

/// Where a symbolic link (or another path) leads, links on the way included.
struct LinkEnd {
  enum class Kind {
    inside,   ///< something in the tree
    missing,  ///< nothing, at a place in the tree
    outside,  ///< out of the tree
    endless,  ///< more than 40 links
  };
  Kind kind = Kind::missing;
  std::string path;      ///< relative to the tree; absolute when outside
  bool directly = true;  ///< outside: the link itself says so, not one that it leads to
};

/// Follow `text`, found in a link in `directory` (relative to the tree), as somebody would who has the tree at the
/// target. Only names below the tree are looked at, a component at a time.
[[nodiscard]] LinkEnd follow(const LintPlace& place, const std::string& directory, std::string_view text);

}  // namespace cairn::library
