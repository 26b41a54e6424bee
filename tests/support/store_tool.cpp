// SPDX-License-Identifier: Apache-2.0
// A store by hand, for tests that other tools take part in.
//   store_tool image STORE TAG CODEC FILE...   each FILE becomes a layer; prints the manifest digest
//   store_tool tags STORE                      NAME DIGEST, a line each
//   store_tool validate STORE TAG              findings, a line each; exit code 3 when there are any
//   store_tool unpack STORE TAG DIR
//   store_tool untag STORE TAG
//   store_tool collect STORE                   prints how many blobs went
//   store_tool archive STORE TAG FILE          write an oci-archive
//   store_tool validate-archive FILE [TAG]
//   store_tool busy STORE NAME COUNT           make and tag COUNT images NAME-0, NAME-1, …
#include <cairn/base/error.hpp>
#include <cairn/image/archive.hpp>
#include <cairn/image/image.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/store/store.hpp>
#include <cairn/tar/writer.hpp>

#include <cstdio>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace cairn;

using Words = std::span<const std::string>;

/// A layer with one file.
void add_layer(store::Store& store, image::Image& image, Codec codec, std::string path, std::string_view content)
{
  MemorySink plain;
  tar::Writer writer(plain);
  tar::Entry entry;
  entry.path = std::move(path);
  entry.mode = 0644;
  writer.add(entry, content);
  writer.finish();
  FramePacker packer(Compression::standard(codec));
  std::vector<std::byte> packed(packer.bound(plain.bytes().size()));
  packed.resize(packer.pack(plain.bytes(), packed));
  auto blob = store.create();
  blob.write(packed);
  image.manifest.layers.push_back(blob.commit(std::string(image::layer_media_type(codec))));
  image.config.diff_ids.push_back(sha256(plain.bytes()));
  image.config.history.push_back({.created = "1970-01-01T00:00:00Z", .created_by = "store_tool", .comment = ""});
}

oci::Descriptor finish(store::Store& store, image::Image& image, const std::string& tag)
{
  image.config.platform = {"amd64", "linux", ""};
  image.config.cmd = {"/bin/true"};
  image.manifest.config = store.put(image.config.json(), std::string(oci::media_type::config));
  const auto manifest = store.put(image.manifest.json(), std::string(oci::media_type::manifest));
  store.tag(tag, manifest, Task());
  return manifest;
}

void make_image(Words words)
{
  store::Store store(words[0], store::Access::write);
  const auto hold = store.hold(LockMode::shared, Task());
  image::Image image;
  for (const auto& file : words.subspan(3)) {
    const std::filesystem::path path(file);
    add_layer(store, image, codec_from(words[2]).value(), path.filename(), read_small_file(path, std::uint64_t{1} << 30));
  }
  std::printf("%s\n", finish(store, image, words[1]).digest.str().c_str());
}

void busy(Words words)
{
  store::Store store(words[0], store::Access::write);
  const auto count = std::stoul(words[2]);
  for (unsigned long i = 0; i < count; ++i) {
    const auto name = words[1] + "-" + std::to_string(i);
    const auto hold = store.hold(LockMode::shared, Task());
    image::Image image;
    // Large enough that a kill often falls into its writing.
    std::string content;
    while (content.size() < (std::size_t{1} << 20)) content += name + "\n";
    add_layer(store, image, Codec::none, "file", content);
    (void)finish(store, image, name);
  }
}

int tell(const std::vector<image::Finding>& findings)
{
  for (const auto& finding : findings) std::printf("%s: %s\n", finding.where.c_str(), finding.what.c_str());
  return findings.empty() ? 0 : 3;
}

int run(const std::string& verb, Words words)
{
  using store::Access;
  using store::Store;
  if (verb == "image") make_image(words);
  else if (verb == "busy") busy(words);
  else if (verb == "tags") {
    for (const auto& tag : Store(words[0], Access::read).tags())
      std::printf("%s %s\n", tag.name.c_str(), tag.manifest.digest.str().c_str());
  } else if (verb == "validate") {
    const Store store(words[0], Access::read);
    return tell(image::validate(store, store.resolve(words[1]), Task()));
  } else if (verb == "unpack") {
    const Store store(words[0], Access::read);
    image::unpack(store, image::load(store, store.resolve(words[1])), words[2], Task());
  } else if (verb == "untag") Store(words[0], Access::write).untag(words[1], Task());
  else if (verb == "collect") {
    std::printf("%llu\n", static_cast<unsigned long long>(Store(words[0], Access::write).collect(Store::Really::yes, Task()).blobs));
  } else if (verb == "archive") {
    const Store store(words[0], Access::read);
    image::write_oci_archive(store, image::load(store, store.resolve(words[1])), words[1], words[2], Task());
  } else if (verb == "validate-archive") {
    const image::OciArchive archive(words[0], Task());
    return tell(image::validate(archive, archive.resolve(words.size() > 1 ? words[1] : ""), Task()));
  } else {
    throw Error(Errc::bad_input, "unknown verb " + verb);
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments)
{
  const std::vector<std::string> words(arguments + 1, arguments + count);
  if (words.size() < 2) return 2;
  try {
    return run(words[0], Words(words).subspan(1));
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
