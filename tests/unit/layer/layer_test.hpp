// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/io/hash.hpp>
#include <cairn/layer/pack.hpp>
#include <cairn/tar/reader.hpp>
#include <support/module_tree.hpp>

#include <map>
#include <string>
#include <vector>

namespace cairn::layer::test {

/// Keeps packed layers in memory.
class MemoryTarget final : public LayerTarget {
public:
  Sink& begin(std::size_t layer) override
  {
    begun.push_back(layer);
    sink_ = MemorySink{};
    return sink_;
  }
  Stored end(std::size_t layer) override
  {
    blobs[layer] = std::string(sink_.text());
    return {sha256(sink_.text()), sink_.text().size()};
  }

  std::vector<std::size_t> begun;
  std::map<std::size_t, std::string> blobs;

private:
  MemorySink sink_;
};

/// The plain bytes of a blob, or of a part of one.
inline std::string plain(std::string_view packed, Codec codec)
{
  if (packed.empty()) return {};
  MemorySource source(packed);
  MemorySink sink;
  copy(*unpack(source, codec, {}, "packed"), sink);
  return std::string(sink.text());
}

/// What our strict reader finds in a whole archive: `d opt`, `f opt/x 12`, `l opt/y -> x`, `h opt/z -> opt/x`.
inline std::vector<std::string> list(std::string_view archive)
{
  std::vector<std::string> out;
  MemorySource source(archive);
  tar::Reader reader(source, "archive");
  while (const auto entry = reader.next()) {
    switch (entry->type) {
      case tar::Type::directory: out.push_back("d " + entry->path); break;
      case tar::Type::symlink: out.push_back("l " + entry->path + " -> " + entry->link); break;
      case tar::Type::hard_link: out.push_back("h " + entry->path + " -> " + entry->link); break;
      default: out.push_back("f " + entry->path + " " + std::to_string(entry->size_bytes));
    }
  }
  return out;
}

/// Bytes that do not compress and that differ everywhere.
inline std::string noise(std::size_t size, std::uint64_t seed)
{
  std::string out(size, '\0');
  for (auto& c : out) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    c = static_cast<char>(seed >> 56);
  }
  return out;
}

/// A unit of about 10 MiB with every kind of entry that a fragment can hold.
inline void make_unit(cairn::test::FileTree& tree, const std::string& root)
{
  const std::string long_name(150, 'n');
  tree.file(root + "/empty").file(root + "/block", noise(512, 1)).file(root + "/odd", noise(513, 2), 0755);
  tree.file(root + "/large", noise((std::size_t{9} << 20) + 77, 3));
  tree.file(root + "/d/" + long_name + "/" + long_name + "/deep", "deep").file(root + "/" + long_name, "long");
  tree.hard_link(root + "/hard", root + "/block").hard_link(root + "/hard-" + long_name, root + "/" + long_name);
  tree.symlink(root + "/soft", "block").symlink(root + "/soft-long", std::string(200, 't')).directory(root + "/nothing", 0700);
  for (int i = 0; i < 300; ++i)
    tree.file(root + "/many/f" + std::to_string(i), noise(static_cast<std::size_t>(i * 37), 100 + static_cast<std::uint64_t>(i)));
}

}  // namespace cairn::layer::test
