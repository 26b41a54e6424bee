// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/python_step.hpp>

#include <cairn/base/error.hpp>
#include <cairn/build/key.hpp>
#include <cairn/build/tree_digest.hpp>
#include <cairn/build/wheel_build.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/os/temp.hpp>
#include <cairn/python/pipfile_check.hpp>
#include <cairn/stack/base.hpp>
#include <cairn/stack/interpreter.hpp>
#include <cairn/stack/layers.hpp>
#include <cairn/stack/request.hpp>
#include <cairn/stack/venv.hpp>
#include <cairn/store/layer_target.hpp>
#include <cairn/store/record_file.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cairn::build {
namespace {

constexpr std::uint64_t lock_limit_bytes = std::uint64_t{64} << 20;
constexpr std::uint64_t record_limit_bytes = std::uint64_t{4} << 20;

const recipe::PythonStep& python_of(const recipe::Step& step) { return std::get<recipe::PythonStep>(step.what); }

std::filesystem::path lock_path(const recipe::Step& step)
{
  return python::find_lock(std::filesystem::path(step.directory) / python_of(step).lock);
}

}  // namespace

struct PythonSteps::State {
  const BuildSettings& settings;
  const Surroundings& surroundings;
  store::Store& store;
  const image::Image& base;
  stack::Interpreter interpreter;

  /// `name==version` of what the base has already in the environment that a step adds to. Read once for each base.
  [[nodiscard]] std::vector<std::string> base_projects(const recipe::PythonStep& step, const Task& task) const
  {
    if (step.makes_venv) return {};
    const auto file = store.cache("builds") / fmt::format("projects-{}.json", Key("projects").add(base.descriptor.digest.str()).add(step.prefix).finish());
    if (auto known = store::read_record(file, record_limit_bytes, [](const oci::Json& json) { return std::optional(json.strings()); })) return *std::move(known);
    python::Target target;
    interpreter.describe(target);
    std::vector<std::string> out;
    for (const auto& [name, project] : stack::read_base(store, base, python::Layout::venv(step.prefix, target), task).projects)
      out.push_back(fmt::format("{}=={}", name, project.version));
    oci::JsonWriter json;
    json.value(out);
    write_file_atomically(file, json.finish(), Flush::no);
    return out;
  }

  [[nodiscard]] stack::Request request(const recipe::PythonStep& step) const
  {
    stack::Request out;
    interpreter.describe(out.target);
    out.python = interpreter.full_version;
    out.wheels = surroundings.wheels;
    out.groups = step.groups;
    return out;
  }

  [[nodiscard]] stack::MakeSettings make_settings(const recipe::PythonStep& step, const stack::OpenLock& lock) const
  {
    stack::MakeSettings out;
    out.install.target = lock.target;
    out.install.pip = lock.pip;
    out.install.layout = python::Layout::venv(step.prefix, lock.target);
    if (step.layers) out.layers = *step.layers;
    out.compression = settings.layer.compression;
    out.threads = settings.layer.threads;
    out.created = settings.created;
    if (step.bytecode == recipe::Bytecode::unchecked_hash) out.bytecode = interpreter.bytecode_maker();
    return out;
  }
};

PythonSteps::PythonSteps(const image::Image& base, const BuildSettings& settings, const Surroundings& surroundings, store::Store& store,
                         const Task& task)
    : state_(std::make_unique<State>(
          State{settings, surroundings, store, base, stack::find_interpreter(store, base, store.cache("interpreters"), task)}))
{
}

PythonSteps::~PythonSteps() = default;

std::string PythonSteps::key(const recipe::Step& step) const
{
  const auto& python = python_of(step);
  const auto path = lock_path(step);
  const auto& interpreter = state_->interpreter;
  const auto& compression = state_->settings.layer.compression;
  Key key("python");
  key.add(path.filename().native()).add(read_small_file(path, lock_limit_bytes)).add(python.prefix).add(python.groups);
  key.add(python.makes_venv ? "venv" : "").add(python.layers ? std::to_string(*python.layers) : "");
  key.add(interpreter.full_version).add(fmt::format("{}.{}", interpreter.glibc_major, interpreter.glibc_minor));
  key.add(python.bytecode == recipe::Bytecode::none ? "" : interpreter.digest);
  key.add(state_->base_projects(python, Task{}));
  key.add(name(compression.codec)).add(std::to_string(compression.level));
  for (const auto& pin : python::read_lock(path, {.groups = python.groups}).pins) {
    if (pin.needs_build.empty()) continue;
    // What is built here depends on what it is built on, and a directory on what lies there.
    key.add(pin.name).add(state_->base.descriptor.digest.str());
    const auto directory = path.parent_path() / pin.build_from;
    if (!pin.build_from.empty() && std::filesystem::is_directory(directory)) key.add(TreeDigests(state_->store.cache("trees")).of(directory, {}));
  }
  return key.finish();
}

std::vector<std::string> PythonSteps::check(const recipe::Step& step) const
{
  const auto& interpreter = state_->interpreter;
  const auto path = lock_path(step);
  const auto lock = python::read_lock(path, {.groups = python_of(step).groups});
  if (!lock.python.empty() && lock.python != interpreter.python && !interpreter.full_version.starts_with(lock.python))
    throw Error(Errc::bad_input, fmt::format("{} is for Python {}, the base has {}; lock it anew with the base's, or take another base",
                                             printable(path.native()), printable(lock.python), interpreter.full_version));
  static_cast<void>(stack::open_lock(state_->request(python_of(step)), path));
  const auto pipfile = python::check_pipfile(lock);
  if (!pipfile || pipfile->problem.empty()) return {};
  const auto problem = fmt::format("{}: {}", printable(path.parent_path().native()), pipfile->problem);
  if (state_->settings.is_locked) throw Error(Errc::bad_input, "--locked: " + problem);
  return {problem};
}

StepLayers PythonSteps::make(const recipe::Step& step, const Task& task)
{
  const auto& python = python_of(step);
  const auto& interpreter = state_->interpreter;
  const auto request = state_->request(python);
  const auto lock = stack::open_lock(request, lock_path(step));
  python::WheelCache cache(stack::wheel_cache_path());
  const auto sources = stack::open_sources(request, lock, state_->settings.layer.threads);
  auto resolved = python::resolve(lock.lock, lock.pins, sources.settings, cache, task);
  if (!resolved.unbuilt.empty()) {
    auto built = build_wheels(resolved.unbuilt, {.base = state_->base, .prefix = python.prefix, .request = request, .lock = lock, .uses_records = state_->settings.uses_records, .isolation = state_->settings.isolation},
                              cache, state_->store, task);
    add_built(resolved, std::move(built));
  }

  auto settings = state_->make_settings(python, lock);
  if (!state_->base_projects(python, task).empty()) {
    const auto base = stack::read_base(state_->store, state_->base, settings.install.layout, task);
    settings.replaced = stack::replace(base, stack::leave_to_base(base, resolved.wheels));
    settings.base = state_->base;
    if (resolved.wheels.empty()) return {};  // the base has all of it
  }
  StepLayers out;
  if (python.makes_venv) {
    store::StoreTarget target(state_->store);
    out.layers.push_back(stack::make_venv_layer(python.prefix, interpreter, settings.compression, target, task));
  }
  auto made = stack::make_layers(resolved.wheels, settings, state_->store, task);
  std::ranges::move(made.layers, std::back_inserter(out.layers));
  out.annotations = std::move(made.annotations);
  out.notes = lock.lock.warnings;
  out.notes.insert(out.notes.end(), resolved.warnings.begin(), resolved.warnings.end());
  return out;
}

}  // namespace cairn::build
