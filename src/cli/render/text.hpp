// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/digest.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Numbers and names as people read them. The same text in every locale.
namespace cairn::cli {

/// Columns that UTF-8 text takes on a terminal: combining marks none, East Asian wide characters and emoji two.
[[nodiscard]] std::size_t width(std::string_view text);
/// `text` in at most `columns`, its end replaced by `…` when it is too long.
[[nodiscard]] std::string fit(std::string_view text, std::size_t columns);
/// `text` broken at spaces into lines of at most `columns`, each after `indent` spaces but the first. Lines of the text
/// that begin with a space are kept as they are.
[[nodiscard]] std::string wrap(std::string_view text, std::size_t columns, std::size_t indent = 0);
/// A name from outside without what would act on a terminal: as `printable`, but no quotes around it.
[[nodiscard]] std::string safe(std::string_view name);

[[nodiscard]] std::string short_digest(const Digest& digest);  ///< `sha256:` and twelve digits, enough to tell images apart
[[nodiscard]] std::string size_text(std::uint64_t bytes);             ///< `0 B`, `1.5 KiB`, `23 MiB`
[[nodiscard]] std::string duration_text(std::chrono::nanoseconds time);  ///< `7 ms`, `0.42 s`, `12 s`, `3 min 05 s`, `2 h 04 min`
[[nodiscard]] std::string count_text(std::uint64_t count, std::string_view one, std::string_view many);  ///< `1 unit`, `2 units`

}  // namespace cairn::cli
