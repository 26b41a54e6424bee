// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/io/codec.hpp>
#include <cairn/python/resolve.hpp>
#include <cairn/stack/base.hpp>
#include <cairn/stack/bytecode.hpp>
#include <cairn/stack/conflict.hpp>
#include <cairn/stack/plan.hpp>
#include <cairn/stack/stack.hpp>
#include <cairn/store/store.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// From wheels to an image: each wheel a fragment, fragments into layers, layers onto a base or on nothing.
namespace cairn::stack {

enum class RecordCheck { warn, strict };

struct MakeSettings {
  python::InstallSettings install;
  std::size_t layers = default_layers;
  Compression compression{};
  OnConflict on_conflict = OnConflict::refuse;
  std::optional<BytecodeMaker> bytecode{};  ///< nothing: none, as `pip install --no-compile`
  RecordCheck record = RecordCheck::warn;  ///< strict: every hash of RECORD is checked, and a difference is an error
  std::size_t threads = 0;
  std::string tag;       ///< also the previous stack, whose plan is kept where it can be
  std::string created;   ///< RFC 3339
  std::optional<image::Image> base{};       ///< of the same store
  Replaced replaced{};                      ///< of the base: hidden, but for what is installed anew
};

struct Made {
  oci::Descriptor manifest;
  bool unchanged = false;       ///< all was known: nothing was read
  std::size_t packages = 0;
  std::size_t new_layers = 0;
  std::size_t kept_layers = 0;
  std::uint64_t new_bytes = 0;
  std::uint64_t kept_bytes = 0;
  std::vector<std::string> settled;   ///< paths that one package lost to another
  std::vector<std::string> warnings;
};

/// Make the image and tag it. The bytes depend on wheels, settings, base and the previous stack's plan alone. Throws Error
/// naming the wheel; nothing is tagged then. Memory: what layer::pack takes and 96 MiB.
[[nodiscard]] Made make(const std::vector<python::Chosen>& wheels, const MakeSettings& settings, store::Store& store, const Task& task);

}  // namespace cairn::stack
