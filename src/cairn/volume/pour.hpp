// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/io/stream.hpp>
#include <cairn/library/document.hpp>
#include <cairn/volume/entry_list.hpp>
#include <cairn/volume/unit_paths.hpp>
#include <cairn/volume/writers.hpp>

#include <string>

namespace cairn::volume {

/// What a fragment's plain bytes are and where they go.
struct PourSpec {
  const library::FragmentInfo* fragment = nullptr;
  Compression compression;
  std::string prefix;  ///< archive path of the tree: `opt/apps/easybuild`
  std::string what;    ///< for errors: `unit zlib/1.3.1`
};

/// Read a fragment from `packed` (exactly its bytes) and give its entries to `staging`, which is closed once both digests are
/// proved. The unit's `entries` are among what is written. Names outside the fragment's roots, entries of types that a fragment
/// does not have and entries without a parent are Error{bad_input}; another digest or size is Error{corrupt}.
/// Links that lead out of their root are rewritten so that they lead to the same name from where the unit lies.
void pour(Source& packed, const PourSpec& spec, Staging& staging);

}  // namespace cairn::volume
