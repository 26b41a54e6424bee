// SPDX-License-Identifier: Apache-2.0
#include <cli/render/stack_report.hpp>

#include <cli/render/text.hpp>

#include <fmt/format.h>

namespace cairn::cli {

Table stack_table(const stack::Stack& stack, const image::Image& image)
{
  Table table({{"PACKAGE"}, {"VERSION"}, {"LAYER", Align::right}, {"LAYER SIZE", Align::right}});
  for (const auto& package : stack.packages)
    table.add({package.name, package.version, std::to_string(package.layer), size_text(image.manifest.layers[package.layer].size_bytes)});
  return table;
}

oci::JsonWriter stack_record(const stack::Stack& stack, const image::Image& image)
{
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object()
      .member("manifest", image.descriptor.digest)
      .member("python", stack.python)
      .member("platform", stack.platform)
      .member("prefix", stack.prefix);
  json.begin_array("packages");
  for (const auto& package : stack.packages)
    json.begin_object().member("name", package.name).member("version", package.version).member("layer", package.layer).end_object();
  json.end_array().begin_array("layers");
  for (const auto& layer : image.manifest.layers)
    json.begin_object().member("digest", layer.digest).member("size_bytes", layer.size_bytes).end_object();
  json.end_array().end_object();
  return json;
}

Table difference_table(const stack::StackDifference& difference)
{
  Table table({{"PACKAGE"}, {"BEFORE"}, {"AFTER"}});
  for (const auto& change : difference.changes)
    table.add({change.name, change.before.empty() ? "-" : change.before, change.after.empty() ? "-" : change.after});
  return table;
}

std::string difference_summary(const stack::StackDifference& difference)
{
  return fmt::format("{}; to fetch: {} in {}, of {}", count_text(difference.changes.size(), "package differs", "packages differ"),
                     size_text(difference.bytes_to_fetch), count_text(difference.layers_to_fetch, "layer", "layers"),
                     size_text(difference.bytes));
}

oci::JsonWriter difference_record(const stack::StackDifference& difference)
{
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object().begin_array("changes");
  for (const auto& change : difference.changes) {
    json.begin_object().member("name", change.name);
    json.member_unless_empty("before", change.before).member_unless_empty("after", change.after).end_object();
  }
  json.end_array()
      .member("layers_to_fetch", difference.layers_to_fetch)
      .member("bytes_to_fetch", difference.bytes_to_fetch)
      .member("bytes", difference.bytes);
  json.end_object();
  return json;
}

std::vector<std::string> made_summary(const stack::Made& made, const python::Resolved& resolved)
{
  const auto fetching = resolved.fetched == 0 && resolved.asked == 0
                            ? std::string("nothing was asked of an index")
                            : fmt::format("{} fetched, {}", count_text(resolved.fetched, "wheel", "wheels"),
                                          count_text(resolved.asked, "question", "questions"));
  if (made.unchanged) return {fmt::format("{}, unchanged; {}", count_text(made.packages, "package", "packages"), fetching)};
  return {fmt::format("{}; {} ({}) new, {} ({}) kept; {}", count_text(made.packages, "package", "packages"),
                      count_text(made.new_layers, "layer", "layers"), size_text(made.new_bytes), made.kept_layers,
                      size_text(made.kept_bytes), fetching)};
}

oci::JsonWriter made_record(const stack::Made& made, const python::Resolved& resolved, const std::string& tag)
{
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object()
      .member("manifest", made.manifest.digest)
      .member("tag", tag)
      .member("packages", made.packages)
      .member("unchanged", made.unchanged);
  json.begin_object("layers").member("new", made.new_layers).member("kept", made.kept_layers).end_object();
  json.member("new_bytes", made.new_bytes)
      .member("kept_bytes", made.kept_bytes)
      .member("fetched", resolved.fetched)
      .member("asked", resolved.asked);
  json.member("conflicts", made.settled);
  auto warnings = resolved.warnings;
  warnings.insert(warnings.end(), made.warnings.begin(), made.warnings.end());
  json.member("warnings", warnings).end_object();
  return json;
}

}  // namespace cairn::cli
