// SPDX-License-Identifier: Apache-2.0
#include <cairn/python/offer.hpp>

#include <cairn/base/error.hpp>
#include <cairn/python/specifier.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cairn::python {
namespace {

constexpr std::size_t shown_limit = 4;

struct Candidate {
  const Offer* offer = nullptr;
  WheelName name;
  std::size_t rank = 0;
};

bool better(const Candidate& a, const Candidate& b)
{
  if (a.name.version != b.name.version) return a.name.version > b.name.version;
  if (a.rank != b.rank) return a.rank < b.rank;
  if (a.name.build != b.name.build) return a.name.build > b.name.build;
  return a.offer->file < b.offer->file;
}

std::string shown(const Pin& pin) { return pin.version ? fmt::format("{} {}", pin.name, pin.version->str()) : pin.name; }

[[noreturn]] void none_fits(const Pin& pin, std::vector<std::string> why, const Target& target)
{
  const auto all = why.size();
  why.resize(std::min(all, shown_limit));
  throw Error(Errc::not_found, fmt::format("{}: none of {} wheels fits Python {} on {} with {} {}.{}: {}{}", shown(pin), all,
                                           target.python(), target.machine, target.libc == Libc::glibc ? "glibc" : "musl",
                                           target.libc_major, target.libc_minor, fmt::join(why, "; "), all > shown_limit ? "; …" : ""));
}

}  // namespace

std::optional<Offer> choose(const Pin& pin, const std::vector<Offer>& offers, const Target& target, const TagRanks& ranks)
{
  std::optional<Specifier> wanted;
  if (pin.version) wanted = Specifier::parse("==" + pin.version->str());
  const auto python = *Version::parse(target.full_version.empty() ? target.python() + ".9999" : target.full_version);
  std::vector<Candidate> fits;
  std::vector<std::string> why;
  for (const auto& offer : offers) {
    auto name = WheelName::try_parse(offer.file);
    if (!name || name->name != pin.name || (wanted && !wanted->contains(name->version))) continue;
    const auto rank = ranks.best(name->tags);
    const auto requirement = parse_specifiers(offer.requires_python);
    if (offer.digest && !std::ranges::binary_search(pin.hashes, *offer.digest))
      why.push_back(fmt::format("{}: its hash is not locked", offer.file));
    else if (!rank) why.push_back(fmt::format("{}: its tags are for other targets", offer.file));
    else if (requirement && !contains(*requirement, python))
      why.push_back(fmt::format("{}: requires Python {}", offer.file, offer.requires_python));
    else fits.push_back({&offer, std::move(*name), *rank});
  }
  if (fits.empty()) {
    if (why.empty()) return std::nullopt;
    none_fits(pin, std::move(why), target);
  }
  // A file whose hash is known to be locked goes before one that must be fetched to be known.
  if (std::ranges::any_of(fits, [](const Candidate& one) { return one.offer->digest.has_value(); }))
    std::erase_if(fits, [](const Candidate& one) { return !one.offer->digest; });
  if (std::ranges::any_of(fits, [](const Candidate& one) { return !one.offer->yanked; }))
    std::erase_if(fits, [](const Candidate& one) { return one.offer->yanked; });
  return *std::ranges::min_element(fits, better)->offer;
}

}  // namespace cairn::python
