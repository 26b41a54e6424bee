// SPDX-License-Identifier: Apache-2.0
#include <cli/module_choice.hpp>

#include <cairn/base/error.hpp>
#include <cairn/library/collection.hpp>
#include <cairn/os/fd.hpp>

#include <cstdint>
#include <utility>

namespace cairn::cli {
namespace {

constexpr std::uint64_t collection_limit_bytes = std::uint64_t{1} << 20;

}  // namespace

std::vector<std::string> chosen_modules(std::vector<std::string> modules, const std::optional<std::string>& collection)
{
  if (collection)
    for (auto& name : library::read_collection(read_small_file(*collection, collection_limit_bytes), printable(*collection)))
      modules.push_back(std::move(name));
  return modules;
}

}  // namespace cairn::cli
