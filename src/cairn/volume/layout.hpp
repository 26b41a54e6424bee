// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/os/fd.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Where a volume keeps things. Specified in docs/formats/volume.md.
namespace cairn::volume {

/// Volumes of a higher format are refused.
inline constexpr int layout_format = 1;

inline constexpr std::string_view cairn_name = ".cairn";
inline constexpr std::string_view current_name = "current";
/// A directory that is being filled: not published, of no use to another run.
inline constexpr std::string_view part_suffix = ".part";

enum class Access { read, write };

/// A volume's own directories, opened without following any symbolic link. What the program does below DIR it does
/// from these descriptors. Any thread.
class Layout {
public:
  /// Open `directory`. With Access::write it and what is missing in it are made; with Access::read an absence is
  /// Error{not_found}. Throws Error: unsupported (newer format), bad_input (a link where a directory of ours must be),
  /// permission, corrupt (no readable format).
  Layout(const std::filesystem::path& directory, Access access);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] int root() const { return root_.get(); }
  [[nodiscard]] int cairn() const { return cairn_.get(); }
  [[nodiscard]] int units() const { return units_.get(); }
  [[nodiscard]] int generations() const { return generations_.get(); }
  [[nodiscard]] int history() const { return history_.get(); }
  [[nodiscard]] int lock() const { return lock_.get(); }
  [[nodiscard]] int leases() const { return leases_.get(); }
  [[nodiscard]] int trash() const { return trash_.get(); }

  /// For errors: a path of the volume.
  [[nodiscard]] std::filesystem::path shown(std::string_view below_cairn) const;

  /// The generation that `current` names; nothing before the first. Throws Error{corrupt} when it is no link of ours.
  [[nodiscard]] std::optional<std::string> current() const;

private:
  std::filesystem::path path_;
  Fd root_, cairn_, units_, generations_, history_, lock_, leases_, trash_;
};

/// While it lives, the process's umask is 0: a mode given at creation is the mode, and nothing needs to be changed afterwards, which
/// costs a round trip and may be refused. Whoever writes to a volume holds one. One at a time.
class OpenUmask {
public:
  OpenUmask();
  ~OpenUmask();
  OpenUmask(const OpenUmask&) = delete;
  OpenUmask& operator=(const OpenUmask&) = delete;

private:
  mode_t before_;
};

/// Whether `directory` has a volume's mark. Nothing is written.
[[nodiscard]] bool is_volume(const std::filesystem::path& directory);

}  // namespace cairn::volume
