// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/build/container.hpp>
#include <cairn/image/image.hpp>
#include <cairn/store/store.hpp>

#include <functional>
#include <string>
#include <vector>

/// Whether an image keeps what it promises: tried in a container of it, which really starts. docs/notebook.md, "Checks".
namespace cairn::check {

enum class Outcome { passed, failed, skipped };

struct Result {
  std::string group;  ///< `notebook`, `s2i`, `recipe`
  std::string name;   ///< `answers below NB_PREFIX`
  Outcome outcome = Outcome::passed;
  std::string detail;  ///< why it failed or was skipped; what was seen
};

struct Settings {
  build::Isolation isolation = build::Isolation::automatic;
  std::string user = "1000720000:0";  ///< as OpenShift gives one
};

/// Run every check that is meant for such an image: the contract of notebook images (Open Data Hub's and JupyterHub's) where port 8888 is exposed, of
/// S2I builders where the label io.openshift.s2i.scripts-url is set, and what the image's recipe says. `image` lies in `store`, layers and
/// all. Throws Error when no container can be started at all. Takes half a minute for a notebook.
[[nodiscard]] std::vector<Result> run(const image::Image& image, store::Store& store, const Settings& settings, const Task& task);

}  // namespace cairn::check
