// SPDX-License-Identifier: Apache-2.0
#include <cairn/store/index_file.hpp>

#include <cairn/base/error.hpp>
#include <cairn/base/log.hpp>
#include <cairn/oci/manifest.hpp>
#include <cairn/os/lock.hpp>
#include <cairn/store/layout.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include <unistd.h>

namespace cairn::store {
namespace {

/// A tag takes about 300 bytes.
constexpr std::uint64_t index_limit_bytes = std::uint64_t{64} << 20;
/// How long a broken index.json may be somebody's write in progress.
constexpr auto patience = std::chrono::milliseconds(1000);
constexpr auto pause = std::chrono::milliseconds(10);
constexpr int most_attempts = 1000;

}  // namespace

std::string ref_name(const oci::Annotations& annotations)
{
  const auto found = annotations.find(ref_name_key);
  return found == annotations.end() ? std::string() : found->second;
}

IndexFile::IndexFile(std::filesystem::path store) : store_(std::move(store)) {}

IndexFile::Content IndexFile::parse(std::string text) const
{
  auto document = oci::JsonDocument::parse(text, printable(layout::index(store_).native()));
  const oci::Json root = document.root();
  root.check_keys({"schemaVersion", "mediaType", "manifests", "annotations", "artifactType", "subject"}, oci::UnknownKeys::accept);
  if (root.at("schemaVersion").uint64() != 2) root.at("schemaVersion").fail("expected 2");
  for (const std::string_view key : {"config", "layers"})
    if (const auto found = root.find(key)) found->fail("does not belong into an index");
  std::vector<oci::Descriptor> entries;
  // umoci and others write null for an empty list.
  if (const auto manifests = root.find("manifests")) {
    for (const oci::Json entry : manifests->array()) {
      try {
        entries.push_back(oci::read_descriptor(entry));
      } catch (const Error& error) {
        if (error.code() != Errc::unsupported) throw;
        log::debug("entry left alone: {}", error.what());
      }
    }
  }
  return {std::move(text), std::move(document), std::move(entries)};
}

IndexFile::Content IndexFile::load() const
{
  const auto file = layout::index(store_);
  const auto give_up = std::chrono::steady_clock::now() + patience;
  for (;;) {
    try {
      return parse(read_small_file(file, index_limit_bytes));
    } catch (const Error& error) {
      const auto code = error.code();
      if (code == Errc::not_found) throw Error(Errc::corrupt, fmt::format("{}: missing from the image layout", printable(file.native())));
      if (code != Errc::bad_input && code != Errc::changed && code != Errc::limit) throw;
      const bool whole = code == Errc::limit;
      if (whole || std::chrono::steady_clock::now() > give_up) throw Error(Errc::corrupt, error.what());
    }
    std::this_thread::sleep_for(pause);
  }
}

std::vector<oci::Descriptor> IndexFile::read() const { return load().entries; }

void IndexFile::update(const std::function<std::optional<std::string>(const oci::Json&)>& edit, const Task& task) const
{
  const FileLock alone(layout::index_lock(store_), LockMode::exclusive, task);
  const auto file = layout::index(store_);
  const auto shown = printable(file.native());
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    task.check();
    const auto before = load();
    const auto after = edit(before.document.root());
    if (!after) return;
    TempFile temporary(layout::temporaries(store_));
    write_full(temporary.fd(), as_bytes(*after), shown);
    if (::fdatasync(temporary.fd()) != 0) throw_errno(errno, shown);
    // Text, not inode and time: skopeo writes in place, and two writes can fall into one tick of the clock.
    if (read_small_file(file, index_limit_bytes) != before.text) continue;
    temporary.publish(file, Flush::no);
    flush_directory(store_);
    return;
  }
  throw Error(Errc::busy, fmt::format("{}: changed {} times while it was to be replaced", shown, most_attempts));
}

}  // namespace cairn::store
