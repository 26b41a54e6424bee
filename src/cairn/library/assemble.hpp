// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/io/codec.hpp>
#include <cairn/layer/pack.hpp>
#include <cairn/layer/skeleton.hpp>
#include <cairn/library/document.hpp>
#include <cairn/oci/blob.hpp>
#include <cairn/tar/entry.hpp>
#include <cairn/tar/reader.hpp>

#include <set>
#include <string>
#include <vector>

/// Layers of fragments that are stored already: their packed bytes are copied, only skeleton and end are packed anew.
namespace cairn::library {

/// A fragment and the layer that it lies in.
struct StoredFragment {
  oci::Descriptor layer;
  Codec codec = Codec::zstd;
  FragmentInfo info;
};

/// A small file or link that was read on the way.
struct SmallFile {
  tar::Entry entry;  ///< with its path in the archive
  std::string content;
};

/// The content of `entry`, which `reader` just gave. Throws Error{corrupt} naming `what` when the archive ends within it.
[[nodiscard]] SmallFile read_small_file(tar::Reader& reader, tar::Entry entry, const std::string& what);

/// A layer of `fragments`, all of the codec of `compression`, in this order. Each is verified by its packed and its plain digest
/// while it is copied (a diff_id needs the plain bytes, so it is unpacked on the way; nothing is packed again). Files whose
/// archive paths are in `wanted` are added to `files`. Memory: a few MiB. Throws Error{corrupt} naming the unit.
[[nodiscard]] LayerInfo assemble(const oci::BlobSource& blobs, const std::vector<StoredFragment>& fragments,
                                 const layer::Skeleton& skeleton, const Compression& compression, const std::set<std::string>& wanted,
                                 std::vector<SmallFile>& files, layer::LayerTarget& target, const Task& task);

/// How far `read_files` reads.
enum class Reading {
  enough,  ///< in small ranges, no more than leads to the last file: nothing is verified but by the codec's own checks
  all,     ///< to the end of the fragment, whose packed digest is verified before anything is given
};

/// Only the `wanted` files of one fragment; they come early in it.
void read_files(const oci::BlobSource& blobs, const StoredFragment& fragment, const std::set<std::string>& wanted, Reading reading,
                std::vector<SmallFile>& files);

}  // namespace cairn::library
