// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/history.hpp>

#include <cairn/base/error.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/os/beneath.hpp>
#include <cairn/volume/small_file.hpp>

#include <fmt/format.h>

#include <fcntl.h>

namespace cairn::volume {

std::vector<Event> events(const Layout& layout)
{
  std::vector<Event> found;
  const auto shown = layout.shown("history");
  const auto dir = open_beneath(layout.history(), "", O_RDONLY | O_DIRECTORY, shown);
  for (const auto& entry : list_directory(dir.get(), shown)) {
    if (!entry.name.ends_with(".json") || entry.name.starts_with('.')) continue;
    const auto text = read_file(dir.get(), entry.name, shown / entry.name);
    if (!text) continue;
    const auto document = oci::JsonDocument::parse(*text, shown / entry.name);
    const auto root = document.root();
    Event event{.number = root.at("number").uint64(),
                .action = std::string(root.at("action").string()),
                .from = {},
                .to = std::string(root.at("to").string()),
                .library = std::string(root.at("library").string()),
                .time = root.at("time").int64()};
    if (const auto from = root.find("from")) event.from = from->string();
    found.push_back(std::move(event));
  }
  const auto current = layout.current().value_or("");
  for (std::size_t i = 0; i < found.size(); ++i) found[i].happened = (i + 1 < found.size() ? found[i + 1].from : current) == found[i].to;
  return found;
}

void record_event(const Layout& layout, const Event& event)
{
  const auto before = events(layout);
  const auto number = before.empty() ? 1 : before.back().number + 1;
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object().member("number", number).member("action", event.action).member_unless_empty("from", event.from);
  json.member("to", event.to).member("library", event.library).member("time", event.time).end_object();
  const auto name = fmt::format("{:08}.json", number);  // eight digits, so that they sort
  replace_file(layout.history(), name, json.finish() + '\n', layout.shown("history/" + name));
}

}  // namespace cairn::volume
