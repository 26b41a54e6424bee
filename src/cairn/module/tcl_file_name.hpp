// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairn/module/tcl_interpreter.hpp>

namespace cairn::module {

/// Give `tcl` the command `file`: names are taken apart and joined as Tcl does on Unix; whatever looks at the disk is
/// noted as a question and answered 0 or "".
void define_file_names(TclInterpreter& tcl);

}  // namespace cairn::module
