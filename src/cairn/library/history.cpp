// SPDX-License-Identifier: Apache-2.0
#include <cairn/library/history.hpp>

#include <cairn/base/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cairn::library {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Digits at the start, without zeros in front.
std::string_view take_number(std::string_view& text)
{
  const auto end = std::ranges::find_if_not(text, is_digit) - text.begin();
  auto number = text.substr(0, static_cast<std::size_t>(end));
  text.remove_prefix(number.size());
  while (number.size() > 1 && number.front() == '0') number.remove_prefix(1);
  return number;
}

Release release_of(const std::string& tag, const Library& library, const std::optional<Library>& before)
{
  Release out{tag, library.image.descriptor.digest, library.document.units.size(), library.image.manifest.layers.size(), 0, std::nullopt};
  for (const auto& layer : library.image.manifest.layers) out.size_bytes += layer.size_bytes;
  if (before) out.difference = diff(*before, library);
  return out;
}

}  // namespace

bool release_before(std::string_view a, std::string_view b)
{
  const auto all_a = a;
  const auto all_b = b;
  while (!a.empty() && !b.empty()) {
    if (is_digit(a.front()) && is_digit(b.front())) {
      const auto x = take_number(a);
      const auto y = take_number(b);
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
    } else {
      if (a.front() != b.front()) return static_cast<unsigned char>(a.front()) < static_cast<unsigned char>(b.front());
      a.remove_prefix(1);
      b.remove_prefix(1);
    }
  }
  if (a.empty() != b.empty()) return a.empty();
  return all_a < all_b;
}

std::vector<Release> history(const store::Store& store, const std::string& name, const Task& task)
{
  auto tags = store.tags();
  std::erase_if(tags, [&](const store::Tag& tag) { return tag.name != name && !tag.name.starts_with(name + ":"); });
  std::ranges::sort(tags, release_before, &store::Tag::name);
  std::vector<Release> out;
  std::optional<Library> before;
  for (const auto& tag : tags) {
    task.check();
    const auto image = in_context([&] { return tag.name; }, [&] { return image::load(store, tag.manifest); });
    if (!image.manifest.annotations.contains(std::string(annotation::format))) continue;
    auto library = in_context([&] { return tag.name; }, [&] { return load(store, tag.manifest); });
    out.push_back(release_of(tag.name, library, before));
    before = std::move(library);
  }
  if (out.empty())
    throw Error(Errc::not_found,
                fmt::format("{}: no library of this name in the store; cairn images lists what there is", printable(name)));
  return out;
}

}  // namespace cairn::library
