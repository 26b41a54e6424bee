// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/image/edit.hpp>
#include <cairn/image/new_layer.hpp>
#include <cairn/layer/pack.hpp>
#include <cli/command_line.hpp>
#include <cli/image_argument.hpp>
#include <cli/program.hpp>
#include <cli/registry_access.hpp>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What the commands that make an image of an image have in common: where the result goes and what is printed.
namespace cairn::cli {

struct ResultOptions {
  std::optional<std::string> tag;
  std::optional<std::string> output;
  RegistryFlags registry;  ///< for images that are read from one
};

/// `--tag NAME:TAG`, which must be given, `--output PLACE`, and the registry options.
void add_result_options(Command& command, ResultOptions& options);
/// Refuse bad values before any work is done. Throws UsageError, Error.
void check_result_options(const ResultOptions& options);

/// The JSON section of their manuals.
[[nodiscard]] Section result_section();

using Origin = std::function<const oci::BlobSource&(const oci::Descriptor&)>;

/// Bring `image` into `store`, tag it, copy it to `--output`, and print its digest or record. `more` adds members to the record.
void publish_result(Program& program, store::Store& store, const image::Image& image, const Origin& origin, const ResultOptions& options,
                    const std::function<void(oci::JsonWriter&)>& more = {});

/// How an image that was named so is called in annotations: without paths of this machine.
[[nodiscard]] std::string base_name(const std::string& argument);

/// Compression and threads of the settings, and the constant time.
[[nodiscard]] image::LayerSettings layer_settings(const Program& program);

/// `NAME=VALUE`. Throws UsageError that begins with `option`.
[[nodiscard]] std::pair<std::string, std::string> split_assignment(const std::string& option, const std::string& text);
[[nodiscard]] image::NameChanges name_changes(const std::string& option, const std::vector<std::string>& set,
                                              const std::vector<std::string>& remove);

}  // namespace cairn::cli
