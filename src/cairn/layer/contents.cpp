// SPDX-License-Identifier: Apache-2.0
#include <cairn/layer/contents.hpp>

namespace cairn::layer {

std::string Contents::path(const Item& item) const
{
  auto directory_path = directory(item);
  if (item.parent == Item::none && !roots[item.root].is_directory) return roots[item.root].path;
  if (!directory_path.empty()) directory_path += '/';
  return directory_path.append(name(item));
}

std::string Contents::directory(const Item& item) const
{
  const auto& root = roots[item.root];
  if (!root.is_directory) {
    const auto slash = root.path.rfind('/');
    return slash == std::string::npos ? std::string{} : root.path.substr(0, slash);
  }
  std::vector<const Item*> above;
  for (auto at = item.parent; at != Item::none; at = items[at].parent) above.push_back(&items[at]);
  auto out = root.path;
  for (auto step = above.rbegin(); step != above.rend(); ++step) {
    if (!out.empty()) out += '/';
    out.append(name(**step));
  }
  return out;
}

bool binds_to_mtimes(const Contents& contents)
{
  for (const auto& item : contents.items) {
    if (item.kind != Kind::file) continue;
    const auto name = contents.name(item);
    if (name == "package.cache" || name.ends_with(".ji")) return true;
  }
  return false;
}

}  // namespace cairn::layer
