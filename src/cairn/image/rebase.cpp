// SPDX-License-Identifier: Apache-2.0
#include <cairn/image/rebase.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace cairn::image {
namespace {

/// What is as the old base had it becomes as the new base has it.
template <class Value>
Value merged(const Value& image, const Value& old_base, const Value& new_base)
{
  return image == old_base ? new_base : image;
}

/// The same, entry by entry.
oci::Annotations merged_map(const oci::Annotations& image, const oci::Annotations& old_base, const oci::Annotations& new_base)
{
  oci::Annotations out;
  for (const auto& [name, value] : new_base) {
    // What the image removed from the old base it does not want from the new one either.
    if (!old_base.contains(name) || image.contains(name)) out[name] = value;
  }
  for (const auto& [name, value] : image) {
    const auto old = old_base.find(name);
    if (old == old_base.end() || old->second != value) out[name] = value;
  }
  // Unchanged ones that the new base no longer has are gone: nothing added them.
  return out;
}

std::vector<std::string> merged_set(const std::vector<std::string>& image, const std::vector<std::string>& old_base,
                                    const std::vector<std::string>& new_base)
{
  const auto as_map = [](const std::vector<std::string>& names) {
    oci::Annotations map;
    for (const auto& name : names) map[name];
    return map;
  };
  std::vector<std::string> out;
  for (const auto& [name, value] : merged_map(as_map(image), as_map(old_base), as_map(new_base))) out.push_back(name);
  return out;
}

std::string name_of(const std::string& entry) { return entry.substr(0, entry.find('=')); }

/// `value` with the old base's part of it, before or behind a colon, exchanged for the new base's.
std::string with_part(const std::string& value, const std::string& old_part, const std::string& new_part)
{
  if (old_part.empty()) return value;
  if (value.ends_with(":" + old_part)) return value.substr(0, value.size() - old_part.size()) + new_part;
  if (value.starts_with(old_part + ":")) return new_part + value.substr(old_part.size());
  return value;
}

std::vector<std::string> merged_env(const std::vector<std::string>& image, const std::vector<std::string>& old_base,
                                    const std::vector<std::string>& new_base)
{
  std::vector<std::string> out;
  for (const auto& entry : new_base) {
    const auto name = name_of(entry);
    if (!find_env(old_base, name) || find_env(image, name)) out.push_back(entry);
  }
  for (const auto& entry : image) {
    const auto name = name_of(entry);
    const auto value = find_env(image, name);
    const auto old = find_env(old_base, name);
    if (value == old) continue;
    const auto now = find_env(new_base, name);
    set_env(out, name, old && now ? with_part(*value, *old, *now) : *value);
  }
  return out;
}

/// The part of the image's history that is not the old base's.
std::vector<oci::History> own_history(const Image& image, const Image& old_base)
{
  const auto& steps = image.config.history;
  const auto& old_steps = old_base.config.history;
  std::size_t layers = 0;
  std::size_t at = 0;
  for (; at < steps.size() && layers < old_base.manifest.layers.size(); ++at)
    if (!steps[at].empty_layer) ++layers;
  // Steps of the old base after its last layer: those that both have.
  while (at < steps.size() && at < old_steps.size() && steps[at] == old_steps[at]) ++at;
  return {steps.begin() + static_cast<std::ptrdiff_t>(at), steps.end()};
}

std::vector<oci::History> merged_history(const Image& image, const Image& old_base, const Image& new_base)
{
  if (!has_history(image)) return {};
  auto out = new_base.config.history;
  if (!has_history(new_base))
    out.assign(new_base.manifest.layers.size(),
               {new_base.config.created, fmt::format("base {}", new_base.descriptor.digest.str()), "", false});
  const auto own = own_history(image, old_base);
  out.insert(out.end(), own.begin(), own.end());
  return out;
}

void check_starts_with(const Image& image, const Image& base)
{
  const auto& layers = image.config.diff_ids;
  const auto& base_layers = base.config.diff_ids;
  if (base_layers.size() > layers.size())
    throw Error(Errc::bad_input,
                fmt::format("the image has {} layers, the old base {}: it was not built on that", layers.size(), base_layers.size()));
  for (std::size_t i = 0; i < base_layers.size(); ++i)
    if (layers[i] != base_layers[i])
      throw Error(Errc::bad_input, fmt::format("the image was not built on the old base {}: layer {} has diff_id {}, the base's has {}",
                                               base.descriptor.digest.str(), i, layers[i].str(), base_layers[i].str()));
}

void check_platform(const Image& image, const Image& base)
{
  const auto& own = image.config.platform;
  const auto& other = base.config.platform;
  if (own.os != other.os || own.architecture != other.architecture)
    throw Error(Errc::bad_input, fmt::format("the image is for {}/{}, the new base for {}/{}", printable(own.os),
                                             printable(own.architecture), printable(other.os), printable(other.architecture)));
}

}  // namespace

std::optional<Base> base_of(const Image& image)
{
  for (const auto* names : {&image.manifest.annotations, &image.config.labels}) {
    const auto name = names->find(std::string(annotation::base_name));
    const auto digest = names->find(std::string(annotation::base_digest));
    if (name == names->end() && digest == names->end()) continue;
    Base base;
    if (name != names->end()) base.name = name->second;
    if (digest != names->end())
      base.digest = in_context([] { return std::string(annotation::base_digest); }, [&] { return Digest::parse(digest->second); });
    return base;
  }
  return std::nullopt;
}

Image with_base(const Image& image, const Base& base)
{
  auto manifest = image.manifest;
  const auto put = [&](std::string_view key, const std::string& value) {
    if (value.empty()) manifest.annotations.erase(std::string(key));
    else manifest.annotations[std::string(key)] = value;
  };
  put(annotation::base_name, base.name);
  put(annotation::base_digest, base.digest ? base.digest->str() : "");
  return make_image(std::move(manifest), image.config);
}

Image rebase(const Image& image, const Image& old_base, const Image& new_base, const std::string& created)
{
  check_starts_with(image, old_base);
  check_platform(image, new_base);
  const auto below = static_cast<std::ptrdiff_t>(old_base.manifest.layers.size());
  auto manifest = image.manifest.in_oci_types();
  manifest.layers = new_base.manifest.in_oci_types().layers;
  const auto own = image.manifest.in_oci_types().layers;
  manifest.layers.insert(manifest.layers.end(), own.begin() + below, own.end());

  const auto& before = old_base.config;
  const auto& after = new_base.config;
  auto config = image.config;
  config.created = created;
  config.platform = after.platform;
  config.user = merged(config.user, before.user, after.user);
  config.working_dir = merged(config.working_dir, before.working_dir, after.working_dir);
  config.stop_signal = merged(config.stop_signal, before.stop_signal, after.stop_signal);
  config.entrypoint = merged(config.entrypoint, before.entrypoint, after.entrypoint);
  config.cmd = merged(config.cmd, before.cmd, after.cmd);
  config.other_json = merged(config.other_json, before.other_json, after.other_json);
  config.env = merged_env(config.env, before.env, after.env);
  config.labels = merged_map(config.labels, before.labels, after.labels);
  config.exposed_ports = merged_set(config.exposed_ports, before.exposed_ports, after.exposed_ports);
  config.volumes = merged_set(config.volumes, before.volumes, after.volumes);
  config.diff_ids = after.diff_ids;
  config.diff_ids.insert(config.diff_ids.end(), image.config.diff_ids.begin() + below, image.config.diff_ids.end());
  config.history = merged_history(image, old_base, new_base);
  return make_image(std::move(manifest), std::move(config));
}

}  // namespace cairn::image
