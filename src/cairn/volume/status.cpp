// SPDX-License-Identifier: Apache-2.0
#include <cairn/volume/status.hpp>

#include <cairn/os/beneath.hpp>
#include <cairn/volume/publish.hpp>

#include <array>
#include <climits>

#include <fcntl.h>
#include <unistd.h>

namespace cairn::volume {
namespace {

std::vector<DirectoryEntry> names_in(int dir, const std::filesystem::path& shown)
{
  return list_directory(open_beneath(dir, "", O_RDONLY | O_DIRECTORY, shown).get(), shown);
}

bool is_anchor(const Layout& layout, const std::string& name)
{
  std::array<char, PATH_MAX> text;
  const auto size = ::readlinkat(layout.root(), name.c_str(), text.data(), text.size());
  return size >= 0 && std::string_view(text.data(), static_cast<std::size_t>(size)) == anchor_text(name);
}

}  // namespace

Status status(const std::filesystem::path& directory)
{
  const Layout layout(directory, Access::read);
  Status status;
  status.generations = generations(layout);
  if (const auto id = layout.current())
    for (const auto& generation : status.generations)
      if (generation.id == *id) status.current = generation;
  status.leases = leases(layout);
  status.holder = Turn::holder(layout);
  for (const auto& [dir, name] : {std::pair{layout.units(), "units"}, std::pair{layout.generations(), "generations"}})
    for (const auto& entry : names_in(dir, layout.shown(name)))
      if (entry.name.ends_with(part_suffix)) status.unfinished.push_back(std::string(name) + "/" + entry.name);
  for (const auto& entry : names_in(layout.trash(), layout.shown("trash"))) status.unfinished.push_back("trash/" + entry.name);
  for (const auto& entry : names_in(layout.root(), layout.path()))
    if (entry.name != cairn_name && !is_anchor(layout, entry.name)) status.foreign.push_back(entry.name);
  status.space = space(layout);
  return status;
}

}  // namespace cairn::volume
