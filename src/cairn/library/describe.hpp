// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/layer/pack.hpp>
#include <cairn/library/document.hpp>
#include <cairn/library/source_tree.hpp>
#include <cairn/library/split.hpp>
#include <cairn/library/unit_reader.hpp>
#include <cairn/store/store.hpp>

#include <string>
#include <vector>

/// What is written down of a library that was split: library.json but for its layers, and the image's config and manifest.
namespace cairn::library {

/// Of the tree as a whole; `dropped` is what of it no layer has, in any order.
void describe_tree(const SourceTree& source, const Mapping& mapping, std::vector<std::string> dropped, Document& document);

/// Of one unit, to the end of `document.units`; what belongs to no unit is listed in `document.rest` too.
void describe_unit(const UnitContents& contents, const SourceTree& source, const Mapping& mapping, Document& document);

/// Put config and manifest of `document`'s layers with `index` on top into `store`, all of whose blobs are there or will be.
[[nodiscard]] oci::Descriptor put_manifest(const Document& document, const layer::PackedLayer& index, const SplitSettings& settings, store::Store& store);

}  // namespace cairn::library
