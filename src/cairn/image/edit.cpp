// SPDX-License-Identifier: Apache-2.0
#include <cairn/image/edit.hpp>

#include <cairn/base/error.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/os/parallel.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace cairn::image {
namespace {

constexpr std::size_t layers_in_flight = 6;

oci::Descriptor describe(std::string_view json, std::string_view media_type)
{
  return {.media_type = std::string(media_type), .digest = sha256(json), .size_bytes = json.size()};
}

void change(oci::Annotations& names, const NameChanges& changes, std::string_view kind)
{
  for (const auto& name : changes.remove)
    if (names.erase(name) == 0) throw Error(Errc::not_found, fmt::format("{} {}: the image has none of that name", kind, printable(name)));
  for (const auto& [name, value] : changes.set) {
    if (name.empty()) throw Error(Errc::bad_input, fmt::format("a {} needs a name", kind));
    names[name] = value;
  }
}

bool is_name(std::string_view entry, std::string_view name)
{
  return entry.starts_with(name) && (entry.size() == name.size() || entry[name.size()] == '=');
}

/// Remove, then add to a sorted set.
void change(std::vector<std::string>& set, const std::vector<std::string>& remove, const std::vector<std::string>& add,
            std::string_view kind)
{
  for (const auto& name : remove)
    if (std::erase(set, name) == 0)
      throw Error(Errc::not_found, fmt::format("{} {}: the image has none of that name", kind, printable(name)));
  set.insert(set.end(), add.begin(), add.end());
  std::ranges::sort(set);
  const auto repeated = std::ranges::unique(set);
  set.erase(repeated.begin(), repeated.end());
}

[[noreturn]] void refuse_port(std::string_view port)
{
  throw Error(Errc::bad_input,
              fmt::format("port {}: expected PORT or FIRST-LAST from 1 to 65535, then nothing, /tcp, /udp or /sctp", printable(port)));
}

unsigned port_number(std::string_view text, std::string_view port)
{
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0 || number > 65535) refuse_port(port);
  return number;
}

/// As image-spec 1.1, config.md "ExposedPorts", writes it: with its protocol.
std::string port_name(const std::string& port)
{
  const std::string_view text = port;
  const auto slash = text.find('/');
  const auto protocol = slash == std::string_view::npos ? "tcp" : text.substr(slash + 1);
  if (protocol != "tcp" && protocol != "udp" && protocol != "sctp") refuse_port(port);
  const auto range = text.substr(0, slash);
  const auto dash = range.find('-');
  const auto first = port_number(range.substr(0, dash), port);
  if (dash != std::string_view::npos && port_number(range.substr(dash + 1), port) < first) refuse_port(port);
  return fmt::format("{}/{}", range, protocol);
}

std::vector<std::string> port_names(const std::vector<std::string>& ports)
{
  std::vector<std::string> names;
  for (const auto& port : ports) names.push_back(port_name(port));
  return names;
}

void check_directory(const std::string& path, std::string_view what)
{
  if (!path.starts_with('/')) throw Error(Errc::bad_input, fmt::format("{} {}: is not an absolute path", what, printable(path)));
}

void put_document(std::string_view json, const oci::Descriptor& descriptor, oci::BlobTarget& target, const Task& task)
{
  if (target.has(descriptor)) return;
  MemorySource source(json);
  target.put(descriptor, source, task);
}

}  // namespace

Image make_image(oci::Manifest manifest, oci::ImageConfig config)
{
  if (manifest.layers.size() > runtime_layer_limit)
    throw Error(Errc::limit, fmt::format("{} layers: runtimes take at most {}; cairn flatten makes one of several", manifest.layers.size(),
                                         runtime_layer_limit));
  manifest = manifest.in_oci_types();
  manifest.config = describe(config.json(), oci::media_type::config);
  const auto json = manifest.json();
  if (json.size() > oci::manifest_limit_bytes)
    throw Error(Errc::limit, fmt::format("the manifest would have {} bytes, the limit is {}", json.size(), oci::manifest_limit_bytes));
  return {describe(json, manifest.media_type), std::move(manifest), std::move(config)};
}

bool has_history(const Image& image)
{
  return static_cast<std::size_t>(std::ranges::count(image.config.history, false, &oci::History::empty_layer)) ==
         image.manifest.layers.size();
}

Image append(const Image& base, const std::vector<Layer>& layers, const std::string& created)
{
  auto manifest = base.manifest;
  auto config = base.config;
  const bool history = has_history(base);
  if (!history) config.history.clear();
  for (const auto& layer : layers) {
    manifest.layers.push_back(layer.descriptor);
    config.diff_ids.push_back(layer.diff_id);
    if (history) config.history.push_back({created, layer.made_by, "", false});
  }
  config.created = created;
  return make_image(std::move(manifest), std::move(config));
}

Image annotate(const Image& image, const NameChanges& changes)
{
  auto manifest = image.manifest;
  change(manifest.annotations, changes, "annotation");
  return make_image(std::move(manifest), image.config);
}

oci::Index annotate(oci::Index index, const NameChanges& changes)
{
  change(index.annotations, changes, "annotation");
  return index;
}

std::optional<std::string> find_env(const std::vector<std::string>& env, std::string_view name)
{
  // The last one counts, as for execve and every shell.
  for (auto entry = env.rbegin(); entry != env.rend(); ++entry)
    if (is_name(*entry, name)) return entry->substr(std::min(entry->size(), name.size() + 1));
  return std::nullopt;
}

std::pair<std::string, std::string> split_env(std::string_view entry)
{
  const auto equals = entry.find('=');
  if (equals == std::string_view::npos) return {std::string(entry), {}};
  return {std::string(entry.substr(0, equals)), std::string(entry.substr(equals + 1))};
}

void set_env(std::vector<std::string>& env, std::string_view name, std::string_view value)
{
  auto text = fmt::format("{}={}", name, value);
  for (auto& entry : env) {
    if (!is_name(entry, name)) continue;
    entry = std::move(text);
    return;
  }
  env.push_back(std::move(text));
}

Image mutate(const Image& image, const ConfigChanges& changes, const oci::History& step)
{
  auto config = image.config;
  for (const auto& name : changes.remove_env)
    if (std::erase_if(config.env, [&](const std::string& entry) { return is_name(entry, name); }) == 0)
      throw Error(Errc::not_found, fmt::format("variable {}: the image does not set it", printable(name)));
  for (const auto& [name, value] : changes.set_env) {
    if (name.empty()) throw Error(Errc::bad_input, fmt::format("variable {}: has no name", printable("=" + value)));
    set_env(config.env, name, value);
  }
  change(config.labels, changes.labels, "label");
  change(config.exposed_ports, port_names(changes.remove_ports), port_names(changes.add_ports), "port");
  for (const auto& volume : changes.add_volumes) check_directory(volume, "volume");
  change(config.volumes, changes.remove_volumes, changes.add_volumes, "volume");
  if (changes.working_dir && !changes.working_dir->empty()) check_directory(*changes.working_dir, "working directory");
  if (changes.working_dir) config.working_dir = *changes.working_dir;
  if (changes.user) config.user = *changes.user;
  if (changes.stop_signal) config.stop_signal = *changes.stop_signal;
  if (changes.entrypoint) config.entrypoint = *changes.entrypoint;
  if (changes.cmd) config.cmd = *changes.cmd;
  if (has_history(image)) config.history.push_back(step);
  config.created = step.created;
  return make_image(image.manifest, std::move(config));
}

void publish(const Image& image, const std::function<const oci::BlobSource&(const oci::Descriptor&)>& origin, oci::BlobTarget& target,
             const Task& task)
{
  parallel_for(image.manifest.layers.size(), layers_in_flight, [&](std::size_t i) {
    const auto& layer = image.manifest.layers[i];
    task.check();
    if (target.has(layer)) return;
    const auto step = task.step(fmt::format("layer {}", i), layer.size_bytes);
    try {
      in_context([&] { return fmt::format("layer {}", i); }, [&] { target.take(layer, origin(layer), step); });
    } catch (const Error& error) {
      if (error.code() != Errc::not_found || layer.urls.empty()) throw;
    }
  });
  put_document(image.config.json(), image.manifest.config, target, task);
  put_document(image.manifest.json(), image.descriptor, target, task);
}

void publish(const Image& image, const oci::BlobSource& origin, oci::BlobTarget& target, const Task& task)
{
  publish(image, [&](const oci::Descriptor&) -> const oci::BlobSource& { return origin; }, target, task);
}

}  // namespace cairn::image
