// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What an ELF file says about where its libraries and its loader are. Bounds-checked: the file is not trusted.
namespace cairn::library {

struct ElfPaths {
  std::string_view tag;             ///< `RUNPATH` or `RPATH`; empty: it has neither. A loader that sees RUNPATH ignores RPATH.
  std::vector<std::string> search;  ///< its entries, in order, as written
  std::string interpreter;          ///< the loader; empty: none
};

/// Read the program headers and the dynamic section of `fd` (32 or 64 bits, either byte order): a few small reads.
/// Nothing when it is no ELF file, or a damaged one. Throws Error naming `shown` for what the system refuses.
[[nodiscard]] std::optional<ElfPaths> read_elf_paths(int fd, const std::string& shown);

}  // namespace cairn::library
