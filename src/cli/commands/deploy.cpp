// SPDX-License-Identifier: Apache-2.0
#include <cairn/base/error.hpp>
#include <cairn/deploy/check.hpp>
#include <cairn/deploy/render.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/os/temp.hpp>
#include <cli/commands/commands.hpp>
#include <cli/image_argument.hpp>
#include <cli/render/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cairn::cli {
namespace {

constexpr std::uint64_t secret_limit_bytes = std::uint64_t{1} << 16;
constexpr std::uint64_t manifest_limit_bytes = std::uint64_t{4} << 20;

struct Options {
  std::vector<std::string> words;
  bool check = false;
  bool kustomize = false;
  std::optional<std::string> output;
  std::optional<std::string> image;
  std::optional<std::string> library;
  RegistryFlags registry;
};

deploy::Facts read_facts(Program& program, const deploy::Settings& settings, const Options& options)
{
  deploy::Facts out;
  const auto open = [&](const std::optional<std::string>& instead, const std::string& reference) {
    return open_image(program, instead.value_or("docker://" + reference), options.registry);
  };
  if (settings.image)
    in_context([&] { return settings.image->place; },
               [&] {
                 const auto found = open(options.image, settings.image->reference);
                 out.image = deploy::facts_of(image::load(*found.blobs, found.manifest), found.manifest.digest);
               });
  if (settings.library)
    in_context([&] { return settings.library->place; },
               [&] {
                 const auto found = open(options.library, settings.library->reference);
                 const auto library = load_library(found, image::load(*found.blobs, found.manifest));
                 if (!library) throw Error(Errc::bad_input, "is an image, but no library; cairn split makes one of a module tree");
                 out.library = deploy::facts_of(*library, found.manifest.digest);
               });
  return out;
}

std::string secret_value(const deploy::Settings& settings, const deploy::SecretSource& source)
{
  if (!source.variable.empty()) {
    const auto* value = std::getenv(source.variable.c_str());  // NOLINT(concurrency-mt-unsafe): nothing sets variables
    if (value == nullptr || *value == 0)
      throw Error(Errc::not_found, fmt::format("{}: variable {} is not set, which a data connection takes a secret from",
                                               settings.path.native(), source.variable));
    return value;
  }
  auto text = read_small_file(settings.path.parent_path() / source.file, secret_limit_bytes);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

void write(const std::filesystem::path& root, const deploy::File& file)
{
  const auto path = root / file.path;
  std::filesystem::create_directories(path.parent_path());
  write_file_atomically(path, file.text);
  if (file.secrecy == deploy::Secrecy::secret)
    std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

Exit render(const Options& options, Program& program)
{
  if (options.words.size() > 1) throw UsageError("'deploy' takes one FILE or directory; several only with --check");
  if (options.kustomize && !options.output) throw UsageError("--kustomize needs --output DIR, where its directories go");
  std::filesystem::path path = options.words.empty() ? "." : options.words.front();
  if (std::filesystem::is_directory(path)) path /= deploy::settings_file_name;
  const auto settings = deploy::Settings::read(path.lexically_normal());
  const auto all = deploy::manifests(settings, read_facts(program, settings, options), [&](const deploy::SecretSource& source) {
    return options.output ? secret_value(settings, source) : std::string();  // secrets are not written to stdout
  });
  if (!options.output) {
    for (const auto& manifest : all)
      if (manifest.secrecy == deploy::Secrecy::secret) program.note(fmt::format("{}: not shown; --output DIR writes it", manifest.file));
    program.print(deploy::stream(settings, all));
    return Exit::done;
  }
  const auto files = deploy::files(settings, all, options.kustomize ? deploy::Layout::kustomize : deploy::Layout::plain);
  for (const auto& file : files) write(*options.output, file);
  if (!program.json()) {
    for (const auto& file : files) program.print(fmt::format("{}\n", (std::filesystem::path(*options.output) / file.path).native()));
    return Exit::done;
  }
  oci::JsonWriter json(oci::JsonStyle::readable);
  json.begin_object().member("output", *options.output).begin_array("files");
  for (const auto& file : files)
    json.begin_object().member("path", file.path).member("secret", file.secrecy == deploy::Secrecy::secret).end_object();
  json.end_array().end_object();
  program.print(std::move(json));
  return Exit::done;
}

std::vector<std::filesystem::path> manifest_files(const std::vector<std::string>& words)
{
  std::vector<std::filesystem::path> out;
  for (const auto& word : words) {
    if (!std::filesystem::is_directory(word)) {
      out.emplace_back(word);
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(word))
      if (entry.is_regular_file() && (entry.path().extension() == ".yaml" || entry.path().extension() == ".yml"))
        out.push_back(entry.path());
  }
  std::ranges::sort(out);
  return out;
}

bool is_error(const deploy::CheckFinding& finding) { return finding.severity == deploy::Severity::error; }

Exit check(const Options& options, Program& program)
{
  if (options.words.empty()) throw UsageError("'deploy --check' needs the files or directories to check");
  std::vector<deploy::CheckFinding> findings;
  const auto files = manifest_files(options.words);
  for (const auto& file : files)
    std::ranges::move(deploy::check_manifests(read_small_file(file, manifest_limit_bytes), file.native()), std::back_inserter(findings));
  if (program.json()) {
    oci::JsonWriter json(oci::JsonStyle::readable);
    json.begin_object().member("files", files.size()).begin_array("findings");
    for (const auto& one : findings)
      json.begin_object()
          .member("severity", is_error(one) ? "error" : "warning")
          .member("place", one.place)
          .member("what", safe(one.text))
          .end_object();
    json.end_array().end_object();
    program.print(std::move(json));
  } else {
    for (const auto& one : findings) program.print(fmt::format("{}: {}{}\n", one.place, is_error(one) ? "" : "warning: ", safe(one.text)));
  }
  return std::ranges::any_of(findings, is_error) ? Exit::found : Exit::done;
}

}  // namespace

void add_deploy(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command = line.add(
      {
          .name = "deploy",
          .summary = "Write the manifests that a cluster needs for images and libraries",
          .description = "Reads deploy.yaml (docs/formats/deploy.md) and writes what it asks for: an ImageStream whose annotations say "
                         "what the image really "
                         "contains, the library's volume and the Job that fills it, a Notebook with home and /dev/shm, shares, a data "
                         "connection, a BuildConfig, "
                         "JupyterHub profiles. Images are looked up where the cluster will pull them, and named by digest.\n\n"
                         "Without --output, all goes to stdout as one stream of documents for `kubectl apply -f -`, except secrets, which "
                         "are only ever written "
                         "to files (mode 0600, in secrets/, which .gitignore names).\n\n"
                         "--check reads manifests that somebody wrote by hand, and says where dashboards and restricted clusters would "
                         "misread or refuse them: "
                         "exit code 3 when there are errors.",
          .examples = {{"printf 'namespace: science\\nlibrary: {reference: \"registry.example.com/modules/library:2026.11\", cairn-image: "
                        "\"registry.example.com/cairn:1\"}\\n' >deploy.yaml && cairn deploy >manifests.yaml",
                        "A volume and the Job that fills it."},
                       {"cairn deploy --kustomize --output gitops",
                        "The same for kustomize: gitops/base, and an overlay for each environment."},
                       {"cairn deploy --check manifests.yaml", "Are manifests right?"}},
          .sections = {{"JSON",
                        "With --output: `output` and `files` (each `path`, `secret`). With --check: `files` (how many) and `findings` "
                        "(each `severity`, "
                        "`place`, `what`)."}},
      },
      [options, &program] { return options->check ? check(*options, program) : render(*options, program); });
  command
      .words("FILE", "deploy.yaml or its directory (.); with --check, manifests", OptionSpec::Count::any, options->words, ValueKind::file)
      .option("--output", "DIR", "write files there", options->output, ValueKind::directory)
      .letter('o')
      .flag("--kustomize", "a base, and an overlay for each environment", options->kustomize)
      .option("--image", "IMAGE", "read the notebook image here instead of where the cluster pulls it", options->image, ValueKind::image)
      .option("--library", "IMAGE", "read the library here instead", options->library, ValueKind::image)
      .flag("--check", "check manifests", options->check);
  add_registry_options(command, options->registry);
}

}  // namespace cairn::cli
