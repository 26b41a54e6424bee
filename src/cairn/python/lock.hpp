// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/digest.hpp>
#include <cairn/python/target.hpp>
#include <cairn/python/version.hpp>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

/// Locks: Pipfile.lock (pipfile-spec 6), pylock.toml (PEP 751, lock version 1.0) and requirements.txt with hashes, read
/// into one model: a set of pins. docs/python.md says what each may hold.
namespace cairn::python {

enum class LockKind { pipfile, pylock, requirements };

/// Where packages come from: a simple API (`https://…/simple`) or a directory of wheels (`file:///…`).
struct PackageSource {
  std::string name;
  std::string url;  ///< as written: `${VAR}` is not expanded yet; may hold credentials
  bool verify_tls = true;
};

/// A wheel that a lock names itself.
struct LockedWheel {
  std::string file;
  std::string url{};   ///< http(s) or file; empty when `path` says where
  std::string path{};  ///< relative to the lock
  std::optional<std::uint64_t> size_bytes{};
  std::optional<Digest> digest{};
};

/// One package at one version.
struct Pin {
  std::string name;                    ///< canonical
  std::string written_name;            ///< as the lock spells it
  std::optional<Version> version{};    ///< of `==`; nothing for direct references that do not say
  std::vector<Digest> hashes{};        ///< sha256 only, sorted
  std::string marker{};                ///< empty: always
  std::string source{};                ///< name of a source; empty: the first one
  std::string requires_python{};
  std::vector<LockedWheel> wheels{};   ///< pylock.toml only; then nothing else is asked for
  bool has_sdist = false;              ///< pylock.toml names a source archive
  /// Why it cannot come as a wheel by hash: `git https://… at abc123`, `editable ./lib`, `no_binary`. Empty: it can.
  std::string needs_build{};
  /// With needs_build, what pip builds it from: `git+https://…@abc123`, a URL, a path (relative ones are the lock's). Empty: name and version.
  std::string build_from{};
  std::string direct_url{};            ///< `file:` and `url` entries: the wheel itself, whose hash is locked
};

struct Lock {
  LockKind kind = LockKind::pipfile;
  std::filesystem::path file;
  std::vector<PackageSource> sources;  ///< empty: the caller's own
  std::vector<std::filesystem::path> wheel_directories;  ///< --find-links of requirements.txt, relative to the lock
  std::vector<Pin> pins;               ///< sorted by name; several of one name differ in their markers
  std::string python{};                ///< `3.11`, or a full version; empty: not said
  std::string requires_python{};       ///< pylock.toml
  std::vector<std::string> environments{};  ///< pylock.toml: markers of which one must hold
  std::string pipfile_hash{};          ///< Pipfile.lock: of the Pipfile that it was made from
  std::vector<std::string> warnings{};
};

struct LockOptions {
  /// Which sections: of Pipfile.lock `default`, `develop` and categories; of pylock.toml dependency groups. Empty:
  /// `default`, and the groups that pylock.toml makes the default.
  std::vector<std::string> groups{};
  std::vector<std::string> extras{};  ///< pylock.toml
};

/// Read the lock `file`; what it is follows from its name (`Pipfile.lock`, `pylock.toml`, `pylock.X.toml`, else
/// requirements). Never writes. Throws Error{bad_input} naming file and entry; not_found.
[[nodiscard]] Lock read_lock(const std::filesystem::path& file, const LockOptions& options);

/// The lock in the directory `file`, or `file` itself: pylock.toml before Pipfile.lock before requirements.txt, as pipenv.
/// Throws Error{not_found} naming what was looked for.
[[nodiscard]] std::filesystem::path find_lock(const std::filesystem::path& file);

/// What is installed for `target`: pins whose markers hold. Throws Error{bad_input} for two pins of one name, for a
/// marker that cannot be evaluated, for a target that the lock's `requires-python` or `environments` exclude.
[[nodiscard]] std::vector<Pin> select(const Lock& lock, const LockOptions& options, const Target& target);

/// `source.url` with its variables, each value percent-encoded where it is a user or password. Throws Error{bad_input}
/// naming a variable that is not set.
[[nodiscard]] std::string expand_source(const PackageSource& source,
                                        const std::function<std::optional<std::string>(const std::string&)>& variable);

/// The three hashes that pipenv's versions and micropipenv give a Pipfile (text of the TOML): without categories, with
/// them, and with canonical names. Hexadecimal sha256. `default_url`: of the source that stands in where the Pipfile has
/// none.
struct PipfileHashes {
  std::string legacy;
  std::string with_categories;
  std::string canonical;
};
[[nodiscard]] PipfileHashes pipfile_hashes(std::string_view pipfile, const std::string& what,
                                           const std::vector<PackageSource>& default_sources);

}  // namespace cairn::python
