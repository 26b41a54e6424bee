// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Strict reading of the YAML that users write: the YAML library itself stays behind this header. A subset of YAML 1.2
/// that has no surprises (docs/formats/library-file.md, "How the file is read").
///
///     const auto document = YamlDocument::read("library.yaml");
///     const Yaml root = document.root();
///     root.check_keys({"target", "exclude"});
///     if (const auto target = root.find("target")) out.target = target->string();
///     if (const auto exclude = root.find("exclude")) out.exclude = exclude->strings();
namespace cairn::recipe {

inline constexpr std::uint64_t yaml_limit_bytes = std::uint64_t{1} << 20;
/// Lists and maps may lie this deep in one another.
inline constexpr std::size_t yaml_depth_limit = 50;

/// One value of a document. A small view: copy it freely, but not beyond its document. What a getter does not find as
/// it should be is Error{bad_input} that names the document, the place (line and column, from 1; columns count
/// characters) and the key: `library.yaml:3:7: 'layers': …`. Any thread.
class Yaml {
public:
  enum class Kind {
    null,    ///< nothing, `~` or `null`, not quoted
    scalar,  ///< text: what it means is up to the getter, so `no`, `1.10` and `0o7` are strings when one asks for strings
    list,
    map,
  };

  [[nodiscard]] Kind kind() const;
  [[nodiscard]] std::string path() const;      ///< `layers[2].packages`; empty for the root
  [[nodiscard]] std::size_t line() const;      ///< from 1
  [[nodiscard]] std::size_t column() const;    ///< in characters, from 1
  [[nodiscard]] std::string place() const;     ///< `library.yaml:3:7`

  /// Whether it is text without quotes, which other readers may take for a number or a boolean.
  [[nodiscard]] bool is_plain() const;

  /// Text, quoted or not.
  [[nodiscard]] const std::string& string() const;
  /// Text that is not empty.
  [[nodiscard]] const std::string& word() const;
  /// `true` or `false`, not quoted; nothing else (`yes`, `on`, `True` are refused).
  [[nodiscard]] bool boolean() const;
  /// Decimal digits, not quoted, no leading zeros; within `least` and `most`.
  [[nodiscard]] std::uint64_t uint64(std::uint64_t least = 0,
                                     std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) const;
  /// A list of texts that are not empty.
  [[nodiscard]] std::vector<std::string> strings() const;
  /// A map from text to text.
  [[nodiscard]] std::map<std::string, std::string> string_map() const;

  [[nodiscard]] std::vector<Yaml> list() const;  ///< the elements, in order; null is an empty list
  [[nodiscard]] std::vector<std::pair<std::string, Yaml>> map() const;  ///< the members, in order; null is an empty map
  /// A member that must be there and not be null.
  [[nodiscard]] Yaml at(std::string_view key) const;
  /// A member; null counts as absent (`exclude:` with every line below it commented out).
  [[nodiscard]] std::optional<Yaml> find(std::string_view key) const;

  /// Refuse members that are not `known`, proposing the one that was probably meant. Null is an empty map.
  void check_keys(std::initializer_list<std::string_view> known) const;
  /// Throw Error{bad_input} that says where this value is, then `problem`.
  [[noreturn]] void fail(const std::string& problem) const;

private:
  friend class YamlDocument;
  friend struct YamlReading;
  struct Data;
  Yaml(const Data& data, std::uint32_t node) : data_(&data), node_(node) {}
  [[noreturn]] void unexpected(std::string_view wanted) const;

  const Data* data_;
  std::uint32_t node_;
};

/// Owns what was read. Any thread.
class YamlDocument {
public:
  /// One document in UTF-8, without anchors, aliases, tags, duplicate keys or keys that are not text; at most
  /// yaml_limit_bytes and yaml_depth_limit deep. Nothing at all reads as null. `what` names it in errors.
  /// Throws Error{bad_input}, and Error{limit} when it is too large.
  [[nodiscard]] static YamlDocument parse(std::string_view text, std::string what);
  /// The file at `path`, which names it in errors. Throws as `parse` and `read_small_file`.
  [[nodiscard]] static YamlDocument read(const std::filesystem::path& path);
  ~YamlDocument();
  YamlDocument(YamlDocument&&) noexcept;
  YamlDocument& operator=(YamlDocument&&) noexcept;

  [[nodiscard]] Yaml root() const;

private:
  explicit YamlDocument(std::unique_ptr<Yaml::Data> data);
  std::unique_ptr<Yaml::Data> data_;
};

/// The one of `known` that somebody who wrote `word` probably meant; nothing when none is near (more than a third of
/// the letters differ).
[[nodiscard]] std::optional<std::string_view> near_miss(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace cairn::recipe
