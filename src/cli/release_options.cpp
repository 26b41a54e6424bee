// SPDX-License-Identifier: Apache-2.0
#include <cli/release_options.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

namespace cairn::cli {

void add_release_options(Command& command, ReleaseOptions& options)
{
  command
      .option("--since", "IMAGE",
              "the previous release: only its manifest, config and index layer are read; what NAME:TAG is now, if not given", options.since,
              ValueKind::image)
      .number("--layers", "K", "at most this many layers; 64, or what library.yaml says", library::least_budget_layers,
              library::most_budget_layers, options.layers)
      .number("--dead", "PCT", "bytes of old versions may be this many percent of the live ones (10); 0: none", 0, 100,
              options.dead_percent)
      .option("--purge", "UNIT", "leave no old bytes of this unit in any layer: a leaked secret, a licence", options.purge);
  add_registry_options(command, options.registry);
}

void apply(const TreeOptions& tree, const ReleaseOptions& options, const Settings& settings, library::SplitSettings& split)
{
  split.tree = tree.tree;
  split.mapping = read_mapping(tree);
  split.budget_layers = options.layers.value_or(split.mapping.layers.value_or(library::default_budget_layers));
  if (options.dead_percent) split.dead_cap = static_cast<double>(*options.dead_percent) / 100;
  split.purge.insert(options.purge.begin(), options.purge.end());
  split.threads = settings.jobs.value;
}

std::optional<OpenImage> open_since(Program& program, const ReleaseOptions& options, library::SplitSettings& split)
{
  if (!options.since) return std::nullopt;
  return in_context([&] { return fmt::format("--since {}", printable(*options.since)); },
                    [&] {
                      auto open = open_image(program, *options.since, options.registry);
                      // Kept layers stay where they are in a registry: the new release is pushed there, and they may be all there is.
                      const auto* layers = open.access ? nullptr : open.blobs.get();
                      split.since = library::PreviousRelease{*options.since, library::load(*open.blobs, open.manifest), layers};
                      return std::optional(std::move(open));
                    });
}

}  // namespace cairn::cli
