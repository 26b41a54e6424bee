// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/normal_layer.hpp>

#include <cairn/layer/bytecode.hpp>
#include <cairn/layer/skeleton.hpp>
#include <cairn/os/fd.hpp>

#include <algorithm>
#include <cstring>

namespace cairn::build {

NormalLayer::NormalLayer(layer::LayerTarget& target, const image::LayerSettings& settings) : target_(target), settings_(settings) {}

void NormalLayer::normalise(tar::Entry& entry)
{
  if (entry.path.empty() || !entry.path.substr(entry.path.rfind('/') + 1).starts_with(".wh.")) entry.mtime = layer::constant_mtime;
  std::erase_if(entry.xattrs, [](const auto& one) { return one.first != "security.capability"; });
}

tar::Writer& NormalLayer::writer()
{
  if (!writer_) {
    frames_ = std::make_unique<layer::FrameSink>(target_.begin(0), settings_.compression, settings_.threads);
    writer_.emplace(*frames_);
  }
  return *writer_;
}

void NormalLayer::add(tar::Entry entry)
{
  normalise(entry);
  writer().add(entry);
}

void NormalLayer::add(tar::Entry entry, Source& content)
{
  normalise(entry);
  writer().add(entry, content);
}

void NormalLayer::add(tar::Entry entry, std::string_view content)
{
  normalise(entry);
  writer().add(std::move(entry), content);
}

std::optional<image::Layer> NormalLayer::finish(const std::string& made_by)
{
  if (!writer_) return std::nullopt;
  writer_->finish();
  const auto diff_id = frames_->finish();
  const auto stored = target_.end(0);
  return image::Layer{image::layer_descriptor(settings_.compression.codec, stored.digest, stored.size_bytes), diff_id, made_by};
}

bool is_bytecode(std::string_view path) { return path.ends_with(".pyc") && path.find("__pycache__/") != std::string_view::npos; }

bool settle_bytecode(std::string& bytes, std::optional<std::string_view> source, std::int64_t source_mtime)
{
  // PEP 552: the magic, then flags: bit 0 says that a hash of the source follows, bit 1 that it is checked.
  constexpr std::size_t flags_at = 4;
  layer::PycHeader header{};
  if (bytes.size() < header.size()) return false;
  std::memcpy(header.data(), bytes.data(), header.size());
  const auto stamp = layer::pyc_timestamp(header);
  if (!stamp) {
    if (header[flags_at] == std::byte{3}) bytes[flags_at] = 1;
    return true;
  }
  if (!source || stamp->size_bytes != source->size() || stamp->mtime != static_cast<std::uint32_t>(source_mtime)) return false;
  header = layer::unchecked_header(header, as_bytes(*source));
  std::memcpy(bytes.data(), header.data(), header.size());
  return true;
}

}  // namespace cairn::build
