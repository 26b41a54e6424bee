// SPDX-License-Identifier: Apache-2.0
//
// In the order of `Releasing::run`: what, the locks, build all, push all by digest, then the tags, then the ImageStreams.
#include <cairn/base/error.hpp>
#include <cairn/check/check.hpp>
#include <cairn/deploy/facts.hpp>
#include <cairn/image/reference.hpp>
#include <cairn/os/parallel.hpp>
#include <cairn/release/gitops.hpp>
#include <cairn/release/plan.hpp>
#include <cairn/release/result.hpp>
#include <cli/base_options.hpp>
#include <cli/commands/commands.hpp>
#include <cli/image_result.hpp>
#include <cli/render/text.hpp>
#include <cli/transfer.hpp>

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cairn::cli {
namespace {

struct Options {
  std::optional<std::string> directory;
  std::optional<std::string> tag;
  std::optional<std::string> image;
  std::vector<std::string> also;
  std::optional<std::string> base;
  std::optional<std::string> results;
  std::optional<std::string> gitops;
  std::optional<std::string> branch;
  bool gitops_push = false;
  bool check = false;
  bool replace = false;
  bool dry_run = false;
  RegistryFlags registry;
};

class Releasing {
public:
  Releasing(const Options& options, Program& program) : options_(options), program_(program) {}

  Exit run()
  {
    plan_ = make_plan();
    for (const auto& warning : plan_.warnings) program_.warn(warning);
    if (options_.dry_run) return show_plan();
    try {
      release::check_locks(plan_);
      auto store = program_.open_store(store::Access::write);
      build(store);
      push(store);
      write_streams();
    } catch (const Error& error) {
      results_.problem = error.what();
      write_results();
      throw;
    }
    write_results();
    print();
    return Exit::done;
  }

private:
  [[nodiscard]] release::Plan make_plan()
  {
    release::Wishes wishes;
    wishes.tag = options_.tag.value_or("");
    if (options_.image) wishes.image = image::without_transport(*options_.image);
    wishes.also = options_.also;
    wishes.base = options_.base.value_or("");
    wishes.base_places = base_places();
    return release::make_plan(options_.directory.value_or("."), wishes, program_.task("read the repository"));
  }

  Exit show_plan()
  {
    Table table({{"IMAGE", Align::left, Shrink::yes}, {"TAGS"}, {"BUILT AS"}, {"IMAGESTREAM", Align::left, Shrink::yes}});
    for (const auto& image : plan_.images) {
      auto tags = image.tag;
      for (const auto& also : image.also) tags += ", " + also;
      table.add({image.repository, tags, fmt::format("{}: {}", build::name(image.project.kind), image.project.why),
                 image.deploy ? fmt::format("{} in {}", image.deploy->image_name, image.deploy->overlay_contextpath) : "-"});
    }
    program_.print(table);
    release::check_locks(plan_);
    return Exit::done;
  }

  [[nodiscard]] static std::string store_name(const release::Plan& plan, const release::ReleaseImage& image)
  {
    return fmt::format("{}{}{}:{}", plan.name, image.name.empty() ? "" : "-", image.name, image.tag);
  }

  void build(store::Store& store)
  {
    const auto task = program_.task("build");
    const auto surroundings = build_surroundings(program_, options_.registry);
    built_.resize(plan_.images.size());
    constexpr std::size_t at_once = 2;
    parallel_for(plan_.images.size(), at_once, [&](std::size_t i) {
      const auto& image = plan_.images[i];
      const auto settings = build_settings(program_, store_name(plan_, image));
      const auto step = task.step(fmt::format("build {}:{}", image.repository, image.tag));
      built_[i] = image.project.kind == build::ProjectKind::recipe
                      ? build::build(recipe::read_image_file(image.project.directory, {}), settings, surroundings, store, step)
                      : build::build_project(image.project, settings, surroundings, store, step);
    });
    for (const auto& built : built_)
      for (const auto& note : built.notes) program_.warn(note);
    if (options_.check)
      for (std::size_t i = 0; i < built_.size(); ++i) check(plan_.images[i], built_[i], store);
  }

  void check(const release::ReleaseImage& image, const build::Built& built, store::Store& store)
  {
    for (const auto& result : check::run(built.image, store, {}, program_.task("check " + image.repository)))
      if (result.outcome == check::Outcome::failed)
        throw Error(Errc::bad_input, fmt::format("{}:{}: check '{}' failed: {}", image.repository, image.tag, result.name, result.detail));
  }

  /// Content first, by digest; when all of it is there the tags, the release's own before the others.
  void push(const store::Store& store)
  {
    results_.outcomes.clear();
    for (std::size_t i = 0; i < built_.size(); ++i) {
      const auto& image = plan_.images[i];
      release::Outcome outcome{.image = &image, .digest = built_[i].image.descriptor.digest};
      const auto known = registry_digest(image);
      outcome.was_there = known == outcome.digest;
      if (known && !outcome.was_there && !options_.replace)
        throw Error(Errc::exists, fmt::format("{}:{}: is another image already ({}); --replace, or a new tag", image.repository, image.tag, known->str()));
      if (!outcome.was_there) send(store, i, fmt::format("{}@{}", image.repository, outcome.digest.str()));
      results_.outcomes.push_back(outcome);
    }
    for (std::size_t i = 0; i < built_.size(); ++i) {
      const auto& image = plan_.images[i];
      send(store, i, fmt::format("{}:{}", image.repository, image.tag));
      for (const auto& also : image.also) send(store, i, fmt::format("{}:{}", image.repository, also));
    }
  }

  [[nodiscard]] std::optional<Digest> registry_digest(const release::ReleaseImage& image)
  {
    RegistryAccess access(program_, options_.registry);
    return access.push_to(image.repository).repository->find(image.tag, access.task());
  }

  void send(const store::Store& store, std::size_t number, const std::string& to)
  {
    OpenImage open;
    open.blobs = std::make_unique<store::Store>(store.path(), store::Access::read);
    open.manifest = built_[number].image.descriptor;
    (void)push_image(program_, open, open.manifest, to, options_.registry);
  }

  void write_streams()
  {
    std::vector<release::GitopsEdit> edits;
    for (std::size_t i = 0; i < built_.size(); ++i) {
      const auto& image = plan_.images[i];
      if (!image.deploy || image.deploy->overlay_contextpath.empty()) continue;
      if (!options_.gitops) {
        program_.note(fmt::format("{}: the ImageStream {} is not updated; give --gitops DIR, a checkout of {}/{}", image.repository, image.deploy->image_name,
                                  image.deploy->project_org, image.deploy->project_name));
        continue;
      }
      const auto facts = deploy::facts_of(built_[i].image, built_[i].image.descriptor.digest);
      release::GitopsEdit edit{.file = image.deploy->overlay_contextpath, .edit = {}};
      edit.edit.stream = image.deploy->image_name;
      edit.edit.tag = image.tag;
      edit.edit.from = fmt::format("{}@{}", image.repository, facts.digest.str());
      edit.edit.annotations.emplace_back("openshift.io/imported-from", image.repository);
      if (!facts.python.empty()) {
        edit.edit.annotations.emplace_back("opendatahub.io/notebook-software", deploy::software_json(facts));
        edit.edit.annotations.emplace_back("opendatahub.io/notebook-python-dependencies", deploy::dependencies_json(facts, {}));
      }
      edits.push_back(std::move(edit));
    }
    if (edits.empty()) return;
    const release::GitopsSettings settings{.checkout = *options_.gitops,
                                           .branch = options_.branch.value_or(""),
                                           .push = options_.gitops_push ? release::GitopsPush::yes : release::GitopsPush::no,
                                           .message = fmt::format("Deploy {} {}", plan_.name, plan_.tag)};
    const bool changed = release::write_gitops(edits, settings, program_.task("write ImageStreams"));
    results_.done.push_back(changed ? fmt::format("{} updated{}", count_text(edits.size(), "ImageStream", "ImageStreams"),
                                                  options_.gitops_push ? " and pushed" : ", committed, not pushed")
                                    : std::string("ImageStreams were up to date"));
  }

  void write_results() const
  {
    if (options_.results) release::write_results(*options_.results, plan_, results_);
  }

  void print()
  {
    if (program_.json()) {
      oci::JsonWriter json(oci::JsonStyle::readable);
      json.begin_object().member("tag", plan_.tag).member("commit", plan_.commit).begin_array("images");
      for (const auto& outcome : results_.outcomes) {
        json.begin_object().member("image", outcome.image->repository).member("tag", outcome.image->tag).member("digest", outcome.digest);
        json.member("was_there", outcome.was_there).end_object();
      }
      json.end_array().member("done", results_.done).end_object();
      program_.print(json);
      return;
    }
    for (const auto& outcome : results_.outcomes) program_.print(fmt::format("{}:{}@{}\n", outcome.image->repository, outcome.image->tag, outcome.digest.str()));
    for (const auto& line : results_.done) program_.note(line);
  }

  const Options& options_;
  Program& program_;
  release::Plan plan_;
  std::vector<build::Built> built_;
  release::Results results_;
};

}  // namespace

void add_release(CommandLine& line, Program& program)
{
  const auto options = std::make_shared<Options>();  // shared with the command's options, which fill it
  auto& command = line.add(
      {
          .name = "release",
          .summary = "Build, push and deploy the tag that is checked out",
          .description =
              "Reads .aicoe-ci.yaml in the root of a git checkout at a tag (docs/formats/aicoe-ci.md), or takes `--image`. Locks are compared with their "
              "Pipfiles before anything is built; all images are built; their content is pushed; then the tags: the git tag's name, and the custom tag. "
              "Then the ImageStreams that the file names get the new tag in a GitOps checkout, by a commit that touches only its lines.\n\n"
              "Run twice it changes nothing. What fails, fails before a tag moves, and says why in one line, in the exit code and in the comment.",
          .examples = {{"cairn release app --image registry.example.com/team/app --dry-run || true", "What would be done (here: no git checkout)."}},
          .sections =
              {
                  {"Results",
                   "`--results DIR` writes IMAGE_URL and IMAGE_DIGEST (as Tekton's results), NAME.digest, NAME.provenance.json (an unsigned in-toto statement "
                   "with SLSA provenance) and comment.md, which is written after a failure too."},
                  {"JSON", "One object: `tag`, `commit`, `images` (each `image`, `tag`, `digest`, `was_there`), `done`: lines of what was changed elsewhere."},
              },
      },
      [options, &program] { return Releasing(*options, program).run(); });
  command.optional_word("DIR", "the checkout; this directory if not given", options->directory, ValueKind::directory)
      .option("--tag", "TAG", "must be what is checked out; found if not given", options->tag)
      .option("--image", "HOST/REPOSITORY", "where the image goes, without an .aicoe-ci.yaml", options->image)
      .option("--also", "TAG", "with `--image`: another tag to push, as `latest`; may be given more than once", options->also)
      .option("--base", "IMAGE|DIR", "what a project with nothing but a lock is built on", options->base)
      .option("--results", "DIR", "write the results there", options->results, ValueKind::directory)
      .option("--gitops", "DIR", "a checkout with the ImageStreams", options->gitops, ValueKind::directory)
      .option("--branch", "NAME", "a new branch there for the commit, for a pull request", options->branch)
      .flag("--gitops-push", "push that commit", options->gitops_push)
      .flag("--check", "start each image and check it before anything is pushed", options->check)
      .flag("--replace", "push even where the tag is another image", options->replace)
      .flag("--dry-run", "only say what would be done", options->dry_run);
  add_registry_options(command, options->registry);
}

}  // namespace cairn::cli
