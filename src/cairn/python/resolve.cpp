// SPDX-License-Identifier: Apache-2.0
#include <cairn/python/resolve.hpp>

#include <cairn/base/error.hpp>
#include <cairn/io/file.hpp>
#include <cairn/os/parallel.hpp>
#include <cairn/python/specifier.hpp>
#include <cairn/python/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>

#include <fcntl.h>

namespace cairn::python {
namespace {

/// Wheels that are fetched side by side.
constexpr std::size_t fetches = 16;
constexpr int fetch_attempts = 3;

class DirectorySource final : public WheelSource {
public:
  explicit DirectorySource(const std::filesystem::path& directory) : directory_(std::filesystem::absolute(directory))
  {
    std::error_code problem;
    for (const auto& file : std::filesystem::directory_iterator(directory_, problem)) {
      auto name = file.path().filename().string();
      const auto wheel = WheelName::try_parse(name);
      if (wheel) by_name_[wheel->name].push_back({name, file.path().string(), true});
    }
    if (problem)
      throw Error(problem == std::errc::no_such_file_or_directory ? Errc::not_found : Errc::io,
                  fmt::format("wheels in {}: {}", printable(directory.string()), problem.message()));
    for (auto& [name, offers] : by_name_) std::ranges::sort(offers, {}, &Offer::file);
  }
  std::string key() const override { return {}; }
  std::vector<Offer> offers(const std::string& name, const Task&) override
  {
    const auto found = by_name_.find(name);
    return found != by_name_.end() ? found->second : std::vector<Offer>{};
  }
  std::unique_ptr<Source> open(const Offer& offer, const Task&) override { return std::make_unique<FileSource>(offer.place); }
  std::string shown() const override { return printable(directory_.string()); }

private:
  std::filesystem::path directory_;
  std::map<std::string, std::vector<Offer>> by_name_;
};

std::string shown(const Pin& pin) { return pin.version ? fmt::format("{} {}", pin.name, pin.version->str()) : pin.name; }

class Resolver {
public:
  Resolver(const Lock& lock, const ResolveSettings& settings, WheelCache& cache, const Task& task)
      : lock_(lock), settings_(settings), cache_(cache), task_(task), ranks_(settings.target)
  {
  }

  Resolved run(const std::vector<Pin>& pins)
  {
    std::vector<std::optional<Chosen>> chosen(pins.size());
    parallel_for(pins.size(), std::max<std::size_t>(fetches, thread_count(settings_.threads)), [&](std::size_t i) {
      task_.check();
      if (!pins[i].needs_build.empty()) add_unbuilt(pins[i], pins[i].needs_build);
      else chosen[i] = in_context([&] { return printable(lock_.file.filename().string()); }, [&] { return resolve(pins[i]); });
    });
    for (auto& one : chosen)
      if (one) {
        if (one->yanked) resolved_.warnings.push_back(fmt::format("{} was yanked by its authors", one->wheel.file));
        resolved_.wheels.push_back(std::move(*one));
      }
    std::ranges::sort(resolved_.unbuilt, {}, &Unbuilt::name);
    cache_.save();
    return std::move(resolved_);
  }

private:
  void add_unbuilt(const Pin& pin, std::string why)
  {
    const std::scoped_lock lock(mutex_);
    resolved_.unbuilt.push_back({shown(pin), std::move(why), pin});
  }

  std::optional<Chosen> resolve(const Pin& pin)
  {
    if (pin.hashes.empty())
      throw Error(Errc::bad_input,
                  fmt::format("{}: the lock has no sha256 for it; nothing is installed that is not hashed: lock it anew", shown(pin)));
    if (!pin.direct_url.empty()) return direct(pin);
    if (lock_.kind == LockKind::pylock) return locked_wheels(pin);
    std::vector<WheelSource*> sources;
    for (const auto& extra : settings_.extra) sources.push_back(extra.get());
    for (auto* source : of_lock(pin)) sources.push_back(source);
    if (sources.empty())
      throw Error(Errc::bad_input,
                  fmt::format("{}: the lock names no source; give one with --index or --wheels, or set PIP_INDEX_URL", shown(pin)));
    bool is_offered = false;
    std::optional<Error> misfit;
    for (auto* source : sources) {
      const auto offers = ask(*source, pin);
      is_offered = is_offered || !offers.empty();
      try {
        if (const auto offer = choose(pin, offers, settings_.target, ranks_)) return take(pin, *offer, *source);
      } catch (const Error& error) {
        if (error.code() != Errc::not_found) throw;
        misfit.emplace(error);
      }
    }
    if (misfit) throw *misfit;
    if (is_offered) {
      add_unbuilt(pin, "no wheel of this version is offered");
      return std::nullopt;
    }
    std::vector<std::string> asked;
    for (const auto* source : sources) asked.push_back(source->shown());
    throw Error(Errc::not_found, fmt::format("{}: not offered by {}", shown(pin), fmt::join(asked, ", ")));
  }

  [[nodiscard]] std::vector<WheelSource*> of_lock(const Pin& pin) const
  {
    std::vector<WheelSource*> sources;
    for (const auto& [name, source] : settings_.sources) {
      if (!pin.source.empty() && name != pin.source) continue;
      sources.push_back(source.get());
      if (pin.source.empty() && !settings_.every_source) break;
    }
    if (!pin.source.empty() && sources.empty())
      throw Error(Errc::bad_input, fmt::format("{}: its index {} is none of the lock's sources", shown(pin), printable(pin.source)));
    return sources;
  }

  std::vector<Offer> ask(WheelSource& source, const Pin& pin)
  {
    const auto key = source.key();
    if (!key.empty())
      if (auto known = cache_.offers(key, pin)) return std::move(*known);
    auto offers = source.offers(pin.name, task_);
    if (!key.empty()) {
      // Only what can ever be chosen is kept, so that a page of thousands of files becomes a few lines.
      const auto wanted = pin.version ? Specifier::parse("==" + pin.version->str()) : std::nullopt;
      std::erase_if(offers, [&](const Offer& offer) {
        const auto wheel = WheelName::try_parse(offer.file);
        return wheel && wanted && !wanted->contains(wheel->version);
      });
      cache_.keep_offers(key, pin, offers);
      const std::scoped_lock lock(mutex_);
      ++resolved_.asked;
    }
    return offers;
  }

  /// A file of the user's stays where it is; only its hash is looked at.
  Chosen take_local(const Pin& pin, const Offer& offer)
  {
    Chosen chosen{pin, WheelName::parse(offer.file), {}, offer.place, offer.yanked};
    chosen.digest = cache_.digest_of(chosen.path, task_);
    if (!std::ranges::binary_search(pin.hashes, chosen.digest)) throw_hash_mismatch(printable(offer.file), pin.hashes, chosen.digest);
    return chosen;
  }

  Chosen take(const Pin& pin, const Offer& offer, WheelSource& source)
  {
    if (offer.is_local) return take_local(pin, offer);
    Chosen chosen{pin, WheelName::parse(offer.file), {}, {}, offer.yanked};
    if (offer.digest)
      if (const auto path = cache_.find(*offer.digest)) {
        chosen.path = *path;
        chosen.digest = *offer.digest;
        return chosen;
      }
    if (settings_.fetch == Fetch::no) {
      chosen.digest = offer.digest.value_or(Digest{});
      return chosen;
    }
    const auto expected = offer.digest ? std::vector{*offer.digest} : pin.hashes;
    const auto what = fmt::format("{} from {}", offer.file, source.shown());
    for (int attempt = 1; chosen.path.empty(); ++attempt) {
      try {
        chosen.path = cache_.put(*source.open(offer, task_), offer.file, expected, what, task_);
      } catch (const Error& error) {
        if (error.code() != Errc::network || attempt == fetch_attempts) throw;  // a body that broke off is not tried again below us
      }
    }
    chosen.digest = Digest::parse("sha256:" + chosen.path.parent_path().filename().string());
    const std::scoped_lock lock(mutex_);
    ++resolved_.fetched;
    return chosen;
  }

  /// `file:` URLs, and URLs that an http source can open.
  Chosen direct(const Pin& pin)
  {
    auto url = pin.direct_url.substr(0, pin.direct_url.find('#'));
    Offer offer;
    const bool is_remote = url.starts_with("http://") || url.starts_with("https://");
    if (url.starts_with("file://")) url = percent_decoded(url.substr(7));
    offer.is_local = !is_remote;
    offer.place = is_remote ? url : (lock_.file.parent_path() / url).string();
    offer.file = percent_decoded(url.substr(url.rfind('/') + 1));
    return fetch_place(pin, offer);
  }

  std::optional<Chosen> locked_wheels(const Pin& pin)
  {
    std::vector<Offer> offers;
    for (const auto& wheel : pin.wheels) {
      Offer offer;
      offer.file = wheel.file;
      offer.digest = wheel.digest;
      offer.size_bytes = wheel.size_bytes;
      offer.is_local = !wheel.path.empty() || wheel.url.starts_with("file://");
      offer.place = !wheel.path.empty() ? (lock_.file.parent_path() / wheel.path).string()
                    : offer.is_local    ? percent_decoded(wheel.url.substr(7))
                                        : wheel.url;
      offers.push_back(std::move(offer));
    }
    const auto offer = choose(pin, offers, settings_.target, ranks_);
    if (offer) {
      for (const auto& extra : settings_.extra)
        for (const auto& here : extra->offers(pin.name, task_))
          if (here.file == offer->file) return take(pin, here, *extra);
      return fetch_place(pin, *offer);
    }
    add_unbuilt(pin, pin.has_sdist ? "the lock has only a source archive" : "the lock names no wheel");
    return std::nullopt;
  }

  Chosen fetch_place(const Pin& pin, const Offer& offer)
  {
    if (offer.is_local) return take_local(pin, offer);
    if (settings_.sources.empty())
      throw Error(Errc::unsupported, fmt::format("{}: its wheel is at {}, and no source can fetch it", shown(pin), offer.place));
    return take(pin, offer, *settings_.sources.front().source);
  }

  const Lock& lock_;
  const ResolveSettings& settings_;
  WheelCache& cache_;
  const Task& task_;
  TagRanks ranks_;
  std::mutex mutex_;
  Resolved resolved_;
};

}  // namespace

std::unique_ptr<WheelSource> directory_source(const std::filesystem::path& directory)
{
  return std::make_unique<DirectorySource>(directory);
}

Resolved resolve(const Lock& lock, const std::vector<Pin>& pins, const ResolveSettings& settings, WheelCache& cache, const Task& task)
{
  return Resolver(lock, settings, cache, task).run(pins);
}

}  // namespace cairn::python
