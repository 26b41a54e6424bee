// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/build/build.hpp>
#include <cairn/build/records.hpp>
#include <cairn/recipe/step.hpp>

#include <memory>
#include <string>

namespace cairn::build {

/// The python steps of one build, for the Python of its base. Any thread.
class PythonSteps {
public:
  /// `base` lies in `store`. All outlive this.
  PythonSteps(const image::Image& base, const BuildSettings& settings, const Surroundings& surroundings, store::Store& store, const Task& task);
  ~PythonSteps();
  PythonSteps(const PythonSteps&) = delete;
  PythonSteps& operator=(const PythonSteps&) = delete;

  [[nodiscard]] std::string key(const recipe::Step& step) const;
  /// Throws Error: packages without a wheel, another Python than the lock is for.
  [[nodiscard]] StepLayers make(const recipe::Step& step, const Task& task);

private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cairn::build
