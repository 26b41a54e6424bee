// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/tar/entry.hpp>
#include <cairn/tar/reader.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

/// What a stack of layers shows, found from headers alone: names, and in which layer the content of each lies. The rules are
/// those of tar/extract.hpp. For the room's own use.
namespace cairn::image {

/// About 180 bytes a name. One thread at a time.
class MergedTree {
public:
  /// Where an inode comes from: the `number`-th entry of a layer. Hard links share one.
  struct Origin {
    std::uint32_t layer = 0;
    std::uint32_t number = 0;
    friend auto operator<=>(const Origin&, const Origin&) = default;
  };
  struct Node {
    tar::Type type = tar::Type::directory;
    std::uint32_t touched = 0;  ///< the last layer that has this name, or something in this directory
    Origin origin;
    std::unique_ptr<std::string> link;       ///< of a symlink
    std::unique_ptr<tar::Entry> directory;  ///< of a directory that an entry described
  };

  /// Apply a layer on top; layers are numbered from 0, lowest first. Throws Error{bad_input} naming the entry.
  void apply(tar::Reader& layer, std::uint32_t number, const Task& task);
  /// Sorted bytewise, so that directories come before what they hold. The root itself is there when an entry described it.
  [[nodiscard]] const std::map<std::string, Node, std::less<>>& nodes() const { return nodes_; }

private:
  using Nodes = std::map<std::string, Node, std::less<>>;
  enum class Missing { create, stop };

  void add(const tar::Entry& entry, std::uint32_t number);
  void add_directory(const tar::Entry& entry, const std::string& path);
  void hide(const std::string& path, bool with_itself);
  [[nodiscard]] Node hard_link(const tar::Entry& entry);
  /// The directory that `path` leads to, links of lower layers followed; nothing when it is missing and need not be made.
  [[nodiscard]] std::optional<std::string> enter(std::string_view path, Missing missing);
  /// Its full path in the merged tree.
  [[nodiscard]] std::optional<std::string> place(std::string_view path, Missing missing);
  void touch_parents(std::string_view path);

  Nodes nodes_;
  std::uint32_t layer_ = 0;
  std::string asked_;    ///< `enter` was asked for this last
  std::string entered_;  ///< and came here
  bool known_ = false;
};

}  // namespace cairn::image
