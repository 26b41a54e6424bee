// SPDX-License-Identifier: Apache-2.0
#include <cairn/python/wheel_cache.hpp>

#include <cairn/base/error.hpp>
#include <cairn/base/log.hpp>
#include <cairn/io/file.hpp>
#include <cairn/io/hash.hpp>
#include <cairn/oci/json.hpp>
#include <cairn/os/temp.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include <fcntl.h>
#include <sys/stat.h>

namespace cairn::python {
namespace {

constexpr std::uint64_t record_limit_bytes = std::uint64_t{64} << 20;
constexpr std::int64_t racy_seconds = 2;
constexpr std::size_t buffer_bytes = std::size_t{256} << 10;

std::string stamp_of(const struct stat& status)
{
  return fmt::format("{} {}.{} {}.{} {}", status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
                     status.st_ctim.tv_nsec, status.st_ino);
}

std::optional<std::string> read_record(const std::filesystem::path& file)
{
  try {
    return read_small_file(file, record_limit_bytes);
  } catch (const Error&) {
    return std::nullopt;  // a record that can be made again
  }
}

std::vector<Offer> read_offers(const std::string& text)
{
  std::vector<Offer> offers;
  const auto document = oci::JsonDocument::parse(text, "offers");
  for (const auto json : document.root().at("offers").array()) {
    Offer offer;
    offer.file = json.at("file").string();
    offer.place = json.at("place").string();
    if (const auto digest = json.find("digest")) offer.digest = digest->digest();
    if (const auto requirement = json.find("requires_python")) offer.requires_python = requirement->string();
    offer.yanked = json.find("yanked").has_value();
    offers.push_back(std::move(offer));
  }
  return offers;
}

}  // namespace

void throw_hash_mismatch(const std::string& what, const std::vector<Digest>& locked, const Digest& found)
{
  constexpr std::size_t shown = 3;
  std::vector<std::string> expected;
  for (const auto& digest : locked)
    if (expected.size() < shown) expected.push_back(digest.str());
  throw Error(Errc::corrupt,
              fmt::format("{}: hash mismatch: the lock expects {}{}, got {}", what, fmt::join(expected, " or "),
                          locked.size() > shown ? fmt::format(" or one of {} more", locked.size() - shown) : "", found.str()));
}

WheelCache::WheelCache(std::filesystem::path directory) : directory_(std::move(directory))
{
  std::filesystem::create_directories(directory_ / "wheels");
  std::filesystem::create_directories(directory_ / "offers");
  remove_stale_temporaries(directory_ / "wheels");
  const auto text = read_record(directory_ / "files.json");
  if (!text) return;
  try {
    const auto document = oci::JsonDocument::parse(*text, "files.json");
    for (const auto member : document.root().object())
      known_[std::string(member.key())] = {std::string(member.at("stamp").string()), member.at("digest").digest()};
  } catch (const Error& error) {
    log::debug("{}; read anew", error.what());
    known_.clear();
  }
}

std::optional<std::filesystem::path> WheelCache::find(const Digest& digest) const
{
  std::error_code problem;
  for (const auto& file : std::filesystem::directory_iterator(directory_ / "wheels" / digest.hex(), problem))
    if (file.path().extension() == ".whl") return file.path();
  return std::nullopt;
}

std::filesystem::path WheelCache::put(Source& content, const std::string& file_name, const std::vector<Digest>& locked,
                                      const std::string& what, const Task& task) const
{
  static_cast<void>(WheelName::parse(file_name));  // no other name gets onto the disk
  TempFile file(directory_ / "wheels");
  Sha256 hash;
  std::vector<std::byte> buffer(buffer_bytes);
  while (const auto n = content.read(buffer)) {
    const auto bytes = std::span<const std::byte>(buffer).first(n);
    hash.update(bytes);
    write_full(file.fd(), bytes, what);
    task.advance(n);
  }
  const auto found = hash.finish();
  if (!std::ranges::binary_search(locked, found)) throw_hash_mismatch(what, locked, found);
  const auto target = directory_ / "wheels" / found.hex() / file_name;
  std::filesystem::create_directories(target.parent_path());
  file.publish(target, Flush::no);
  return target;
}

Digest WheelCache::digest_of(const std::filesystem::path& file, const Task& task)
{
  const auto fd = open_file(file, O_RDONLY | O_NONBLOCK);
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) throw_errno(errno, printable(file.string()));
  if (!S_ISREG(status.st_mode)) throw Error(Errc::bad_input, fmt::format("{}: is not a regular file", printable(file.string())));
  const auto key = std::filesystem::absolute(file).string();
  const auto stamp = stamp_of(status);
  {
    const std::scoped_lock lock(mutex_);
    if (const auto found = known_.find(key); found != known_.end() && found->second.stamp == stamp) return found->second.digest;
  }
  Sha256 hash;
  std::vector<std::byte> buffer(buffer_bytes);
  while (const auto n = read_full(fd.get(), buffer, printable(file.string()))) {
    hash.update(std::span<const std::byte>(buffer).first(n));
    task.advance(n);
  }
  const auto digest = hash.finish();
  if (status.st_ctim.tv_sec + racy_seconds < ::time(nullptr) && is_utf8(key)) {
    const std::scoped_lock lock(mutex_);
    known_[key] = {stamp, digest};
    changed_ = true;
  }
  return digest;
}

void WheelCache::save()
{
  const std::scoped_lock lock(mutex_);
  if (!changed_) return;
  oci::JsonWriter json;
  json.begin_object();
  for (const auto& [path, known] : known_) json.begin_object(path).member("stamp", known.stamp).member("digest", known.digest).end_object();
  json.end_object();
  write_file_atomically(directory_ / "files.json", json.finish(), Flush::no);
  changed_ = false;
}

std::filesystem::path WheelCache::offers_path(const std::string& source, const Pin& pin) const
{
  Sha256 hash;
  hash.update(fmt::format("1\n{}\n{}\n{}\n", source, pin.name, pin.version ? pin.version->str() : ""));
  for (const auto& digest : pin.hashes) hash.update(digest.str());
  return directory_ / "offers" / (hash.finish().hex() + ".json");
}

std::optional<std::vector<Offer>> WheelCache::offers(const std::string& source, const Pin& pin) const
{
  const auto text = read_record(offers_path(source, pin));
  if (!text) return std::nullopt;
  try {
    return read_offers(*text);
  } catch (const Error& error) {
    log::debug("{}; asked again", error.what());
    return std::nullopt;
  }
}

void WheelCache::keep_offers(const std::string& source, const Pin& pin, const std::vector<Offer>& offers) const
{
  oci::JsonWriter json;
  json.begin_object().begin_array("offers");
  for (const auto& offer : offers) {
    json.begin_object().member("file", offer.file).member("place", offer.place);
    if (offer.digest) json.member("digest", *offer.digest);
    json.member_unless_empty("requires_python", offer.requires_python);
    if (offer.yanked) json.member("yanked", true);
    json.end_object();
  }
  json.end_array().end_object();
  write_file_atomically(offers_path(source, pin), json.finish(), Flush::no);
}

}  // namespace cairn::python
