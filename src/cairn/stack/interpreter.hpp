// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/image/image.hpp>
#include <cairn/stack/bytecode.hpp>

#include <filesystem>
#include <string>

namespace cairn::stack {

/// An image's Python, unpacked so far that it runs here: to compile, and to say what it is.
struct Interpreter {
  std::filesystem::path root;  ///< holds the interpreter, its library and the shared libraries that it needs
  std::string program;         ///< in the image: `/usr/bin/python3.11`
  std::string python;          ///< `3.11`
  std::string full_version;    ///< `3.11.2`
  unsigned glibc_major = 0;    ///< 0: the image has no glibc that says its version
  unsigned glibc_minor = 0;
  std::string digest;          ///< of all that decides what it compiles: the same in images that have the same Python

  [[nodiscard]] BytecodeMaker bytecode_maker() const { return {root, program, digest}; }
  /// `--glibc`, `--python` as the image has them.
  void describe(python::Target& target) const;
};

/// What `python3` is in /usr/local/bin or /usr/bin, or else the newest there; `python` (`3.12`) asks for that one. All layers are read
/// once for each image: what is found stays in `cache`/<digest of the manifest> (about 20 MiB), which may be removed at will.
/// Throws Error: not_found naming the image when it has no Python 3; unsupported when its Python cannot run here (another machine);
/// what image::read_shown_files does. Memory: about 60 MiB.
[[nodiscard]] Interpreter find_interpreter(const oci::BlobSource& blobs, const image::Image& image, const std::filesystem::path& cache,
                                           const Task& task, const std::string& python = {});

}  // namespace cairn::stack
