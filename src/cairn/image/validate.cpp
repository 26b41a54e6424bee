// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/image/entry_rules.hpp>
#include <cairn/image/image.hpp>
#include <cairn/image/layer_source.hpp>
#include <cairn/image/read.hpp>
#include <cairn/os/parallel.hpp>
#include <cairn/tar/reader.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>

namespace cairn::image {
namespace {

std::vector<std::string> check_layer(const oci::BlobSource& blobs, const oci::Descriptor& layer, const Digest& diff_id, const Task& task)
{
  std::vector<std::string> problems;
  std::optional<LayerSource> source;
  try {
    source.emplace(blobs, layer, task);
    bool whole = true;
    try {
      tar::Reader reader(*source, "tar");
      EntryRules rules(problems);
      while (const auto entry = reader.next()) {
        task.check();
        rules.check(*entry);
      }
    } catch (const Error& error) {
      // Of the tar or of the codec; in the second case it comes again below.
      whole = error.code() == Errc::bad_input || error.code() == Errc::limit || error.code() == Errc::unsupported;
      problems.emplace_back(error.what());
    }
    if (whole) {
      const auto found = source->finish();
      if (found != diff_id) problems.push_back(fmt::format("diff_id is {}, the config says {}", found.str(), diff_id.str()));
    } else {
      source->finish_packed();
    }
  } catch (const Error& error) {
    // What a wrong blob leads to would only hide that it is wrong.
    if (!source || error.code() == Errc::corrupt || error.code() == Errc::io) problems.clear();
    problems.emplace_back(error.what());
  }
  return problems;
}

class Validation {
public:
  Validation(const oci::BlobSource& blobs, const Task& task) : blobs_(blobs), task_(task) {}

  void check(const oci::Descriptor& descriptor, const std::string& prefix)
  {
    task_.check();
    if (!seen_.insert(descriptor.digest).second) return;
    if (!oci::media_type::is_index(descriptor.media_type)) return check_image(descriptor, prefix);
    const auto index = guarded(prefix + "index", [&] { return read_index(blobs_, descriptor); });
    if (!index) return;
    for (std::size_t i = 0; i < index->manifests.size(); ++i) {
      const auto& entry = index->manifests[i];
      check(entry, fmt::format("{}manifest {} ({}): ", prefix, i, entry.digest.str()));
    }
  }
  [[nodiscard]] std::vector<Finding> take() { return std::move(findings_); }

private:
  /// What `body` gives; its Error becomes a finding.
  template <class Body>
  auto guarded(const std::string& where, Body&& body) -> std::optional<decltype(body())>
  {
    try {
      return body();
    } catch (const Error& error) {
      findings_.push_back({where, error.what()});
      return std::nullopt;
    }
  }

  void check_image(const oci::Descriptor& descriptor, const std::string& prefix)
  {
    const auto manifest = guarded(prefix + "manifest", [&] { return read_manifest(blobs_, descriptor); });
    if (!manifest) return;
    const auto config = guarded(prefix + "config", [&] { return read_config(blobs_, *manifest); });
    if (!config) return;
    const auto steps = static_cast<std::size_t>(std::ranges::count(config->history, false, &oci::History::empty_layer));
    if (!config->history.empty() && steps != manifest->layers.size())
      findings_.push_back(
          {prefix + "config", fmt::format("history has {} steps that make layers, there are {} layers", steps, manifest->layers.size())});
    check_layers(*manifest, *config, prefix);
  }

  void check_layers(const oci::Manifest& manifest, const oci::ImageConfig& config, const std::string& prefix)
  {
    std::uint64_t total_bytes = 0;
    for (const auto& layer : manifest.layers) total_bytes += layer.size_bytes;
    const auto step = task_.step("validate", total_bytes);
    std::vector<std::vector<std::string>> problems(manifest.layers.size());
    parallel_for(manifest.layers.size(), thread_count(0),
                 [&](std::size_t i) { problems[i] = check_layer(blobs_, manifest.layers[i], config.diff_ids[i], step); });
    for (std::size_t i = 0; i < problems.size(); ++i)
      for (auto& problem : problems[i])
        findings_.push_back({fmt::format("{}layer {} ({})", prefix, i, manifest.layers[i].digest.str()), std::move(problem)});
  }

  const oci::BlobSource& blobs_;
  const Task& task_;
  std::vector<Finding> findings_;
  std::set<Digest> seen_;
};

}  // namespace

std::vector<Finding> validate(const oci::BlobSource& blobs, const oci::Descriptor& manifest, const Task& task)
{
  Validation validation(blobs, task);
  validation.check(manifest, "");
  return validation.take();
}

}  // namespace cairn::image
