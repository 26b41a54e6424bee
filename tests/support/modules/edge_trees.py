# SPDX-License-Identifier: Apache-2.0
"""Small module trees for each rule of Lmod's spider. A case is {path: content}; content is text, bytes, Link or Mode."""

import dataclasses
import pathlib


@dataclasses.dataclass
class Link:
    target: str


@dataclasses.dataclass
class Mode:
    """A file with these bits; for a directory, `content` is None."""

    bits: int
    content: str | None = ""


def write(tree, files):
    """`@` in text and link targets is the tree's own path."""
    for name, content in files.items():
        path = pathlib.Path(tree) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            path.symlink_to(content.target.replace("@", str(tree)))
        elif isinstance(content, Mode):
            if content.content is None:
                path.mkdir(exist_ok=True)
            else:
                path.write_text(content.content)
            path.chmod(content.bits)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content.replace("@", str(tree)))


TCL = "#%Module1.0\n"
L = "modules/all/"

VERSIONS = """1.26.4-foss-2023a 12.2.0 1.0.0 v1.2.3 1.2rc1 2.0b1 2.0-beta.1 1.0dev 3.2p1 3.2-1 3.2-p1 3.2-0 2.0-patch1 1_2_3 1.0+git.abc 2023a
.3.0-GCCcore-12.2.0 4.0.5-gompi-2023a-CUDA-12.1.1 1.2-preview3 1..2 0.0 7.3.0-2.30 default2 12345678901 5.4.1-r0 0 00 0.1 1.0.p1 p .p -p x-p-0
A.B.C 1-.2 2.0.0-0.0 1.0-rc 1.pre 1.PREVIEW 1@2 1~2 1,2 ä.1 9223372036854775807 1---2 1.-.2 a.lua.b .hidden""".split()

WALK = {
    L + "A/1.0.lua": "", L + "A/.hidden.lua": "", L + "A/1.1~": TCL, L + "A/#1.2": TCL, L + "A/1.3#": TCL, L + "A/.#1.4": TCL, L + "A/__1.5": TCL,
    L + "A/.1.6.swp": TCL, L + "A/README": "read me", L + "A/1.7.bak_20240101": "help('x')", L + "A/1.8.bak": TCL, L + "A/.lua": "", L + "A/.git/x.lua": "",
    L + "A/.gitignore": TCL, L + "A/.DS_Store": TCL, L + "A/.svn/1": TCL, L + "A/.dotfile": TCL, L + "A/.modulesindex": "x",
    L + "B/1.0": TCL + "module-whatis tcl", L + "B/1.0.lua": "whatis('lua')", L + "B/2.0": "#%Modul", L + "B/2.1": "#%Module", L + "B/2.2": " #%Module", L + "B/2.3": "",
    L + "C/empty/x.txt": "nothing", L + "C/1.lua": "", L + "D/link.lua": Link("../A/1.0.lua"), L + "D/broken.lua": Link("nowhere"), L + "D/abs.lua": Link("@/modules/all/A/1.0.lua"),
    L + "D/tcl": Link("../B/1.0"), L + "Linked": Link("A"), L + "LinkedAbs": Link("@/modules/all/B"), L + "NoRead/1.lua": Mode(0o600, "whatis('secret')"), L + "NoRead/2.lua": "",
    L + "NoDir/1.lua": "", L + "NoDir": Mode(0o700, None), L + "E.lua": "whatis('meta')", L + "F.lua": "whatis('lost')", L + "F/1.lua": "whatis('kept')",
    L + "G.d.lua/1.lua": "", L + "H/1.lua": "", L + "H/.version.lua": "", L + "H/.modulerc_old": TCL, L + "H/.versions": TCL, L + "I/.version.lua": "whatis('x')",
    "elsewhere/1.lua": "whatis('elsewhere')", L + "J": Link("../../elsewhere"), L + "K/x.lua.lua": "", L + "M/1.lua.bak": TCL, L + "N": TCL + "module-whatis meta-tcl",
    L + "O/a b.lua": "", L + "O/tab\tname.lua": "", L + "O/quote'.lua": "", L + "Ünïcode/1.0.lua": "whatis('ü')",
}

DEFAULTS = {
    L + "A/1.0.lua": "", L + "A/2.0.lua": "", L + "A/default": Link("1.0.lua"), L + "B/1.0": TCL, L + "B/2.0": TCL, L + "B/default": Link("./1.0"),
    L + "C/1.0.lua": "", L + "C/default": TCL + "module-whatis {the default file}", L + "D/1.0.lua": "", L + "D/default/2.0.lua": "", L + "E/1.0.lua": "", L + "E/default.lua": "",
    L + "F/1.0.lua": "", L + "F/default": Link("nowhere.lua"), L + "G/1.0.lua": "", L + "G/default": Link("."), L + "H/1.0.lua": "", L + "H/default": Link(".."),
    L + "I/1.0.lua": "", L + "I/default": Link("../A/2.0.lua"), L + "J/1.0.lua": "", L + "J/default": Link("1.0.lua/"), L + "K/1.0.lua": "", L + "K/2.0.lua": "",
    L + "K/.version": '#%Module\nset ModulesVersion "1.0"\n', L + "K/.modulerc.lua": 'module_alias("k", "K/2.0")\n', L + "N/1.0.lua": "", L + "N/2.0.lua": "",
    L + "N/.version": "set ModulesVersion 1.0", L + "N/default": Link("2.0.lua"), L + "O/1.0.lua": "", L + "O/2.0.lua": "", L + "O/.modulerc": "module-version O/1.0 default stable\nmodule-alias o O/2.0",
    L + "P/1.0.lua": "", L + "P/.modulerc.lua": 'module_version("P/1.0", "default")', L + "Q/1.0.lua": "", L + "Q/.modulerc.lua": 'module_version("/1.0", "default", "new")\nmodule_alias("/old", "Q/1.0")',
    L + "top.lua": "", L + ".modulerc.lua": 'module_version("top", "default")', L + "cat/X/1.lua": "", L + "cat/Y/2.lua": "",
    L + "def/X/1.lua": "", L + "def/Y/2.lua": "", L + "def/.version": "set ModulesVersion X/1", L + "S/1.0.lua": "", L + "S/.version": 'set ModuleVersion 1.0; set ModulesVersion ""',
    L + "T/1.0.lua": "", L + "T/default.lua": Link("1.0.lua"), L + "mixed/12": TCL, L + "mixed/13.lua": "", L + "mixed/sub/1.lua": "", L + "mixed/sub/2/3.lua": "",
}

LEVELS = {
    L + "bowtie/64/1.0.lua": "", L + "bowtie/64/2.0.lua": "", L + "bowtie/32/1.0.lua": "", L + "bowtie/.version": "set ModulesVersion 64",
    L + "gcc/x86/12.2.lua": "", L + "gcc/x86/13.1.lua": "", L + "gcc/arm/12.2.lua": "", L + "gcc/default": Link("x86"), L + "gcc/x86/default": Link("12.2.lua"), L + "gcc/0/1.lua": "", L + "gcc/1.0/1.0.lua": "",
    L + "deep/a/b/c/1.lua": "whatis('Version: 9')\nwhatis('Name: '..myModuleName()..'|'..myModuleVersion()..'|'..myModuleFullName()..'|'..myFileName())", L + "deep/.version": "set ModulesVersion a/b",
    L + "deep/a/b/.version": "set ModulesVersion c", L + "plain/a/b/1.lua": "whatis(myModuleName()..'|'..myModuleVersion())", L + "plain/x.lua": "whatis(myModuleName()..'|'..myModuleVersion())",
}

RC = {
    L + "A/1.0.lua": "", L + "A/2.0.lua": "", L + "A/.modulerc.lua": """module_version("A/1.0", "one", "first")
module_version("A/one", "uno")
module_alias("a", "A/2.0")
module_alias("aa", "a")
module_version("aa", "two")
hide_version("A/2.0")
hide_modulefile("@/modules/all/A/1.0.lua")
hide_version("aa")
""",
    L + "B/1.0.lua": "", L + "B/.modulerc": "#%Module\nmodule-version B/1.0 one\nmodule-alias b B/one\nhide-version B/1.0\nhide-modulefile /x/y\nmodule-version /1.0 slash\n",
    L + "C/1.0.lua": "", L + "C/.modulerc.lua": 'module_alias("c", "C/1.0")\nhide{name="C"}\nmodule_alias("never", "C/1.0")', L + "D/1.0.lua": "", L + "D/.modulerc": "module-alias d D/1.0\nnosuchcommand\n",
    L + "E/1.0.lua": "", L + "E/.modulerc.lua": 'module_alias("e"', L + "F/1.0.lua": "", L + "F/.version": "", L + "G/1.0.lua": "", L + "G/.modulerc": 'module-alias {g"} G/1.0',
    L + "H/1.0.lua": "", L + "H/.modulerc": "if {$ModuleTool eq {Lmod}} { module-alias h-$ModuleToolVersion H/1.0 }\nreturn\nmodule-alias no H/1.0", L + "I/1.0.lua": "",
    L + "I/.modulerc": "module-version I/1.0", L + "J/1.0.lua": "", L + "J/.modulerc.lua": 'module_alias(pathJoin("j","/k/"), "J/1.0") if isDir("/nonexistent") then module_alias("no","J") end',
    L + "K/1.0.lua": "", L + "K/.modulerc.lua": 'for k in pairs({}) do end', L + "N/1.0.lua": "", L + "N/.modulerc": 'module-alias "n\\\\x6e" N/1.0\nset ModulesVersion "1.\\x30"\n',
    L + "O/1.0.lua": "", L + "O/.version": "module-alias o O/1.0; set ModulesVersion 1.0; break", L + "P/1.0.lua": "", L + "P/.modulerc.lua": 'module_version("P", "x") module_alias("__p", "P/1.0")',
}

LUA = {
    "paths": """for _, p in ipairs{"./r/./s", "//y/.//z/././w/", "/a/b/.", "/x//", "/", "", " /sp ", "a//b", "./.", ".", "..", "/a/../b", "/x///", "././a", "/./", "/a:/b/:c", "rel/"} do
prepend_path("PATH", p) append_path("LD_LIBRARY_PATH", p) setenv("LMOD_X_DIR", p) setenv("LMOD_Y_LIB", p) end
prepend_path{"PATH","/tbl",delim=":",priority=10} prepend_path{"PATH","/bad",priority=5} prepend_path{"PATH","/strp",priority="20"} prepend_path(" PATH ", "/trim")
append_path("PKG_CONFIG_PATH","/p/lib/pkgconfig") append_path("PKG_CONFIG_PATH","/p/lib64/pkgconfig") append_path("CRAY_LD_LIBRARY_PATH","/cray") prepend_path("PATH","/a;/b",";") prepend_path("PATH", 5) prepend_path("MANPATH","/m")
remove_path("PATH","/tbl") setenv("MY_LMOD_X_DIR","/no") setenv("LMOD_X_DIRS","/yes")""",
    "whatis": """whatis("Description: d1") whatis("Description:d2  ") whatis("Keywords: k") whatis("Keyword: kk") whatis("two words: x") whatis(" Name :  n") whatis("URL:http://x:80/")
whatis("Category: a\\nb\\n") whatis("Version: 99") whatis("") whatis(":x") whatis("description: low") whatis("a", "b") whatis(5) whatis("a", 5) whatis('q"uote') whatis("back\\\\slash") whatis("tab\\t")""",
    "help": "help('a','b','\\n c ') help(1) ", "help2": "help('x') help('  last  ')", "helpempty": "help()", "family": "family('f') family('g') family(3) family()",
    "ext": "extensions('a/1, b/2 ,c/3,,d/4 ', 'e/5') ", "ext0": "extensions()", "ext1": "extensions(' x ')", "ext2": "extensions('a') extensions('b','c') extensions('d', 1)",
    "prop": "add_property('arch','gpu') add_property('arch','mic') add_property('lmod','sticky') remove_property('arch','gpu') remove_property('gone','x') add_property('a',1) add_property('x y','z')",
    "names": "for _, f in ipairs{'mode','myModuleName','myModuleVersion','myModuleFullName','myModuleUsrName','myFileName','myShellName','myShellType','LmodVersion','moduleStackTraceBack'} do whatis(f) end whatis(mode()) whatis(myModuleName()) whatis(myModuleVersion()) whatis(myModuleFullName()) whatis(myFileName()) whatis(myShellName()) whatis(myShellType()) whatis(LmodVersion()) whatis(_VERSION)",
    "noop": "load('x') load_any('a','b') try_load('y') depends_on('z/1') prereq('p') prereq_any('q') conflict('c') unload('u') always_load('l') pushenv('A','b') unsetenv('A') set_alias('a','b') set_shell_function('f','x','y') execute{cmd='ls',modeA={'load'}} LmodMessage('m') LmodWarning('w') LmodBreak('b') LmodError('e') os.exit(1) source_sh('bash','x') complete('bash','a','b') load(atleast('gcc','4')) depends_on(between('a','1','2')) requireFullName() inherit() color_banner('red') mgrload(true,{}) whatis('still here')",
    "values": "whatis(tostring(is_spider())) whatis(tostring(isloaded('x'))) whatis(tostring(isPending('x'))) whatis(tostring(#loaded_modules())) whatis(tostring(load('x')) .. tostring(setenv('A','b'))) whatis(convertToCanonical('1.2.3-rc1')) whatis(table.concat(hierarchyA(myModuleFullName(), 2), '|')) whatis(colorize('red','a','b'))",
    "results": "for _, f in ipairs{load, load_any, try_load, unload, always_load, mgrload, always_unload} do whatis(tostring(f('x'))) end whatis(tostring(os.getenv('CAIRN_NO_SUCH'))) whatis(tostring((depends_on('x'))))", "pure": "whatis(pathJoin('/a','b/','/c')) whatis(pathJoin('a',nil,'','b//c')) whatis(pathJoin('/')) whatis(pathJoin(' a ',' b ')) whatis(dirname('/a/b')) whatis(dirname('x')) whatis(extname('a/b.c.d')) whatis(removeExt('/a.b/c.d')) whatis(barefilename('/a/b')) local d,f = splitFileName('/a/b') whatis(d..'|'..f) whatis(path_regularize('/a/./b/../c')) whatis(path_regularize('/a/b/../c', true))",
    "absent": "local s='' for _, n in ipairs{'error','select','setmetatable','rawget','coroutine','utf8','debug','_G','depends_on_any','haveDynamicMPATH','setenv1','cmd','purge','popenv'} do local f = ({error=error,select=select,setmetatable=setmetatable,rawget=rawget,coroutine=coroutine,utf8=utf8,debug=debug,_G=_G,depends_on_any=depends_on_any,purge=purge})[n] s = s .. n .. tostring(f) .. ' ' end whatis(s)",
    "strings": "whatis(('  x '):trim()..'|') whatis(('a.b'):escape()) for p in ('a:b::c'):split(':') do whatis('['..p..']') end for p in ('  a b '):split() do whatis('<'..p..'>') end for p in ('abc'):split('') do whatis('') break end whatis(('%5.2f'):format(1.5)) whatis(('x'):rep(3,'-')) whatis(string.format('%q','a\\nb')) whatis(tostring(10/2)) whatis(tostring(7//2)) whatis(tostring('10'+1)) whatis(tostring(2^53)) whatis(tostring(math.floor(3.7))) whatis(1 .. '')",
    "error": "whatis('before') nosuch() whatis('after')", "syntax": "whatis('x') whatis(", "empty": "", "concat": "whatis('a') local x = nil .. 'b'", "prepend_nil": "whatis('a') prepend_path(nil,'x') whatis('b')", "setenv_bad": "setenv('LMOD_A_DIR', 5) whatis('not reached')",
    "setenv_num": "setenv('A', 5) setenv('B', true) setenv('C', nil) setenv('D', {}) setenv('LMOD_E_DIR') setenv() setenv('LMOD_F_LIB','/f','x') whatis('reached')", "whatis0": "whatis('a') whatis() whatis('b')", "pcall": "whatis(tostring(pcall(nosuch))) whatis(tostring((pcall(function() local x = nil; x.y = 1 end))))",
    "jump": "goto a whatis('skipped') ::a:: whatis('after')", "cond": "if (mode() == 'load') then whatis('no') else whatis('yes') end if not isloaded('gcc') then load('gcc') end local t = {b=1} for k,v in pairs(t) do whatis(k..v) end",
    "print": "io.stdout:write('hidden') io.stderr:write('hidden') LmodMsgRaw('x')", "shebang": "#!/usr/bin/lua\nwhatis('x')", "crlf": "whatis('a')\r\nwhatis('b')\r\n", "bom": "\ufeffwhatis('a')", "bytecode": "\x1bLua", "isdefined": "whatis(tostring(type(isDefined)))",
}

LUA_TREE = {L + f"{name}/1.0.lua": text for name, text in LUA.items()} | {L + "latin/1.lua": b"whatis('caf\xe9') help('\xff\xfe')", L + "nul/1.lua": b"whatis('a\\0b')"} | {
    L + "meta-lua.lua": LUA["names"] + LUA["whatis"] + LUA["prop"], L + "noeol/1.lua": "whatis('x')\nhelp('y')", L + "LMOD/1.lua": "setenv('LMOD_HDF5_DIR', '/a:/b') setenv('LMOD_HDF5_LIB','/l')"}

TCL_BODIES = {
    "whatis": "module-whatis a b\nmodule-whatis {Description: d}\nmodule-whatis \"Name: \\t n  \"\nmodule-whatis {two\nlines\n}\nmodule-whatis\nmodule-whatis {quo\"te}\nmodule-whatis {back\\slash}",
    "bracket": "module-whatis before\nmodule-whatis {a ]===] b}", "quote": "module-whatis before\nprepend-path PATH {/a\"b}", "quotearg": "setenv A {x\"y}\nmodule-whatis {still}", "tab": "module-whatis before\nsetenv A {x\ty}", "newline": "setenv A {/x\n/y}\nfamily {a\nb}\nmodule-whatis kept",
    "paths": "prepend-path PATH /a\nappend-path PATH /b:/c\nprepend-path --delim=, PATH /d\nprepend-path -d , PATH /e\nprepend-path -delim , PATH /f\nprepend-path --delim , PATH /g\nprepend-path PATH /h 20\nprepend-path PATH /i 5\nremove-path PATH /a\nprepend-path LD_LIBRARY_PATH /l\nprepend-path PKG_CONFIG_PATH /p/lib/pkgconfig\nprepend-path PATH { /trim }\nsetenv LMOD_X_DIR /d:/e\nsetenv -respect LMOD_Y_DIR /no LMOD_Z_DIR\nsetenv LMOD_Q_LIB \"/q  \"",
    "help": "proc ModulesHelp { } {\n puts stdout \"to stdout\"\n puts stderr \"to stderr\"\n puts -nonewline \"no\"\n puts -nonewline stderr \"newline\"\n puts foo \"any\"\n}\nmodule-whatis x", "helperr": "proc ModulesHelp { } { puts stderr one; nosuch; puts stderr two }", "helpfail": "proc ModulesHelp { } { puts stderr {\n\nbraces\n  } }\nnosuchcommand\nmodule-whatis no",
    "helpvar": "set v 1.5\nproc ModulesHelp { } { global v; puts stderr \"v is $v [module-info name]\" }", "commands": "setenv A b\nunsetenv A\nset-alias a b\nunset-alias a\nset-function f x\nunset-function f\ncomplete bash a b c\nfamily fam\nconflict x y\nprereq a b\nprereq-any c\ndepends-on d/1 e/2\nalways-load z\nmodule load l1 l2\nmodule try-load t\nmodule unload u\nmodule switch a b\nmodule swap c\nmodule nosuch thing\nmodule-whatis end",
    "props": "add-property arch gpu\nadd-property arch mic\nremove-property arch gpu\nextensions a/1 b/2\nmodule-whatis x", "ext": "extensions {a/1, b/2} c/3", "ext2": "extensions a/1,b/2", "info": "module-whatis [module-info mode] [module-info mode load] [module-info mode display] [module-info name] [module-info specified] [module-info shell] [module-info shelltype] [module-info flags] [module-info user x] [module-info symbols] [module-info version a] [module-info version a/b]\nmodule-info command",
    "vars": "module-whatis $ModuleTool $ModuleToolVersion $ModulesCurrentModulefile [is-loaded x] [versioncmp 1.10 1.8] [versioncmp 1.8 1.10] [versioncmp 1 1] [system ls] [uname sysname]", "puts": "puts stderr {to stderr}\nputs stdout {to stdout}\nputs -nonewline {x}\nputs plain\nmodule-whatis x", "putsbroken": "module-whatis a\nputs other {text}", "putsbracket": "module-whatis a\nputs stderr {]===]}",
    "exit": "module-whatis a\nexit 1\nmodule-whatis b", "exit0": "module-whatis a\nexit\nmodule-whatis b", "break": "module-whatis a\nbreak\nmodule-whatis b", "continue": "module-whatis a\ncontinue\nmodule-whatis b", "return": "module-whatis a\nreturn\nmodule-whatis b", "returncode": "module-whatis a\nreturn -code error bad\nmodule-whatis b",
    "error": "module-whatis a\nnosuch\nmodule-whatis b", "errorbracket": "module-whatis a\nerror {]===]}", "wrongargs": "module-whatis a\nsetenv ONE\nmodule-whatis b", "unclosed": "module-whatis a\nmodule-whatis b\nif {1} {\nmodule-whatis c", "unclosed2": "module-whatis a\nmodule-whatis [format x", "comment": "# a { comment }\nmodule-whatis a ;# more\nmodule-whatis b",
    "proc": "proc add {n} { module-whatis \"p $n\"; prepend-path PATH /p/$n }\nforeach n {1 2 3} { add $n }\nif { ![is-loaded gcc] } { module load gcc }\nset l [list a {b c}]\nmodule-whatis [lindex $l 1] [llength $l] [expr {1+2}] [string toupper abc] [join {a b} -]", "if": "if { [module-info mode load] } { module-whatis no } else { module-whatis yes }\nif { [module-info mode] == \"display\" } { module-whatis shown }",
    "crlf": "module-whatis a\r\nprepend-path PATH /x\r\n", "ctrlz": "module-whatis a\n\x1amodule-whatis b", "use": "module use @/nowhere\nmodule use -a @/other --prepend {} @/third\nmodule unuse @/nowhere\nmodule-whatis x", "subst": "set root @/sw/x\nprepend-path PATH [file join $root bin]\nprepend-path PATH [file dirname $root]\nmodule-whatis [file tail $root]",
    "escape": "setenv A {/a\\b}\nfamily {a\\b}\nmodule-whatis {x\\ty}", "empty": "", "pushenv": "pushenv CAIRN_TEST_A b\nmodule-whatis $env(CAIRN_TEST_A)", "infoexists": "if {[info exists env(CAIRN_NO_SUCH)]} {module-whatis yes} else {module-whatis no}", "catch": "catch {nosuch} msg\nmodule-whatis $msg", "global": "set ::x 1\nproc f {} { global x; return $x }\nmodule-whatis [f]", "while": "set i 0\nwhile {$i < 5} {incr i}\nmodule-whatis $i",
    "reqfull": "require-fullname\nmodule-whatis x", "swapbraces": "module swap {a b} c\nmodule-whatis x", "trim": "family {  fam \n}\nmodule-whatis x", "prio": "prepend-path PATH /z abc\nmodule-whatis x",
}
TCL_TREE = {L + f"{name}/1.0": TCL + text for name, text in TCL_BODIES.items()} | {L + "meta-tcl": TCL + TCL_BODIES["help"], L + "one": "#%Module", L + "cr/1": b"#%Module\rmodule-whatis a\rmodule-whatis b\r"}

# Lmod's Tcl in its own process spoils every letter that is not ASCII; a Tcl of its own keeps the bytes, as we do.
TCL_LETTERS = {L + f"{name}/1.0": TCL + text for name, text in {
    "umlauts": "module-whatis {Grüße: 漢字 😀}\nproc ModulesHelp {} { puts stderr {ñandú} }\nsetenv X ñ",
    "paths": "prepend-path PATH /ö\nsetenv LMOD_X_DIR /漢"}.items()}

# What Lmod writes here no Lua can read, and the whole cache is ignored. modulefile: the text that we write instead.
UNREADABLE = {
    "a quote in a key": ("add_property('x','z\"')", r'["z\""] = 1'), "a backslash in a key": ("add_property('x','z\\\\')", r'["z\\"] = 1'), "a line in a key": ("add_property('x','a\\nb')", r'["a\nb"] = 1'),
    "an empty key": ("add_property('','e')", '[""] = {'), "a carriage return": ("whatis('a\\rb')", r'"a\rb"'), "a bracket at the end": ("help('a\\nb]')", "[=[a\nb]]=]"),
    "nine levels of brackets": ("help('" + "".join("[" + "=" * n + "[" for n in range(9)) + "]]\\n')", "]=========]"), "goto": (None, '["goto"] = {'),
}

ITEM = "x" * 17
SERIALIZER = {L + f"wrap{n}/1.lua": "".join(f"whatis('{'w' * width}')\n" for width in widths) for n, widths in enumerate([[10] * 12, [90], [90, 5], [5, 90], [5, 90, 5], [90] * 3, [30, 30, 30, 30], [70], [71, 1, 1], [72, 1], [73, 1, 80], [5] * 60, [40, 33, 1, 33, 90, 2]])} | {
    L + "strings/1.lua": r"""help("a\nb") whatis("x\n") whatis("[[\n]]") whatis("[[ [=[ ]==]\n") whatis("\n\nlead") whatis("a\\b\n") whatis("q\"\n\"") whatis("\\\"") whatis("\t\1\127") whatis("x\n]=") """,
    L + "levels/1.lua": "whatis('[[ [=[ [==[ [===[ [====[ [=====[ [======[ [=======[\\n')", L + "keys/1.lua": """add_property("and","x") add_property("a b","y z") add_property("1a","b") add_property("_a","c") add_property("ä","d") add_property("__hid","f") add_property("nil","g") add_property("a-b","h")
prepend_path("PATH","/a b") prepend_path("PATH","end") prepend_path("PATH","__x") prepend_path("LD_LIBRARY_PATH","__only")""", L + "end/1.lua": "", L + "while/nil.lua": "", L + "1st/a.lua": "", L + "a-b/x.lua": "", L + "a/x/y.lua": "", L + "a/z.lua": "", L + "a_b/1.lua": "", L + "A/1.lua": "", L + "a.b/1.lua": "", L + "version/1.lua": "",
    L + "long/1.lua": "extensions('" + ",".join(f"{ITEM}{n}/1.{n}" for n in range(40)) + "')", L + "manybrackets/1.lua": "help('a]\\nb') help('x]\\n')",
}

HIERARCHY = {
    L + "Core/GCC/12.lua": 'prepend_path("MODULEPATH", "@/modules/all/Compiler/GCC/12")', L + "Core/GCC/13.lua": 'append_path("MODULEPATH", "@/modules/all/Compiler/GCC/13/") prepend_path("MODULEPATH","/nowhere/at/all") prepend_path("MODULEPATH","rel/path")',
    L + "Core/intel/1": TCL + "module use @/modules/all/Compiler/intel/1\nprepend-path MODULEPATH @/modules/all/Compiler//shared", L + "Compiler/GCC/12/OpenMPI/4.lua": 'prepend_path("MODULEPATH", "@/modules/all/MPI/GCC/12/OpenMPI/4")', L + "Compiler/GCC/12/zlib/1.lua": "",
    L + "Compiler/GCC/12/zlib/.modulerc.lua": 'module_version("zlib/1","new") hide_version("zlib/1")', L + "Compiler/GCC/13/zlib/1.lua": "", L + "Compiler/intel/1/zlib/1": TCL, L + "Compiler/shared/x/1.lua": "", L + "MPI/GCC/12/OpenMPI/4/HDF5/1.lua": 'whatis(table.concat(hierarchyA("HDF5/1",2),"|"))',
    L + "Core/tools/1.lua": 'prepend_path("MODULEPATH", "@/modules/all/empty")', L + "empty/.keep": "", L + "Core/self/1.lua": 'prepend_path("MODULEPATH", "@/modules/all/Core")', L + "Core/.modulerc.lua": 'hide_version("tools/1")', L + "Core/multi/1.lua": 'prepend_path("MODULEPATH", "@/a:@/b")',
}

TWO_ROOTS = {
    "one/GCC/1.lua": 'prepend_path("MODULEPATH", "@/sub")', "two/GCC/1.lua": 'prepend_path("MODULEPATH", "@/sub")', "one/a/1.lua": "", "two/a/1.lua": "", "two/a/2.lua": "", "sub/x/1.lua": "", "sub/x/.modulerc.lua": 'hide_version("x/1")',
    "one/a/.modulerc.lua": 'hide_version("b") module_alias("c","a/2")', "two/a/.modulerc.lua": 'module_alias("b","a/2") hide_version("c")',
}

# name: (files, MODULEPATH directories)
CASES = {
    "walk": (WALK, ["modules/all"]), "defaults": (DEFAULTS, ["modules/all"]), "levels": (LEVELS, ["modules/all"]), "rc": (RC, ["modules/all"]), "lua": (LUA_TREE, ["modules/all"]), "tcl": (TCL_TREE, ["modules/all"]),
    "serializer": (SERIALIZER, ["modules/all"]), "hierarchy": (HIERARCHY, ["modules/all/Core"]), "two roots": (TWO_ROOTS, ["one", "two"]), "nothing": ({L + "x.txt": ""}, ["modules/all"]),
    "versions": ({L + f"Lua/{v}.lua": "" for v in VERSIONS} | {L + f"{v}/1.0": TCL for v in VERSIONS} | {L + f"N/{v}/{v}.lua": "" for v in VERSIONS} | {L + "N/default": Link("0")}, ["modules/all"]),
}
