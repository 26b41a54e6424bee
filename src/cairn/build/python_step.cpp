// SPDX-License-Identifier: Apache-2.0
#include <cairn/build/python_step.hpp>

#include <cairn/base/error.hpp>
#include <cairn/build/key.hpp>
#include <cairn/os/fd.hpp>
#include <cairn/stack/interpreter.hpp>
#include <cairn/stack/layers.hpp>
#include <cairn/stack/request.hpp>
#include <cairn/stack/venv.hpp>
#include <cairn/store/layer_target.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cairn::build {
namespace {

constexpr std::uint64_t lock_limit_bytes = std::uint64_t{64} << 20;

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
  stack::Interpreter interpreter;

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
    // out.group_writable = true;  // OpenShift's random users add packages of their own
    if (step.bytecode == recipe::Bytecode::unchecked_hash) out.bytecode = interpreter.bytecode_maker();
    return out;
  }
};

PythonSteps::PythonSteps(const image::Image& base, const BuildSettings& settings, const Surroundings& surroundings, store::Store& store,
                         const Task& task)
    : state_(std::make_unique<State>(
          State{settings, surroundings, store, stack::find_interpreter(store, base, store.cache("interpreters"), task)}))
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
  key.add(name(compression.codec)).add(std::to_string(compression.level));
  return key.finish();
}

StepLayers PythonSteps::make(const recipe::Step& step, const Task& task)
{
  const auto& python = python_of(step);
  const auto& interpreter = state_->interpreter;
  const auto request = state_->request(python);
  const auto lock = stack::open_lock(request, lock_path(step));
  const auto& wanted = lock.lock.python;
  if (!wanted.empty() && wanted != interpreter.python && !interpreter.full_version.starts_with(wanted))
    throw Error(Errc::bad_input, fmt::format("{} is for Python {}, the base has {}; lock it anew with the base's, or take another base",
                                             printable(lock_path(step).native()), printable(wanted), interpreter.full_version));
  python::WheelCache cache(stack::wheel_cache_path());
  const auto sources = stack::open_sources(request, lock, state_->settings.layer.threads);
  auto resolved = python::resolve(lock.lock, lock.pins, sources.settings, cache, task);
  if (!resolved.unbuilt.empty()) throw Error(Errc::unsupported, stack::unbuilt_text(resolved.unbuilt));

  const auto settings = state_->make_settings(python, lock);
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
