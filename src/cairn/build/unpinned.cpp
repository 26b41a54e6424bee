// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/build.hpp>

#include <cairn/base/error.hpp>
#include <cairn/recipe/base_file.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cairn::build {
namespace {

bool has_digest(const std::string& reference) { return reference.find("sha256:") != std::string::npos; }

void check_base(const recipe::ImageFile& recipe, std::vector<std::string>& out)
{
  if (!recipe.base_image.empty()) {
    if (!has_digest(recipe.base_image)) out.push_back(fmt::format("{}: base {} has no digest", recipe.base_place, printable(recipe.base_image)));
    return;
  }
  const auto base = recipe::BaseFile::read(recipe.base_directory);
  if (!std::holds_alternative<recipe::DebianBase>(base.source)) return;
  if (!recipe::BaseLock::read(recipe.base_directory))
    out.push_back(fmt::format("{}: base {} has no {}; cairn base lock {}", recipe.base_place, printable(recipe.base_directory), recipe::base_lock_name,
                              printable(recipe.base_directory)));
}

}  // namespace

std::vector<std::string> unpinned(const recipe::ImageFile& recipe)
{
  std::vector<std::string> out;
  check_base(recipe, out);
  for (const auto& step : recipe.steps) {
    if (const auto* modules = std::get_if<recipe::ModulesStep>(&step.what)) {
      if (!has_digest(modules->library)) out.push_back(fmt::format("{}: library {} has no digest", step.place, printable(modules->library)));
    } else if (const auto* packages = std::get_if<recipe::PackagesStep>(&step.what)) {
      for (const auto& package : packages->packages)
        if (package.find('=') == std::string::npos) out.push_back(fmt::format("{}: package {} has no version", step.place, printable(package)));
    } else if (const auto* run = std::get_if<recipe::RunStep>(&step.what)) {
      if (run->has_network) out.push_back(fmt::format("{}: the script has the network, and what that answers is not pinned", step.place));
    }
  }
  return out;
}

}  // namespace cairn::build
