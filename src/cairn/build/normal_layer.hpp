// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/image/edit.hpp>
#include <cairn/image/new_layer.hpp>
#include <cairn/layer/frame_sink.hpp>
#include <cairn/layer/pack.hpp>
#include <cairn/tar/entry.hpp>
#include <cairn/tar/writer.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

/// Writing a layer whose bytes are a function of what it shows: constant times, only attributes that mean something. For the room's own use.
namespace cairn::build {

/// One thread at a time.
class NormalLayer {
public:
  /// `target` outlives this; a layer that is begun and not finished leaves nothing there.
  NormalLayer(layer::LayerTarget& target, const image::LayerSettings& settings);
  /// Sets the time and drops attributes but `security.capability`.
  void add(tar::Entry entry);
  void add(tar::Entry entry, Source& content);
  void add(tar::Entry entry, std::string_view content);
  /// Nothing when nothing was added.
  [[nodiscard]] std::optional<image::Layer> finish(const std::string& made_by);

private:
  static void normalise(tar::Entry& entry);
  tar::Writer& writer();

  layer::LayerTarget& target_;
  image::LayerSettings settings_;
  std::unique_ptr<layer::FrameSink> frames_;
  std::optional<tar::Writer> writer_;
};

/// Python's bytecode as it stays valid under any time: a timestamp .pyc of `source` becomes an unchecked-hash one, and so does a
/// checked-hash one, whose source no import need read again. `bytes` is the whole .pyc. False: Python would not use it.
[[nodiscard]] bool settle_bytecode(std::string& bytes, std::optional<std::string_view> source, std::int64_t source_mtime);
/// Whether `path` is named as bytecode in `__pycache__`.
[[nodiscard]] bool is_bytecode(std::string_view path);
/// The longest .pyc and source that are looked at.
inline constexpr std::uint64_t bytecode_limit_bytes = std::uint64_t{16} << 20;

}  // namespace cairn::build
