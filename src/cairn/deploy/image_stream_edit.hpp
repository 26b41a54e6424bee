// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cairn::deploy {

/// What a tag of an ImageStream shall be.
struct ImageStreamEdit {
  std::string stream;
  std::string tag;
  std::string from;  ///< the image: `host/repository@sha256:…`
  std::vector<std::pair<std::string, std::string>> annotations;  ///< set; others stay
};

/// `text` (of the file `what`, one or more YAML documents) with the tag as asked. Only the lines that say otherwise change: comments,
/// order, quotes and line ends stay. A tag that is not there is added above the first one, as a copy of it without its comments and
/// without what only one tag may be (recommended, default) or was (outdated). Doing it twice changes nothing.
/// Throws Error: bad_input with file, line and column (no YAML, anchors, a list in brackets where an entry has to be added),
/// not_found when no document is that ImageStream, saying which ones are there.
[[nodiscard]] std::string edit_image_stream(std::string_view text, const std::string& what, const ImageStreamEdit& edit);

}  // namespace cairn::deploy
