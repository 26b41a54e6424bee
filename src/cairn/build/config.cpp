// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/config.hpp>

#include <cairn/image/edit.hpp>

namespace cairn::build {
namespace {

constexpr std::string_view usual_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::string filled(std::string_view text, const std::vector<std::string>& env)
{
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto end = text.substr(i, 2) == "${" ? text.find('}', i) : std::string_view::npos;
    if (end == std::string_view::npos) {
      out += text[i];
    } else {
      out += image::find_env(env, text.substr(i + 2, end - i - 2)).value_or("");
      i = end;
    }
  }
  return out;
}

}  // namespace

std::vector<std::string> wished_env(const std::vector<std::string>& base, const recipe::ConfigWishes& wishes)
{
  auto env = base;
  if (!image::find_env(env, "PATH")) image::set_env(env, "PATH", usual_path);
  for (const auto& [name, value] : wishes.env) image::set_env(env, name, filled(value, env));
  return env;
}

image::Image with_wishes(const image::Image& image, const recipe::ConfigWishes& wishes, const std::string& created)
{
  image::ConfigChanges changes;
  for (const auto& entry : wished_env(image.config.env, wishes)) changes.set_env.push_back(image::split_env(entry));
  for (const auto& [name, value] : wishes.labels) changes.labels.set[name] = value;
  changes.add_ports = wishes.ports;
  changes.add_volumes = wishes.volumes;
  changes.user = wishes.user;
  changes.working_dir = wishes.working_dir;
  changes.stop_signal = wishes.stop_signal;
  changes.entrypoint = wishes.entrypoint;
  changes.cmd = wishes.cmd;
  return image::mutate(image, changes, {.created = created, .created_by = "cairn build: config", .comment = {}, .empty_layer = true});
}

}  // namespace cairn::build
