// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/python/marker.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cairn::python {

enum class Libc { glibc, musl };

/// Where plain `linux_*` wheels stand among the platforms: before manylinux (packaging 26.3 and later) or behind (pip
/// up to 26.2, uv).
enum class LinuxTags { first, last };

/// The Python that a stack is for. It need not exist here: other machines and versions work.
struct Target {
  unsigned major = 3;
  unsigned minor = 11;
  std::string full_version{};  ///< `3.11.7`; empty: not known, `X.Y.0` in markers
  bool free_threaded = false;
  Libc libc = Libc::glibc;
  unsigned libc_major = 2;
  unsigned libc_minor = 34;
  std::string machine = "x86_64";  ///< as uname(1) says
  LinuxTags linux_tags = LinuxTags::last;
  std::optional<std::string> platform_release{};  ///< of the kernel; markers that ask for it are refused without

  [[nodiscard]] std::string python() const;  ///< `3.11`
  /// `3.11` or `3.11.7` into major, minor and full version. Throws Error{bad_input}.
  void set_python(std::string_view text);
  /// The marker variables (PEP 508) of this target, but for `extra`.
  [[nodiscard]] MarkerEnvironment environment() const;
};

/// A compatibility tag (PEP 425).
struct Tag {
  std::string python;
  std::string abi;
  std::string platform;
  [[nodiscard]] std::string str() const { return python + "-" + abi + "-" + platform; }
  friend auto operator<=>(const Tag&, const Tag&) = default;
};

/// What the target takes, best first, as `packaging.tags.sys_tags()` says there (PEP 425, 600, 656).
[[nodiscard]] std::vector<Tag> supported_tags(const Target& target);

/// Looks up the place of a tag among those that a target supports. Any thread.
class TagRanks {
public:
  explicit TagRanks(const Target& target);
  /// 0 is the best; nothing when none of `tags` is supported.
  [[nodiscard]] std::optional<std::size_t> best(const std::vector<Tag>& tags) const;

private:
  std::unordered_map<std::string, std::size_t> ranks_;
};

}  // namespace cairn::python
