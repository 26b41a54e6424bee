// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/python/wheel.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// Where the files of a wheel go, and which are made anew: the same that `pip install --no-deps --no-compile` would do
/// (docs/python.md, "Profile pip").
namespace cairn::python {

/// Absolute directories in the image (sysconfig's paths).
struct Layout {
  std::string prefix;   ///< data goes here: `/opt/app-root`
  std::string purelib;
  std::string platlib;
  std::string scripts;
  std::string headers;  ///< the project's name is appended
  std::string interpreter;  ///< of shebangs: sys.executable as pip was started

  /// A virtual environment: `lib/python3.11/site-packages` for both kinds, whatever `lib64` is there.
  [[nodiscard]] static Layout venv(const std::string& prefix, const Target& target);
  friend bool operator==(const Layout&, const Layout&) = default;
};

struct InstallSettings {
  Target target;
  Layout layout;
  PipVersion pip{};
};

/// One file as it will lie in the image.
struct InstalledFile {
  std::string path;  ///< from the image's root, no leading slash
  bool is_executable = false;
  std::uint64_t size_bytes = 0;
  bool is_generated = false;  ///< by the installer: the wheel has nothing like it
  std::optional<std::uint32_t> entry;  ///< index in the archive; nothing: `other`, or else `content`
  std::shared_ptr<const std::filesystem::path> other{};  ///< a file that holds the content, from `other_offset`
  std::uint64_t other_offset = 0;
  std::string content{};
};

struct Installed {
  std::vector<InstalledFile> files;  ///< sorted bytewise by path
  std::vector<std::string> warnings;
};

/// `project`: the name by which the lock asks for it (it names the directory of headers). `direct_url`: the JSON of a
/// direct reference (PyPA "Direct URL Data Structure"), empty for what an index gave.
/// Throws Error{bad_input} naming the wheel: Requires-Python that the target is not, unknown `.data` keys, two files at one
/// path, entry points that cannot be made.
[[nodiscard]] Installed plan_install(const Wheel& wheel, const std::string& project, const std::string& direct_url,
                                     const InstallSettings& settings);

}  // namespace cairn::python
