// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cairn::recipe {

/// What a source directory's ignore file leaves out of an image. Any thread.
class SourceIgnore {
public:
  enum class Rules {
    s2i,  ///< `.s2iignore`: Go's filepath.Glob from the root. `*` and `?` stop at slashes, there is no `**`; what a pattern takes back
    ///< (`!`) has to be matched itself: not what lies in a directory that is ignored
    container,  ///< `.containerignore`, `.dockerignore`: `**` besides; `!` takes back anything, also in ignored directories
  };

  /// Throws Error{bad_input} with file and line for a broken pattern (`[` without `]`, a `\\` at the end).
  [[nodiscard]] static SourceIgnore parse(std::string_view text, Rules rules, const std::string& what);

  /// Whether `path` (relative, no leading `./`, no slash at the end) is left out.
  [[nodiscard]] bool ignores(std::string_view path) const;
  [[nodiscard]] bool empty() const { return patterns_.empty(); }

private:
  struct Pattern {
    std::string glob;
    bool takes_back = false;
  };
  [[nodiscard]] bool last_says(std::string_view path) const;

  Rules rules_ = Rules::container;
  std::vector<Pattern> patterns_;
};

}  // namespace cairn::recipe
