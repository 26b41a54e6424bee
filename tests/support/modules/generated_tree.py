# SPDX-License-Identifier: Apache-2.0
"""A module tree of any size that looks like EasyBuild's: a function of the count and the seed alone."""

import pathlib
import random

WORDS = ["zlib", "GCC", "OpenMPI", "HDF5", "netCDF", "FFTW", "PETSc", "numpy", "SciPy", "R", "Perl", "Boost", "CMake", "LLVM", "Qt5", "X11"]
TOOLCHAINS = ["", "-GCCcore-12.2.0", "-GCC-12.3.0", "-foss-2023a", "-gompi-2022b", "-intel-2023b-CUDA-12.1.1"]


def version(random_):
    pieces = [str(random_.randint(0, 30)) for _ in range(random_.randint(1, 4))]
    tail = random_.choice(["", "", "", "rc1", "a", "-r2", "-beta.3", "p1", "dev", "_1"])
    return ".".join(pieces) + tail + random_.choice(TOOLCHAINS)


def lua_module(random_, prefix, name, release, others):
    root = f"{prefix}/software/{name}/{release}"
    lines = ["help([==[", "", "Description", "===========", f"{name} does things\nwith \"quotes\" and back\\slashes", "]==])", ""]
    lines += [f"whatis([==[Description: {name} does {random_.randint(0, 9)} things]==])", f"whatis([==[Homepage: https://{name}.example.org/]==])"]
    lines += [f"whatis([==[URL: https://{name}.example.org/]==])", f'local root = "{root}"', f'conflict("{name}")']
    lines += [f'depends_on("{other}")' for other in others]
    for variable, directory in [("CMAKE_PREFIX_PATH", ""), ("LD_LIBRARY_PATH", "lib"), ("LIBRARY_PATH", "lib"), ("PATH", "bin"), ("PKG_CONFIG_PATH", "lib/pkgconfig")]:
        if random_.random() < 0.8:
            lines.append(f'prepend_path("{variable}", pathJoin(root, "{directory}"))')
    if random_.random() < 0.2:
        names = ",".join(f"ext{n}/{n}.{n + 1}" for n in range(random_.randint(1, 30)))
        lines += ['if convertToCanonical(LmodVersion()) >= convertToCanonical("8.2.8") then', f'    extensions("{names}")', "end"]
    if random_.random() < 0.1:
        lines.append(f'family("{name.lower()}")')
    if random_.random() < 0.1:
        lines.append('add_property("arch", "gpu")')
    lines += [f'setenv("EBROOT{name.upper()}", root)', f'setenv("EBVERSION{name.upper()}", "{release}")', "", "-- Built with EasyBuild version 5.4.1", ""]
    return "\n".join(lines)


def tcl_module(random_, prefix, name, release, others):
    root = f"{prefix}/software/{name}/{release}"
    lines = ["#%Module", "proc ModulesHelp { } {", f"    puts stderr {{\n\nDescription\n===========\n{name} does things\n    }}", "}"]
    lines += [f"module-whatis {{Description: {name} does {random_.randint(0, 9)} things}}", f"module-whatis {{URL: https://{name}.example.org/}}"]
    lines += [f"set root {root}", f"conflict {name}"] + [f"depends-on {other}" for other in others]
    lines += ["prepend-path\tPATH\t\t$root/bin", "prepend-path\tLD_LIBRARY_PATH\t\t$root/lib", f'setenv\tEBROOT{name.upper()}\t\t"$root"', ""]
    return "\n".join(lines)


def write(tree, count, seed=1):
    """`count` modulefiles below `tree`/modules/all."""
    random_ = random.Random(seed)
    top = pathlib.Path(tree) / "modules" / "all"
    written = []
    while len(written) < count:
        name = random_.choice(WORDS) + (str(random_.randint(0, count // 10)) if count > 100 else "")
        release = version(random_)
        if random_.random() < 0.05:
            release = "." + release
        tcl = random_.random() < 0.1
        path = top / name / (release if tcl else release + ".lua")
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        others = random_.sample(written, min(len(written), random_.randint(0, 3)))
        path.write_text((tcl_module if tcl else lua_module)(random_, tree, name, release, others))
        written.append(f"{name}/{release}")
        link = path.parent / "default"
        if random_.random() < 0.05 and not link.is_symlink():
            link.symlink_to(path.name)
        if random_.random() < 0.03:
            (path.parent / ".modulerc.lua").write_text(f'module_version("{name}/{release}", "stable")\n')
