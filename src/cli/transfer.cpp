// SPDX-License-Identifier: Apache-2.0
#include <cli/transfer.hpp>

#include <cairn/base/error.hpp>
#include <cairn/image/archive.hpp>
#include <cairn/image/docker_archive.hpp>
#include <cairn/os/temp.hpp>
#include <cli/render/text.hpp>

#include <fmt/format.h>

namespace cairn::cli {

oci::Descriptor wanted(const OpenImage& open, const std::optional<std::string>& platform)
{
  auto manifest = platform ? image::select(*open.blobs, open.manifest, image::parse_platform(*platform)) : open.manifest;
  manifest.annotations.clear();
  return manifest;
}

Transferred push_image(Program& program, const OpenImage& open, const oci::Descriptor& manifest, const std::string& text,
                       const RegistryFlags& flags)
{
  RegistryAccess access(program, flags);
  const auto target = access.push_to(text);
  if (target.name.digest && *target.name.digest != manifest.digest)
    throw Error(Errc::bad_input,
                fmt::format("{}: the image's digest is {}; give a tag, or this digest", target.name.str(), manifest.digest.str()));
  auto& repository = *target.repository;
  Transferred result{manifest, "docker://" + target.name.str(), {}};
  const auto& task = access.task();
  const auto tag = target.name.digest && !target.name.tag ? std::nullopt : std::optional(target.name.tag.value_or("latest"));
  if (tag && repository.find(*tag, task) == manifest.digest) {
    program.note(fmt::format("{} is this image already", target.name.str()));
    return result;
  }
  result.copied =
      image::copy(*open.blobs, manifest, repository, {.in_flight = 6, .root = tag ? image::Root::leave : image::Root::copy}, task);
  if (tag) repository.tag(*tag, manifest, *open.blobs, task);
  return result;
}

Transferred store_image(Program& program, const OpenImage& open, const oci::Descriptor& manifest, store::Store& store,
                        const std::string& tag)
{
  const auto task = program.task("copy to " + tag);
  Transferred result{manifest, tag, {}};
  {
    const auto held = store.hold(LockMode::shared, task);
    result.copied = image::copy(*open.blobs, manifest, store, {}, task);
  }
  store.tag(tag, manifest, task);
  return result;
}

Transferred copy_to(Program& program, const OpenImage& open, const oci::Descriptor& manifest, const std::string& destination,
                    const RegistryFlags& flags)
{
  using Kind = image::Reference::Kind;
  const auto reference = image::Reference::parse(destination);
  switch (reference.kind) {
    case Kind::store: {
      auto store = program.open_store(store::Access::write);
      return store_image(program, open, manifest, store, reference.name);
    }
    case Kind::oci_layout: {
      store::Store layout(reference.path, store::Access::write);
      auto result = store_image(program, open, manifest, layout, reference.name.empty() ? "latest" : reference.name);
      result.destination = destination;
      return result;
    }
    case Kind::oci_archive: {
      image::write_oci_archive(*open.blobs, manifest, reference.name, reference.path, program.task("write " + reference.path.string()));
      return {manifest, destination, {}};
    }
    case Kind::docker_archive: {
      const auto task = program.task("write " + reference.path.string());
      image::write_docker_archive(*open.blobs, image::load(*open.blobs, manifest), reference.name, reference.path, task);
      return {manifest, destination, {}};
    }
    case Kind::containers_storage: {
      const TempDir directory;
      const auto file = directory.path() / "image.tar";
      const auto task = program.task("write " + destination);
      image::write_oci_archive(*open.blobs, image::load(*open.blobs, manifest).descriptor, "", file, task);
      auto id = run_buildah({"pull", "--quiet", "oci-archive:" + file.native()}, task);
      while (id.ends_with('\n')) id.pop_back();
      run_buildah({"tag", id.substr(id.rfind('\n') + 1), reference.name}, task);
      return {manifest, destination, {}};
    }
    case Kind::registry: return push_image(program, open, manifest, reference.name, flags);
  }
  throw Error(Errc::unsupported, fmt::format("{}: not a place that cairn writes to", printable(destination)));
}

void report(Program& program, const Transferred& result, const std::optional<std::string>& digestfile)
{
  if (digestfile) write_file_atomically(*digestfile, result.manifest.digest.str() + '\n');
  if (program.json()) {
    oci::JsonWriter json(oci::JsonStyle::readable);
    json.begin_object().member("manifest", result.manifest.digest).member("destination", result.destination);
    json.member("blobs", result.copied.blobs).member("bytes", result.copied.bytes).end_object();
    program.print(json);
  } else {
    program.print(result.manifest.digest.str() + '\n');
  }
  program.note(fmt::format("{}: {} in {} copied", result.destination, size_text(result.copied.bytes),
                           count_text(result.copied.blobs, "blob", "blobs")));
}

}  // namespace cairn::cli
