// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/base/task.hpp>
#include <cairn/image/edit.hpp>
#include <cairn/io/codec.hpp>
#include <cairn/layer/pack.hpp>
#include <cairn/stack/interpreter.hpp>

#include <string>

namespace cairn::stack {

/// A layer with an empty virtual environment at `prefix` (`/opt/app-root`), made by the image's own `venv` module: what
/// `python3.X -m venv --without-pip PREFIX` makes there, with modes `g=u`, so that a random user of group 0 can install into it. The
/// bytes depend on prefix, interpreter and compression alone. Throws Error: bad_input for a prefix that is no plain absolute path of
/// `[A-Za-z0-9_./+-]`; tool when Python fails (an image without the module).
[[nodiscard]] image::Layer make_venv_layer(const std::string& prefix, const Interpreter& interpreter, const Compression& compression,
                                           layer::LayerTarget& target, const Task& task);

}  // namespace cairn::stack
