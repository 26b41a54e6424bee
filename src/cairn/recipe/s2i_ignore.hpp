// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// `.s2iignore`: what S2I leaves out of the source. Its patterns are those of Go's filepath.Glob from the root of the
/// source, not those of `.gitignore`: `*` does not cross slashes, `**` is `*`, and `*.log` is about the root directory only.
namespace cairn::recipe {

inline constexpr std::string_view s2i_ignore_file_name = ".s2iignore";
inline constexpr std::uint64_t s2i_ignore_limit_bytes = 1 << 20;

class S2iIgnore {
public:
  /// One pattern a line, blanks around it taken off; `#` begins a comment, `!` takes back what earlier lines left out.
  /// Throws Error{bad_input} with the line for a pattern that Go does not take, and for one that leads out of the source.
  [[nodiscard]] static S2iIgnore parse(std::string_view text, std::string_view what);
  /// Of the source in `directory`; leaves nothing out when it has none.
  [[nodiscard]] static S2iIgnore read(const std::filesystem::path& directory);

  /// Whether `path`, relative to the source, is left out: it, or a directory it is in. A file that `!` names inside a
  /// directory that is left out goes with the directory, as in S2I.
  [[nodiscard]] bool leaves_out(std::string_view path) const;
  [[nodiscard]] bool empty() const { return rules_.empty(); }

private:
  struct Rule {
    std::vector<std::string> components;  ///< patterns
    bool takes_back = false;
  };
  [[nodiscard]] bool names(const std::vector<std::string_view>& components, std::size_t count) const;
  std::vector<Rule> rules_;
};

/// Go's filepath.Match for one component, whose `pattern` is well-formed: `*`, `?`, `[a-z]`, `[^a-z]`, `\x`.
[[nodiscard]] bool go_match(std::string_view pattern, std::string_view name);
/// Whether Go takes `pattern`.
[[nodiscard]] bool is_go_pattern(std::string_view pattern);

}  // namespace cairn::recipe
