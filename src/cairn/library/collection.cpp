// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/collection.hpp>

#include <cairn/base/error.hpp>
#include <cairn/module/lua_sandbox.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cairn::library {
namespace {

template <class Data>
const Data* member(const module::Table& table, const char* key)
{
  const auto found = table.find(key);
  return found == table.end() ? nullptr : std::get_if<Data>(&found->second.data);
}

}  // namespace

std::vector<std::string> read_collection(std::string_view text, const std::string& what)
{
  const auto outcome = module::run_data(text);
  if (outcome.error) throw Error(Errc::bad_input, fmt::format("{}: no Lmod collection: {}", what, *outcome.error));
  const auto* all = member<module::Table>(outcome.said, "_ModuleTable_");
  const auto* modules = all == nullptr ? nullptr : member<module::Table>(*all, "mT");
  std::vector<std::pair<std::int64_t, std::string>> found;
  if (modules != nullptr)
    for (const auto& [name, value] : *modules) {
      const auto* module = std::get_if<module::Table>(&value.data);
      const auto* full_name = module == nullptr ? nullptr : member<std::string>(*module, "fullName");
      if (full_name == nullptr)
        throw Error(Errc::bad_input, fmt::format("{}: no Lmod collection: module {} has no fullName", what, printable(name)));
      const auto* order = member<std::int64_t>(*module, "loadOrder");
      found.emplace_back(order == nullptr ? 0 : *order, *full_name);
    }
  if (found.empty())
    throw Error(Errc::bad_input,
                fmt::format("{}: {}", what,
                            modules == nullptr ? "no Lmod collection: it has no _ModuleTable_.mT" : "the collection names no module"));
  std::ranges::sort(found);
  std::vector<std::string> names;
  for (auto& [order, name] : found) names.push_back(std::move(name));
  return names;
}

}  // namespace cairn::library
