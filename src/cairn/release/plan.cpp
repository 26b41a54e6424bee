// SPDX-License-Identifier: Apache-2.0
#include <cairn/release/plan.hpp>

#include <cairn/base/error.hpp>
#include <cairn/build/git.hpp>
#include <cairn/python/pipfile_check.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cairn::release {
namespace {

namespace fs = std::filesystem;

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string project_name(const Plan& plan)
{
  auto name = fs::path(plan.source.substr(plan.source.find_last_of("/:") + 1)).filename().native();
  if (name.ends_with(".git")) name.erase(name.size() - 4);
  return name.empty() ? plan.directory.filename().native() : name;
}

void read_git(Plan& plan, const Wishes& wishes, const Task& task)
{
  const auto shown = printable(plan.directory.native());
  const auto root = build::try_git(plan.directory, {"rev-parse", "--show-toplevel"}, task);
  if (root.empty()) throw Error(Errc::bad_input, fmt::format("{}: is no git checkout", shown));
  plan.directory = root;
  plan.commit = build::git_output(root, {"rev-parse", "HEAD"}, task);
  const auto changed = first_line(build::git_output(root, {"status", "--porcelain"}, task));
  if (!changed.empty())
    throw Error(Errc::bad_input, fmt::format("{}: has changes that are not committed ({}); a release is of what is committed", shown, printable(changed.substr(3))));
  if (wishes.tag.empty()) {
    plan.tag = build::try_git(root, {"describe", "--exact-match", "--tags", "HEAD"}, task);
    if (plan.tag.empty()) throw Error(Errc::bad_input, fmt::format("{}: HEAD ({}) has no tag; git tag NAME, or check out a tag", shown, plan.commit.substr(0, 12)));
  } else {
    plan.tag = wishes.tag;
    const auto there = build::try_git(root, {"rev-parse", "--verify", "--quiet", "refs/tags/" + plan.tag + "^{commit}"}, task);
    if (there.empty()) {
      const auto last = first_line(build::try_git(root, {"tag", "--list", "--sort=-creatordate"}, task));
      throw Error(Errc::not_found, fmt::format("{}: has no tag {}{}", shown, printable(plan.tag), last.empty() ? "" : "; the newest is " + printable(last)));
    }
    if (there != plan.commit)
      throw Error(Errc::bad_input, fmt::format("tag {} is {}, the checkout is at {}; git checkout {}", printable(plan.tag), there.substr(0, 12),
                                               plan.commit.substr(0, 12), plan.tag));
  }
  plan.source = build::without_credentials(build::try_git(root, {"remote", "get-url", "origin"}, task));
  plan.name = project_name(plan);
}

ReleaseImage image_of(const Plan& plan, const recipe::AicoeBuild& build, const std::string& overlay, const fs::path& directory)
{
  ReleaseImage out;
  out.name = overlay;
  out.project = in_context([&] { return build.place; }, [&] { return build::detect_project(directory, wishes_of(build, directory)); });
  out.repository = fmt::format("{}/{}/{}", build.registry, build.registry_org, build.registry_project.empty() ? plan.name : build.registry_project);
  out.tag = build.arch.empty() ? plan.tag : fmt::format("{}-{}", plan.tag, build.arch);
  if (!build.custom_tag.empty()) out.also.push_back(build.custom_tag);
  return out;
}

void read_aicoe(Plan& plan, const fs::path& file)
{
  const auto config = recipe::AicoeCi::read(file);
  plan.warnings = config.warnings;
  if (config.build) {
    plan.images.push_back(image_of(plan, *config.build, "", plan.directory));
    plan.images.back().deploy = config.deploy;
  }
  const auto thoth_file = plan.directory / recipe::thoth_file_name;
  const bool has_thoth = fs::exists(thoth_file);
  const auto base_images = has_thoth ? recipe::read_thoth_base_images(thoth_file) : std::map<std::string, std::string>();
  if (!config.overlays.empty() && !has_thoth)
    plan.warnings.push_back(fmt::format("{}: without {} AICoE-CI builds no overlay; cairn does", printable(file.native()), recipe::thoth_file_name));
  for (auto overlay : config.overlays) {
    if (const auto wished = base_images.find(overlay.name); wished != base_images.end() && !config.overlays_directory.empty())
      overlay.build.base_image = wished->second;
    const bool has_own = !config.overlays_directory.empty() && config.overlays_directory != ".";
    const auto directory = has_own ? plan.directory / config.overlays_directory / overlay.name : plan.directory;
    plan.images.push_back(image_of(plan, overlay.build, overlay.name, directory));
    plan.images.back().deploy = overlay.deploy;
  }
}

}  // namespace

build::ProjectWishes wishes_of(const recipe::AicoeBuild& build, const fs::path& directory)
{
  build::ProjectWishes out;
  out.builder = build.base_image;
  out.scripts_url = build.source_script;
  out.containerfile = build.dockerfile_path;
  using recipe::AicoeStrategy;
  if (build.strategy == AicoeStrategy::source) out.kind = build::ProjectKind::s2i;
  // A file that is there comes before S2I, where nothing is said.
  const bool has_file = fs::exists(directory / "Dockerfile") || fs::exists(directory / "Containerfile");
  if (build.strategy == AicoeStrategy::dockerfile || build.strategy == AicoeStrategy::containerfile || (build.strategy == AicoeStrategy::automatic && has_file))
    out.kind = build::ProjectKind::containerfile;
  return out;
}

Plan make_plan(const fs::path& directory, const Wishes& wishes, const Task& task)
{
  if (!fs::is_directory(directory)) throw Error(Errc::not_found, fmt::format("{}: no such directory", printable(directory.native())));
  Plan plan;
  plan.directory = fs::absolute(directory).lexically_normal();
  read_git(plan, wishes, task);
  const auto file = plan.directory / recipe::aicoe_ci_file_name;
  if (fs::exists(file)) {
    read_aicoe(plan, file);
  } else {
    if (wishes.image.empty())
      throw Error(Errc::bad_input, fmt::format("{}: has no {} that says where the image goes; give --image HOST/REPOSITORY", printable(plan.directory.native()),
                                               recipe::aicoe_ci_file_name));
    ReleaseImage image;
    build::ProjectWishes project;
    project.base = wishes.base;
    image.project = build::detect_project(plan.directory, project);
    image.repository = wishes.image;
    image.tag = plan.tag;
    image.also = wishes.also;
    plan.images.push_back(std::move(image));
  }
  for (auto& image : plan.images)
    if (image.project.kind == build::ProjectKind::lock && image.project.wishes.base.empty())
      image.project.wishes.base = wishes.base.empty() ? build::find_base(image.project, wishes.base_places).native() : wishes.base;
  return plan;
}

void check_locks(const Plan& plan)
{
  for (const auto& image : plan.images) {
    const auto& directory = image.project.directory;
    if (!fs::exists(directory / "Pipfile.lock") || !fs::exists(directory / "Pipfile")) continue;
    const auto check = python::check_pipfile(python::read_lock(directory / "Pipfile.lock", {}));
    if (check && !check->problem.empty()) throw Error(Errc::bad_input, fmt::format("{}: {}", printable(directory.native()), check->problem));
  }
}

}  // namespace cairn::release
