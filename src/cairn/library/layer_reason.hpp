// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace cairn::library {

/// Why a layer was made. It stays with the layer for as long as the layer is kept. docs/formats/plan.md says when which.
enum class LayerReason {
  first,     ///< of a plan without a previous release
  fresh,     ///< units that are new or changed, written `new`
  merge,     ///< units of several layers: there were more than the budget
  dead_cap,  ///< live units of a layer that had too many dead bytes, written `dead-cap`
  purge,     ///< live units of a layer that had bytes of a unit that must be gone
  rewrite,   ///< live units of a layer that could not be kept: another codec, or dead bytes that nothing hides
};

[[nodiscard]] std::string_view name(LayerReason reason);  ///< as in library.json
[[nodiscard]] std::optional<LayerReason> layer_reason_from(std::string_view name);

}  // namespace cairn::library
