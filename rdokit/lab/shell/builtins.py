"""The commands inside bash: what changes the shell itself, and the quick ones (echo, test, printf)."""

from __future__ import annotations

import asyncio
import posixpath
import re
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ..machine import SIGNAL_NAMES, SIGNALS
from . import expand, testing
from .streams import Bad
from .syntax import NAME, Word

if TYPE_CHECKING:
    from .interp import Job, Shell

Builtin = Callable[..., Awaitable[int]]
BUILTINS: dict[str, Builtin] = {}
SPECIAL = {
    ":",
    ".",
    "source",
    "eval",
    "export",
    "readonly",
    "set",
    "shift",
    "trap",
    "unset",
    "return",
    "exit",
    "break",
    "continue",
}
SET_NAMES = {
    "allexport": "a", "braceexpand": "B", "errexit": "e", "errtrace": "E", "functrace": "T", "hashall": "h",
    "histexpand": "H", "keyword": "k", "monitor": "m", "noclobber": "C", "noexec": "n", "noglob": "f", "notify": "b",
    "nounset": "u", "onecmd": "t", "physical": "P", "privileged": "p", "verbose": "v", "xtrace": "x",
}  # fmt: skip
SET_OTHER = ("emacs", "history", "ignoreeof", "interactive-comments", "nolog", "pipefail", "posix", "vi")
SHOPTS = [
    "autocd",
    "cdable_vars",
    "cdspell",
    "checkhash",
    "checkjobs",
    "checkwinsize",
    "cmdhist",
    "compat31",
    "dirspell",
    "dotglob",
    "execfail",
    "expand_aliases",
    "extdebug",
    "extglob",
    "extquote",
    "failglob",
    "force_fignore",
    "globstar",
    "gnu_errfmt",
    "histappend",
    "histreedit",
    "histverify",
    "hostcomplete",
    "huponexit",
    "interactive_comments",
    "lithist",
    "login_shell",
    "mailwarn",
    "no_empty_cmd_completion",
    "nocaseglob",
    "nocasematch",
    "nullglob",
    "progcomp",
    "promptvars",
    "restricted_shell",
    "shift_verbose",
    "sourcepath",
    "xpg_echo",
]


def builtin(*names: str) -> Callable[[Builtin], Builtin]:
    def register(function: Builtin) -> Builtin:
        for name in names:
            BUILTINS[name] = function
        return function

    return register


def invalid(sh: Shell, name: str, flag: str, usage: str) -> int:
    sh.builtin_error(f"{name}: {flag}: invalid option")
    sh.raw_error(f"{name}: usage: {usage}\n")
    return 2


# -- nothing and everything --------------------------------------------------------------------------------------


@builtin(":", "true")
async def b_true(sh: Shell, argv: list[str]) -> int:
    return 0


@builtin("false")
async def b_false(sh: Shell, argv: list[str]) -> int:
    return 1


@builtin("eval")
async def b_eval(sh: Shell, argv: list[str]) -> int:
    text = " ".join(argv[1:])
    if not text.strip():
        return 0
    sh.status = 0
    return await sh.eval_text(text)


@builtin(".", "source")
async def b_source(sh: Shell, argv: list[str]) -> int:
    from .interp import Return

    if len(argv) < 2:
        sh.builtin_error(f"{argv[0]}: filename argument required")
        sh.raw_error(f"{argv[0]}: usage: {argv[0]} filename [arguments]\n")
        return 2
    name = argv[1]
    path = name
    if "/" not in name:
        for directory in (sh.get("PATH") or "").split(":"):
            candidate = posixpath.join(directory or ".", name)
            if sh.fs.isfile(candidate if candidate.startswith("/") else posixpath.join(sh.cwd, candidate)):
                path = candidate
                break
    try:
        full = path if path.startswith("/") else f"{sh.cwd.rstrip('/')}/{path}"
        if sh.fs.isdir(full):
            sh.error(f"{argv[0]}: {name}: is a directory")
            return 1
        stream = sh.p.open(path)
        text = (await stream.read()).decode("utf-8", "surrogateescape")
        stream.close()
    except OSError as err:
        sh.error(f"{name}: {err.strerror}")
        return 1
    saved = sh.params
    if len(argv) > 2:
        sh.params = argv[2:]
    sh.depth += 1
    sh.status = 0
    try:
        return await sh.eval_text(text, name)
    except Return as back:
        return back.status
    finally:
        sh.depth -= 1
        if len(argv) > 2:
            sh.params = saved


@builtin("exit", "logout")
async def b_exit(sh: Shell, argv: list[str]) -> int:
    from .interp import Exit

    if argv[0] == "logout" and not sh.login:
        sh.builtin_error("logout: not login shell: use `exit'")
        return 1
    status = sh.status
    if len(argv) > 1:
        if not re.fullmatch(r"[-+]?\d+", argv[1]):
            sh.builtin_error(f"{argv[0]}: {argv[1]}: numeric argument required")
            raise Exit(255)
        if len(argv) > 2:
            sh.builtin_error(f"{argv[0]}: too many arguments")
            return 1
        status = int(argv[1])
    if sh.interactive and not sh.subshell:
        sh.raw_error("logout\n" if sh.login else "exit\n")
    raise Exit(status)


@builtin("return")
async def b_return(sh: Shell, argv: list[str]) -> int:
    from .interp import Return

    if not sh.depth:
        sh.builtin_error("return: can only `return' from a function or sourced script")
        return 1
    status = sh.status
    if len(argv) > 1:
        if not re.fullmatch(r"[-+]?\d+", argv[1]):
            sh.builtin_error(f"return: {argv[1]}: numeric argument required")
            raise Return(255)
        status = int(argv[1]) & 255
    raise Return(status)


@builtin("break", "continue")
async def b_loop(sh: Shell, argv: list[str]) -> int:
    from .interp import LoopControl

    if not sh.loops:
        sh.builtin_error(f"{argv[0]}: only meaningful in a `for', `while', or `until' loop")
        return 0
    depth = 1
    if len(argv) > 1:
        if not argv[1].lstrip("-").isdigit():
            sh.builtin_error(f"{argv[0]}: {argv[1]}: numeric argument required")
            raise LoopControl("break", 1000)
        depth = int(argv[1])
        if depth < 1:
            sh.builtin_error(f"{argv[0]}: {argv[1]}: loop count out of range")
            return 1
    sh.status = 0
    raise LoopControl(argv[0], min(depth, sh.loops))


@builtin("command")
async def b_command(sh: Shell, argv: list[str]) -> int:
    args = argv[1:]
    describe = ""
    while args and args[0].startswith("-") and len(args[0]) > 1:
        flag = args.pop(0)
        if flag == "--":
            break
        if set(flag[1:]) - set("pvV"):
            return invalid(
                sh, "command", f"-{next(c for c in flag[1:] if c not in 'pvV')}", "command [-pVv] command [arg ...]"
            )
        describe = "V" if "V" in flag else "v" if "v" in flag else describe
    if describe:
        status = 0 if args else 1
        for name in args:
            if not explain(sh, name, short=describe == "v"):
                if describe == "V":
                    sh.builtin_error(f"command: {name}: not found")
                status = 1
        return status
    if not args:
        return 0
    return await run_without_functions(sh, args)


@builtin("builtin")
async def b_builtin(sh: Shell, argv: list[str]) -> int:
    if len(argv) < 2:
        return 0
    if argv[1] not in BUILTINS:
        sh.builtin_error(f"builtin: {argv[1]}: not a shell builtin")
        return 1
    return await run_without_functions(sh, argv[1:])


async def run_without_functions(sh: Shell, args: list[str]) -> int:
    from .syntax import Simple

    if args[0] in BUILTINS:
        if args[0] in ("declare", "typeset", "local", "export", "readonly"):
            words = [
                Word([("lit", a.partition("=")[0] + "="), ("q", a.partition("=")[2])], a) if "=" in a else None
                for a in args
            ]
            return await BUILTINS[args[0]](
                sh, [a for a, w in zip(args, words, strict=True) if w is None], [w for w in words if w]
            )
        if args[0] == "exec":
            return await sh.run_exec(Simple([], [], []), args)
        return await BUILTINS[args[0]](sh, args)
    return await sh.run_external(Simple([], [], [], sh.line), args, False)


@builtin("exec")
async def b_exec(sh: Shell, argv: list[str]) -> int:
    from .syntax import Simple

    return await sh.run_exec(Simple([], [], []), argv)


# -- where am I --------------------------------------------------------------------------------------------------


@builtin("cd")
async def b_cd(sh: Shell, argv: list[str]) -> int:
    args = argv[1:]
    physical = "P" in sh.opts
    while args and re.fullmatch(r"-[LP]+", args[0]):
        physical = args.pop(0)[-1] == "P"
    if args and args[0] == "--":
        args.pop(0)
    elif args and args[0].startswith("-") and args[0] != "-":
        return invalid(sh, "cd", args[0][:2], "cd [-L|-P] [dir]")
    show = False
    if not args:
        target = sh.get("HOME")
        if target is None:
            sh.builtin_error("cd: HOME not set")
            return 1
    elif args[0] == "-":
        target = sh.get("OLDPWD")
        if not target:
            sh.builtin_error("cd: OLDPWD not set")
            return 1
        show = True
    else:
        target = args[0]
    if target == "":
        return 0
    for base in [""] if target.startswith(("/", "./", "../")) else [*(sh.get("CDPATH") or "").split(":"), ""]:
        full = posixpath.join(sh.cwd, base, target) if base else posixpath.join(sh.cwd, target)
        if base and not sh.fs.isdir(full):
            continue
        return change_directory(sh, full, target, physical, show or bool(base))
    return 1


def change_directory(sh: Shell, full: str, target: str, physical: bool, show: bool) -> int:
    logical = "/" + posixpath.normpath(full).lstrip("/")
    try:
        if sh.fs.stat(full, sh.user).kind != "dir":
            sh.builtin_error(f"cd: {target}: Not a directory")
            return 1
        if not sh.fs.access(full, 1, sh.user):
            sh.builtin_error(f"cd: {target}: Permission denied")
            return 1
    except OSError as err:
        sh.builtin_error(f"cd: {target}: {err.strerror}")
        return 1
    new = sh.fs.realpath(full) if physical or not sh.fs.isdir(logical) else logical
    sh.vars["OLDPWD"] = sh.get("PWD") or sh.cwd
    sh.exported |= {"OLDPWD", "PWD"}
    sh.vars["PWD"] = new
    sh.p.cwd = new
    if show:
        sh.out(new + "\n")
    return 0


@builtin("pwd")
async def b_pwd(sh: Shell, argv: list[str]) -> int:
    physical = "P" in sh.opts
    for arg in argv[1:]:
        if not re.fullmatch(r"-[LP]+", arg):
            if arg.startswith("-"):
                return invalid(sh, "pwd", arg[:2], "pwd [-LP]")
            break
        physical = arg[-1] == "P"
    sh.out((sh.fs.realpath(sh.cwd) if physical else sh.cwd) + "\n")
    return 0


@builtin("pushd", "popd", "dirs")
async def b_dirs(sh: Shell, argv: list[str]) -> int:
    if argv[0] == "pushd":
        if len(argv) < 2:
            if not sh.dirs:
                sh.builtin_error("pushd: no other directory")
                return 1
            target = sh.dirs.pop(0)
        else:
            target = argv[1]
        here = sh.cwd
        status = await b_cd(sh, ["cd", target])
        if status:
            return status
        sh.dirs.insert(0, here)
    elif argv[0] == "popd":
        if not sh.dirs:
            sh.builtin_error("popd: directory stack empty")
            return 1
        status = await b_cd(sh, ["cd", sh.dirs[0]])
        if status:
            return status
        sh.dirs.pop(0)
    elif "-c" in argv:
        sh.dirs.clear()
        return 0
    home = sh.get("HOME") or "/"
    short = [("~" + d[len(home) :] if d == home or d.startswith(home + "/") else d) for d in [sh.cwd, *sh.dirs]]
    sh.out(" ".join(short) + "\n")
    return 0


@builtin("umask")
async def b_umask(sh: Shell, argv: list[str]) -> int:
    args = [a for a in argv[1:] if a not in ("-S", "-p")]
    if args:
        if re.fullmatch(r"[0-7]{1,4}", args[0]):
            sh.umask = int(args[0], 8) & 0o777
            sh.p.umask = sh.umask
            return 0
        from ..commands.modes import parse_mode

        try:
            sh.umask = ~parse_mode(args[0], ~sh.umask & 0o777, True) & 0o777
        except ValueError:
            sh.builtin_error(
                f"umask: {args[0]}: octal number out of range"
                if args[0].isdigit()
                else f"umask: `{args[0][:1]}': invalid symbolic mode character"
            )
            return 1
        sh.p.umask = sh.umask
        return 0
    if "-S" in argv:
        bits = ~sh.umask & 0o777
        sh.out(
            ",".join(
                f"{w}=" + "".join(c for c, b in zip("rwx", (4, 2, 1), strict=True) if bits >> s & b)
                for w, s in (("u", 6), ("g", 3), ("o", 0))
            )
            + "\n"
        )
    else:
        sh.out(f"{'umask ' if '-p' in argv else ''}{sh.umask:04o}\n")
    return 0


# -- variables ---------------------------------------------------------------------------------------------------


def identifier(sh: Shell, name: str, word: str) -> bool:
    if NAME.fullmatch(word):
        return True
    sh.builtin_error(f"{name}: `{word}': not a valid identifier")
    return False


def declared(sh: Shell, name: str) -> str:
    """How `declare -p` shows a variable."""
    value = sh.vars.get(name)
    flags = ("A" if name in sh.assoc else "a" if isinstance(value, dict) else "") + ("i" if name in sh.integer else "")
    flags += ("r" if name in sh.readonly else "") + ("x" if name in sh.exported else "")
    flags = flags or "-"
    if isinstance(value, dict):
        items = value.items() if name in sh.assoc else sorted(value.items())
        inner = " ".join(f'[{k}]="{escape_double(v)}"' for k, v in items)
        return f"declare -{flags} {name}='({inner}{' ' if name in sh.assoc and inner else ''})'"
    return f'declare -{flags} {name}="{escape_double(value)}"' if value is not None else f"declare -{flags} {name}"


def escape_double(text: str) -> str:
    return re.sub(r'([\\"$`])', r"\\\1", text)


@builtin("declare", "typeset", "local", "export", "readonly")
async def b_declare(sh: Shell, argv: list[str], assigns: list[Word]) -> int:
    name = argv[0]
    if name == "local" and not sh.locals:
        sh.builtin_error("local: can only be used in a function")
        return 1
    on, off, args = set(), set(), argv[1:]
    while args and args[0][:1] in "-+" and len(args[0]) > 1 and args[0][0] in "-+":
        flag = args.pop(0)
        if flag == "--":
            break
        (on if flag[0] == "-" else off).update(flag[1:])
        if set(flag[1:]) - set("aAfFgiIlnprtux"):
            return invalid(sh, name, flag[:2], f"{name} [-aAfFilrtux] [-p] [name[=value] ...]")
    on |= {"x"} if name == "export" else {"r"} if name == "readonly" else set()
    if name == "export" and "n" in on:
        off, on = {"x"}, on - {"x", "n"}
    if "f" in on or "F" in on:
        return functions(sh, args, "F" in on)
    if not args and not assigns:
        return list_variables(sh, name, on)
    if "p" in on:
        status = 0
        for arg in args:
            if arg in sh.vars:
                sh.out(declared(sh, arg) + "\n")
            else:
                sh.builtin_error(f"{name}: {arg}: not found")
                status = 1
        return status
    status = 0
    here = sh.locals and (name == "local" or (name in ("declare", "typeset") and "g" not in on))
    for item in [*args, *assigns]:
        word = re.match(r"[^=+\[]*", item.raw if isinstance(item, Word) else item)[0]  # type: ignore[index]
        if not identifier(sh, name, word if word else str(getattr(item, "raw", item))):
            status = 1
            continue
        if here:
            sh.make_local(word)
        if "A" in on:
            sh.assoc.add(word)
            sh.vars.setdefault(word, {})
        if "a" in on and not isinstance(sh.vars.get(word), dict):
            sh.vars[word] = {} if sh.vars.get(word) is None else {0: sh.vars[word]}
        (sh.integer.add if "i" in on else sh.integer.discard if "i" in off else len)(word)
        if isinstance(item, Word):
            try:
                await sh.assign(item)
            except expand.ExpansionError as err:
                sh.builtin_error(f"{name}: {err}")
                status = 1
                continue
        elif here and word not in sh.vars and "A" not in on and "a" not in on:
            sh.vars.pop(word, None)
        (sh.exported.add if "x" in on else sh.exported.discard if "x" in off else len)(word)
        if "r" in on:
            sh.readonly.add(word)
        if "u" in on or "l" in on:
            value = sh.get(word)
            if value is not None:
                sh.vars[word] = value.upper() if "u" in on else value.lower()
    return status


def functions(sh: Shell, args: list[str], names_only: bool) -> int:
    status = 0
    for name in args or sorted(sh.functions):
        if name not in sh.functions:
            status = 1
        elif names_only:
            sh.out(f"{name}\n" if args else f"declare -f {name}\n")
        else:
            sh.out(function_text(sh, name))
    return status


def function_text(sh: Shell, name: str) -> str:
    body = sh.functions[name].data["text"]
    match = re.search(r"\{(.*)\}\s*$", body, re.S)
    lines = [line.strip() for line in (match[1] if match else body).strip().rstrip(";").splitlines()]
    return f"{name} () \n{{ \n" + "\n".join(f"    {line}" for line in lines) + "\n}\n"


def list_variables(sh: Shell, name: str, on: set[str]) -> int:
    for key in sorted(sh.vars):
        if name == "export" and key not in sh.exported:
            continue
        if name == "readonly" and key not in sh.readonly:
            continue
        if name in ("declare", "typeset") and not on:
            sh.out(set_line(sh, key))
        elif name == "local":
            if key in sh.locals[-1]:
                sh.out(set_line(sh, key))
        elif not ("x" in on and key not in sh.exported) and not ("r" in on and key not in sh.readonly):
            sh.out(declared(sh, key) + "\n")
    return 0


def set_line(sh: Shell, name: str) -> str:
    value = sh.vars[name]
    if isinstance(value, dict):
        return declared(sh, name).split(" ", 2)[2].replace("='", "=", 1)[:-1] + "\n"
    return f"{name}={quote_value(value)}\n"


def quote_value(text: str) -> str:
    if text and re.fullmatch(r"[\w@%+=:,./^-]+", text):
        return text
    if not text:
        return ""
    if re.search(r"[\x00-\x1f\x7f]", text):
        out = "".join(
            {"\n": "\\n", "\t": "\\t", "'": "\\'", "\\": "\\\\"}.get(c, f"\\{ord(c):03o}" if ord(c) < 32 else c)
            for c in text
        )
        return f"$'{out}'"
    return expand.shell_quote(text)


@builtin("unset")
async def b_unset(sh: Shell, argv: list[str]) -> int:
    args, kind, status = argv[1:], "", 0
    while args and re.fullmatch(r"-[fv]+", args[0]):
        kind = args.pop(0)[1]
    for name in args:
        match = re.fullmatch(r"([A-Za-z_]\w*)(?:\[(.+)\])?", name)
        if kind != "f" and match is None:
            sh.builtin_error(f"unset: `{name}': not a valid identifier")
            status = 1
            continue
        try:
            if kind == "f" or (kind == "" and name not in sh.vars and name in sh.functions):
                sh.functions.pop(name, None)
            elif match and match[2]:
                store = sh.vars.get(match[1])
                key: Any = match[2] if match[1] in sh.assoc else expand.calculate(sh, match[2])
                if isinstance(store, dict):
                    store.pop(key, None)
            else:
                sh.unset(name)
        except expand.ExpansionError as err:
            sh.builtin_error(f"unset: {name}: cannot unset: {str(err).split(': ')[-1]}")
            status = 1
    return status


@builtin("shift")
async def b_shift(sh: Shell, argv: list[str]) -> int:
    count = int(argv[1]) if len(argv) > 1 and argv[1].isdigit() else 1
    if len(argv) > 1 and not argv[1].isdigit():
        sh.builtin_error(f"shift: {argv[1]}: numeric argument required")
        return 1
    if count > len(sh.params):
        return 1
    del sh.params[:count]
    return 0


@builtin("set")
async def b_set(sh: Shell, argv: list[str]) -> int:
    args = argv[1:]
    if not args:
        for name in sorted(sh.vars):
            sh.out(set_line(sh, name))
        return 0
    while args:
        arg = args[0]
        if arg in ("--", "-"):
            if arg == "-":
                sh.opts -= {"x", "v"}
            sh.params = args[1:] if arg == "--" or args[1:] else sh.params
            return 0
        if arg[0] not in "-+" or len(arg) == 1:
            sh.params = args
            return 0
        args.pop(0)
        for letter in arg[1:]:
            if letter == "o":
                if not args:
                    return list_options(sh, arg[0])
                name = args.pop(0)
                if not set_option(sh, name, arg[0] == "-"):
                    sh.builtin_error(f"set: {name}: invalid option name")
                    return 1
            elif letter in SET_NAMES.values():
                (sh.opts.add if arg[0] == "-" else sh.opts.discard)(letter)
            else:
                return invalid(sh, "set", f"{arg[0]}{letter}", "set [--abefhkmnptuvxBCHP] [-o option-name] [arg ...]")
    return 0


def set_option(sh: Shell, name: str, on: bool) -> bool:
    if name in SET_NAMES:
        (sh.opts.add if on else sh.opts.discard)(SET_NAMES[name])
    elif name in SET_OTHER:
        (sh.shopts.add if on else sh.shopts.discard)(name)
    else:
        return False
    return True


def list_options(sh: Shell, sign: str) -> int:
    for name in sorted([*SET_NAMES, *SET_OTHER]):
        on = SET_NAMES.get(name, "?") in sh.opts or name in sh.shopts
        sh.out(f"{name:<15}\t{'on' if on else 'off'}\n" if sign == "-" else f"set {'-' if on else '+'}o {name}\n")
    return 0


@builtin("shopt")
async def b_shopt(sh: Shell, argv: list[str]) -> int:
    flags, args = set(), argv[1:]
    while args and args[0].startswith("-"):
        flags.update(args.pop(0)[1:])
    if "o" in flags:
        for name in args:
            set_option(sh, name, "s" in flags)
        return 0
    status = 0
    for name in args or SHOPTS:
        if name not in SHOPTS:
            sh.builtin_error(f"shopt: {name}: invalid shell option name")
            status = 1
        elif args and flags & {"s", "u"}:
            (sh.shopts.add if "s" in flags else sh.shopts.discard)(name)
        else:
            on = name in sh.shopts
            if args and not on:
                status = 1
            if "q" not in flags and ("s" not in flags or on) and ("u" not in flags or not on):
                sh.out(
                    f"{name:<15}\t{'on' if on else 'off'}\n"
                    if "p" not in flags
                    else f"shopt -{'s' if on else 'u'} {name}\n"
                )
    return status


@builtin("let")
async def b_let(sh: Shell, argv: list[str]) -> int:
    value = 0
    if len(argv) < 2:
        sh.builtin_error("let: expression expected")
        return 1
    for text in argv[1:]:
        try:
            value = expand.calculate(sh, text)
        except expand.ExpansionError as err:
            sh.builtin_error(f"let: {err}")
            return 1
    return int(value == 0)


@builtin("getopts")
async def b_getopts(sh: Shell, argv: list[str]) -> int:
    if len(argv) < 3:
        sh.raw_error("getopts: usage: getopts optstring name [arg]\n")
        return 2
    spec, name, args = argv[1], argv[2], argv[3:] or sh.params
    index = int(sh.get("OPTIND") or 1)
    offset = getattr(sh, "_opt_offset", 1) if getattr(sh, "_opt_index", 0) == index else 1
    silent = spec.startswith(":")
    sh.vars.pop("OPTARG", None)

    def finish(next_index: int, next_offset: int, value: str, status: int = 0) -> int:
        sh.vars["OPTIND"] = str(next_index)
        sh._opt_index, sh._opt_offset = next_index, next_offset  # type: ignore[attr-defined]
        sh.set(name, value)
        return status

    if index > len(args) or not args[index - 1].startswith("-") or args[index - 1] == "-":
        return finish(index, 1, "?", 1)
    if args[index - 1] == "--":
        return finish(index + 1, 1, "?", 1)
    text = args[index - 1]
    letter = text[offset]
    after = (index, offset + 1) if offset + 1 < len(text) else (index + 1, 1)
    at = spec.find(letter) if letter != ":" else -1
    if at < 0:
        if silent:
            sh.vars["OPTARG"] = letter
        else:
            sh.raw_error(f"{sh.arg0}: illegal option -- {letter}\n")
        return finish(*after, "?")
    if spec[at + 1 : at + 2] == ":":
        if offset + 1 < len(text):
            sh.vars["OPTARG"] = text[offset + 1 :]
            return finish(index + 1, 1, letter)
        if index < len(args):
            sh.vars["OPTARG"] = args[index]
            return finish(index + 2, 1, letter)
        if silent:
            sh.vars["OPTARG"] = letter
            return finish(index + 1, 1, ":")
        sh.raw_error(f"{sh.arg0}: option requires an argument -- {letter}\n")
        return finish(index + 1, 1, "?")
    return finish(*after, letter)


@builtin("read")
async def b_read(sh: Shell, argv: list[str]) -> int:
    args, raw, prompt, delimiter, limit, timeout, array, fd, silent = (
        argv[1:],
        False,
        "",
        "\n",
        None,
        None,
        None,
        0,
        False,
    )
    while args and args[0].startswith("-") and len(args[0]) > 1:
        flag = args.pop(0)
        if flag == "--":
            break
        letters = flag[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter == "r":
                raw = True
            elif letter == "s":
                silent = True
            elif letter == "e":
                pass
            elif letter in "pdnNtaui":
                value = letters or (args.pop(0) if args else "")
                letters = ""
                if letter == "p":
                    prompt = value
                elif letter == "d":
                    delimiter = value[:1] or "\0"
                elif letter in "nN":
                    limit = int(value)
                elif letter == "t":
                    timeout = float(value)
                elif letter == "a":
                    array = value
                elif letter == "u":
                    fd = int(value)
            else:
                return invalid(
                    sh,
                    "read",
                    f"-{letter}",
                    "read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t "
                    "timeout] [-u fd] [name ...]",
                )
    stream = sh.fds.get(fd, Bad())
    if prompt and stream.isatty():
        sh.raw_error(prompt)
    try:
        reading = read_until(stream, delimiter.encode(), limit, raw, sh if stream.isatty() else None, silent)
        data, complete = await (asyncio.wait_for(reading, timeout) if timeout else reading)
    except TimeoutError:
        return 142
    except OSError as err:
        where = "read error: 0" if fd == 0 else f"{fd}: invalid file descriptor"
        sh.builtin_error(f"read: {where}: {err.strerror}")
        return 1
    text = data.decode("utf-8", "surrogateescape").replace("\0", "")
    for name in args or ["REPLY"]:
        if not identifier(sh, "read", name):
            return 1
    assign_read(sh, text, args, array, raw)
    return 0 if complete else 1


async def read_until(
    stream: Any, delimiter: bytes, limit: int | None, raw: bool, sh: Any, silent: bool
) -> tuple[bytes, bool]:
    """(bytes without the delimiter, whether it was found). A backslash joins lines unless raw."""
    if silent and sh is not None and sh.p.tty is not None:
        text = await sh.p.tty.ask("", False)
        return text.encode("utf-8", "surrogateescape"), True
    if delimiter == b"\n" and limit is None:
        line = await stream.readline()
        while not raw and re.search(rb"(?<!\\)(?:\\\\)*\\\n$", line):
            more = await stream.readline()
            line = line[:-2] + more
            if not more:
                break
        return (line[:-1], True) if line.endswith(b"\n") else (line, False)
    out = b""
    while limit is None or len(out.decode("utf-8", "ignore")) < limit:
        char = await stream.read(1)
        if not char:
            return out, False
        if char == delimiter and limit is None or char == delimiter == b"\n":
            return out, True
        out += char
    return out, True


def assign_read(sh: Shell, text: str, names: list[str], array: str | None, raw: bool) -> None:
    ifs = sh.get("IFS")
    ifs = " \t\n" if ifs is None else ifs
    chars: list[tuple[str, bool]] = []  # (character, escaped)
    pos = 0
    while pos < len(text):
        if text[pos] == "\\" and not raw:
            pos += 1
            if pos < len(text):
                chars.append((text[pos], True))
        else:
            chars.append((text[pos], False))
        pos += 1
    if not names and array is None:
        sh.set("REPLY", "".join(c for c, _ in chars))
        return
    blanks = set(ifs) & set(" \t\n")

    def is_blank(item: tuple[str, bool]) -> bool:
        return item[0] in blanks and not item[1]

    while chars and is_blank(chars[0]):
        chars.pop(0)
    while chars and is_blank(chars[-1]):
        chars.pop()
    fields: list[str] = []
    wanted = None if array is not None else len(names)
    while chars:
        if wanted is not None and len(fields) == wanted - 1:
            rest = "".join(c for c, _ in chars)
            others = [c for c in ifs if c not in blanks]
            if len(rest) > 1 and rest[-1] in others and not any(c in rest[:-1] for c in others) and not chars[-1][1]:
                rest = rest[:-1]
            elif rest and len(rest) == 1 and rest in others:
                rest = ""
            fields.append(rest)
            break
        field = ""
        while chars and not (chars[0][0] in ifs and not chars[0][1]):
            field += chars.pop(0)[0]
        fields.append(field)
        while chars and is_blank(chars[0]):
            chars.pop(0)
        if chars and chars[0][0] in ifs and not chars[0][1]:
            chars.pop(0)
            while chars and is_blank(chars[0]):
                chars.pop(0)
    if array is not None:
        sh.vars[array] = dict(enumerate(fields))
        return
    for number, name in enumerate(names):
        sh.set(name, fields[number] if number < len(fields) else "")


@builtin("mapfile", "readarray")
async def b_mapfile(sh: Shell, argv: list[str]) -> int:
    args, strip, skip, count = argv[1:], False, 0, 0
    while args and args[0].startswith("-"):
        flag = args.pop(0)
        if flag == "-t":
            strip = True
        elif flag[:2] in ("-s", "-n"):
            value = int(flag[2:] or args.pop(0))
            skip, count = (value, count) if flag[1] == "s" else (skip, value)
    lines: dict[int, str] = {}
    while line := await sh.fds.get(0, Bad()).readline():
        if skip:
            skip -= 1
            continue
        text = line.decode("utf-8", "surrogateescape")
        lines[len(lines)] = text[:-1] if strip and text.endswith("\n") else text
        if count and len(lines) == count:
            break
    sh.vars[args[0] if args else "MAPFILE"] = lines
    return 0


# -- saying ------------------------------------------------------------------------------------------------------


def echo_text(args: list[str]) -> str:
    """What echo prints for its arguments (-n, -e, -E as in bash)."""
    newline, escapes = True, False
    while args and re.fullmatch(r"-[neE]+", args[0]):
        for letter in args[0][1:]:
            newline = newline and letter != "n"
            escapes = letter == "e" if letter in "eE" else escapes
        args = args[1:]
    text = " ".join(args)
    if escapes:
        text, stopped = unescape(text, octal_zero=True)
        newline = newline and not stopped
    return text + ("\n" if newline else "")


ESCAPE = re.compile(r"\\(?:([abcefnrtv\\])|(0[0-7]{0,3})|([1-7][0-7]{0,2})|x([0-9a-fA-F]{1,2}))")
PLAIN = {"a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}


def unescape(text: str, octal_zero: bool) -> tuple[str, bool]:
    r"""Backslash escapes of echo -e (octal as \0nnn) and printf (\nnn); (text, whether \c ended it)."""
    out, pos = [], 0
    for match in ESCAPE.finditer(text):
        if match[3] and octal_zero:
            continue
        out.append(text[pos : match.start()])
        pos = match.end()
        if match[1] == "c":
            return "".join(out), True
        if match[1]:
            out.append(PLAIN[match[1]])
        else:
            octal = match[2] or match[3]
            if match[2] and not octal_zero and len(match[2]) == 4:
                octal, pos = match[2][:3], pos - 1
            value = int(match[4], 16) if match[4] else int(octal, 8) & 255
            out.append(
                bytes([value]).decode("latin-1") if value < 128 else bytes([value]).decode("utf-8", "surrogateescape")
            )
    out.append(text[pos:])
    joined = "".join(out)
    return joined.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape"), False


@builtin("echo")
async def b_echo(sh: Shell, argv: list[str]) -> int:
    sh.out(echo_text(argv[1:]))
    return 0


@builtin("printf")
async def b_printf(sh: Shell, argv: list[str]) -> int:
    from .printf import format_all

    args, target = argv[1:], None
    if args[:1] == ["-v"] and len(args) > 1:
        target, args = args[1], args[2:]
    if args[:1] == ["--"]:
        args = args[1:]
    if not args:
        sh.raw_error("printf: usage: printf [-v var] format [arguments]\n")
        return 2
    text, errors = format_all(args[0], args[1:])
    for message in errors:
        sh.builtin_error(f"printf: {message}")
    if target is not None:
        sh.set(target, text)
    else:
        sh.out(text)
    return 1 if errors else 0


@builtin("test", "[")
async def b_test(sh: Shell, argv: list[str]) -> int:
    args = argv[1:]
    if argv[0] == "[":
        if not args or args[-1] != "]":
            sh.builtin_error("[: missing `]'")
            return 2
        args = args[:-1]
    context = testing.Context(sh.fs, sh.cwd, sh.user, sh.fds, sh, sh.p.node)
    try:
        return int(not testing.test(context, args))
    except testing.TestError as err:
        sh.builtin_error(f"{argv[0]}: {err}")
        return 2


@builtin("help")
async def b_help(sh: Shell, argv: list[str]) -> int:
    sh.out(f"GNU bash, version 4.1.2(1)-release (x86_64-redhat-linux-gnu)\nBuiltins: {' '.join(sorted(BUILTINS))}\n")
    return 0


# -- names -------------------------------------------------------------------------------------------------------


@builtin("alias")
async def b_alias(sh: Shell, argv: list[str]) -> int:
    args = [a for a in argv[1:] if a != "-p"]
    status = 0
    for arg in args or [f"{n}" for n in sorted(sh.aliases)]:
        name, equals, value = arg.partition("=")
        if equals and name:
            sh.aliases[name] = value
        elif name in sh.aliases:
            sh.out(f"alias {name}={expand.shell_quote(sh.aliases[name])}\n")
        else:
            sh.builtin_error(f"alias: {arg}: not found")
            status = 1
    return status


@builtin("unalias")
async def b_unalias(sh: Shell, argv: list[str]) -> int:
    if "-a" in argv:
        sh.aliases.clear()
        return 0
    status = 0
    for name in argv[1:]:
        if sh.aliases.pop(name, None) is None:
            sh.builtin_error(f"unalias: {name}: not found")
            status = 1
    return status


def explain(sh: Shell, name: str, short: bool = False, kind: bool = False, path_only: bool = False) -> bool:
    """type, command -v and -V for one name."""
    from .syntax import RESERVED

    def say(long: str, brief: str, word: str) -> bool:
        if not path_only:
            sh.out((word if kind else brief if short else long) + "\n")
        return True

    if (sh.interactive or "expand_aliases" in sh.shopts) and name in sh.aliases:
        value = sh.aliases[name]
        return say(f"{name} is aliased to `{value}'", f"alias {name}={expand.shell_quote(value)}", "alias")
    if name in RESERVED:
        return say(f"{name} is a shell keyword", name, "keyword")
    if name in sh.functions:
        return say(f"{name} is a function\n{function_text(sh, name).rstrip()}", name, "function")
    if name in BUILTINS:
        return say(f"{name} is a shell builtin", name, "builtin")
    path = sh.find(name, sh.get("PATH") or "")
    if path and "/" in name:
        full = posixpath.join(sh.cwd, name)
        path = path if sh.fs.isfile(full) and sh.fs.access(full, 1, sh.user) else None
    if path:
        sh.out((path if short or path_only else "file" if kind else f"{name} is {path}") + "\n")
        return True
    return False


@builtin("type")
async def b_type(sh: Shell, argv: list[str]) -> int:
    args, flags = argv[1:], set()
    while args and args[0].startswith("-") and len(args[0]) > 1:
        flags.update(args.pop(0)[1:])
    status = 0
    for name in args:
        if "P" in flags or ("a" in flags and "t" not in flags and "p" not in flags):
            found = "P" not in flags and explain(sh, name)
            paths = sh.machine.which(name, sh.get("PATH") or "", sh.cwd, sh.user, True)
            for path in paths[:1] if "P" in flags else paths[0 if name in BUILTINS or name in sh.aliases else 1 :]:
                sh.out(f"{path}\n" if "P" in flags else f"{name} is {path}\n")
            if not found and not paths:
                status = 1
                if "P" not in flags:
                    sh.builtin_error(f"type: {name}: not found")
        elif not explain(sh, name, kind="t" in flags, path_only="p" in flags):
            status = 1
            if not flags & {"t", "p"}:
                sh.builtin_error(f"type: {name}: not found")
    return status


@builtin("hash")
async def b_hash(sh: Shell, argv: list[str]) -> int:
    status = 0
    for name in [a for a in argv[1:] if not a.startswith("-")]:
        if name not in BUILTINS and not sh.find(name, sh.get("PATH") or ""):
            sh.builtin_error(f"hash: {name}: not found")
            status = 1
    if len(argv) == 1:
        sh.out("hash: hash table empty\n")
    return status


@builtin("enable", "complete", "compgen", "compopt", "bind", "caller", "suspend")
async def b_ignored(sh: Shell, argv: list[str]) -> int:
    return 0


# -- jobs and signals --------------------------------------------------------------------------------------------


def find_job(sh: Shell, text: str) -> Job | None:
    live = list(sh.jobs)
    if text in ("%", "%%", "%+", ""):
        return live[-1] if live else None
    if text == "%-":
        return live[-2] if len(live) > 1 else live[-1] if live else None
    if text.startswith("%") and text[1:].isdigit():
        return next((j for j in live if j.number == int(text[1:])), None)
    if text.startswith("%?"):
        return next((j for j in live if text[2:] in j.text), None)
    if text.startswith("%"):
        return next((j for j in live if j.text.startswith(text[1:])), None)
    return None


def job_line(sh: Shell, job: Job, long: bool = False) -> str:
    mark = "+" if sh.jobs and job is sh.jobs[-1] else "-" if len(sh.jobs) > 1 and job is sh.jobs[-2] else " "
    status = job.status
    if status is None:
        state, tail = "Running", " &"
    else:
        signal = job.entries[-1].signal
        from ..machine import DEATH

        state = DEATH.get(signal) or ("Done" if status == 0 else f"Exit {status}")
        tail = ""
    pid = f"{job.entries[0].pid} " if long else ""
    return f"[{job.number}]{mark}  {pid}{state:<24}{job.text}{tail}\n"


@builtin("jobs")
async def b_jobs(sh: Shell, argv: list[str]) -> int:
    flags = "".join(a[1:] for a in argv[1:] if a.startswith("-"))
    for job in list(sh.jobs):
        if "p" in flags:
            sh.out(f"{job.entries[0].pid}\n")
        elif not ("r" in flags and job.status is not None):
            sh.out(job_line(sh, job, "l" in flags))
        if job.status is not None:
            sh.jobs.remove(job)
    return 0


@builtin("wait")
async def b_wait(sh: Shell, argv: list[str]) -> int:
    sh.waiting = asyncio.Event()
    if sh.pending:
        sh.waiting.set()
    try:
        if len(argv) == 1:
            for job in list(sh.jobs):
                for entry in job.entries:
                    if await interrupted(sh, entry):
                        return 128 + SIGNALS.get(sh.pending[0], 0) if sh.pending else 129
                if job in sh.jobs:
                    sh.jobs.remove(job)
            return 0
        status = 0
        for text in argv[1:]:
            if text.startswith("%"):
                job = find_job(sh, text)
            elif text.isdigit():
                job = next((j for j in sh.jobs if any(e.pid == int(text) for e in j.entries)), None)
            else:
                sh.builtin_error(f"wait: `{text}': not a pid or valid job spec")
                status = 1
                continue
            if job is None:
                gone = getattr(sh, "_gone", {})
                if text.isdigit() and int(text) in gone:
                    status = gone[int(text)]
                    continue
                words = (
                    f"wait: {text}: no such job"
                    if text.startswith("%")
                    else f"wait: pid {text} is not a child of this shell"
                )
                sh.builtin_error(words)
                status = 127
                continue
            if await interrupted(sh, job.entries[-1]):
                return 128 + SIGNALS.get(sh.pending[0], 0) if sh.pending else 129
            status = job.status or 0
            remember(sh, job)
        return status
    finally:
        sh.waiting = None


def remember(sh: Shell, job: Job) -> None:
    """A job that was waited for leaves the table; its status stays known."""
    gone = getattr(sh, "_gone", {})
    gone[job.entries[-1].pid] = job.status or 0
    sh._gone = gone  # type: ignore[attr-defined]
    if job in sh.jobs:
        sh.jobs.remove(job)


async def interrupted(sh: Shell, entry: Any) -> bool:
    """Wait for a process; True when a trapped signal came first."""
    over = asyncio.ensure_future(entry.over.wait())
    signal = asyncio.ensure_future(sh.waiting.wait())  # type: ignore[union-attr]
    try:
        await asyncio.wait({over, signal}, return_when=asyncio.FIRST_COMPLETED)
        return not entry.over.is_set()
    finally:
        over.cancel()
        signal.cancel()


@builtin("fg", "bg")
async def b_fg(sh: Shell, argv: list[str]) -> int:
    if "m" not in sh.opts:
        sh.builtin_error(f"{argv[0]}: no job control")
        return 1
    text = argv[1] if len(argv) > 1 else ""
    job = find_job(sh, text if text.startswith("%") or not text else "%" + text)
    if job is None:
        sh.builtin_error(f"{argv[0]}: {text or 'current'}: no such job")
        return 1
    if argv[0] == "bg":
        sh.builtin_error(f"bg: job {job.number} already in background")
        return 0
    sh.out(job.text + "\n")
    await sh.foreground(job.entries)
    if job in sh.jobs:
        sh.jobs.remove(job)
    return job.status or 0


@builtin("disown")
async def b_disown(sh: Shell, argv: list[str]) -> int:
    flags = "".join(a[1:] for a in argv[1:] if a.startswith("-"))
    names = [a for a in argv[1:] if not a.startswith("-")]
    if names:
        chosen = [
            find_job(sh, n) or next((j for j in sh.jobs if n.isdigit() and j.entries[-1].pid == int(n)), None)
            for n in names
        ]
    else:
        chosen = list(sh.jobs) if "a" in flags else [find_job(sh, "%%")]
    for name, job in zip(names or chosen, chosen, strict=True):
        if job is None:
            sh.builtin_error(f"disown: {name if name else 'current'}: no such job")
            return 1
        job.nohup = True
        if "h" not in flags:
            sh.jobs.remove(job)
    return 0


def signal_number(text: str) -> int | None:
    """TERM, SIGTERM, 15, EXIT."""
    if text.isdigit():
        return int(text) if int(text) <= 64 else None
    name = text.upper().removeprefix("SIG")
    return 0 if name == "EXIT" else SIGNALS.get(name)


@builtin("kill")
async def b_kill(sh: Shell, argv: list[str]) -> int:
    args, signal = argv[1:], 15
    if args and args[0] in ("-l", "-L"):
        return list_signals(sh, args[1:])
    if args and args[0] in ("-s", "-n") and len(args) > 1:
        number = signal_number(args[1])
        if number is None:
            sh.builtin_error(f"kill: {args[1]}: invalid signal specification")
            return 1
        signal, args = number, args[2:]
    elif args and args[0].startswith("-") and args[0] != "--" and len(args[0]) > 1:
        number = signal_number(args[0][1:])
        if number is None:
            sh.builtin_error(f"kill: {args[0][1:]}: invalid signal specification")
            return 1
        signal, args = number, args[1:]
    if args and args[0] == "--":
        args = args[1:]
    if not args:
        sh.raw_error("kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]\n")
        return 2
    status = 0
    for text in args:
        if text.startswith("%"):
            job = find_job(sh, text)
            if job is None:
                sh.builtin_error(f"kill: {text}: no such job")
                status = 1
            elif job.pgid != sh.entry.pgid:
                sh.machine.kill_group(job.pgid, signal)
            else:
                for entry in job.entries:
                    sh.machine.kill(entry.pid, signal)
        elif not re.fullmatch(r"-?\d+", text):
            sh.builtin_error(f"kill: {text}: arguments must be process or job IDs")
            status = 1
        else:
            message = send_signal(sh.machine, sh.user, int(text), signal)
            if message:
                sh.builtin_error(f"kill: ({text}) - {message}")
                status = 1
    await asyncio.sleep(0)
    return status


def send_signal(machine: Any, user: str, pid: int, signal: int) -> str:
    """Signal a process, or a group when negative; the error text or ""."""
    if pid < 0:
        return "" if machine.kill_group(-pid, signal) else "No such process"
    entry = machine.procs.get(pid)
    if entry is None and machine.kill_service(pid, 0) and user != "root":
        return "Operation not permitted"
    if entry is not None and user != "root" and entry.process.user != user:
        return "Operation not permitted"
    return "" if machine.kill(pid, signal) else "No such process"


def list_signals(sh: Shell, args: list[str]) -> int:
    if args:
        for text in args:
            number = signal_number(text)
            if number is None:
                sh.builtin_error(f"kill: {text}: invalid signal specification")
                return 1
            if text.isdigit():
                sh.out(SIGNAL_NAMES.get(number - 128 if number > 128 else number, str(number)) + "\n")
            else:
                sh.out(f"{number}\n")
        return 0
    names = [f"{n:2d}) SIG{SIGNAL_NAMES[n]}" for n in sorted(SIGNAL_NAMES)]
    for start in range(0, len(names), 5):
        sh.out("\t".join(f"{n}" for n in names[start : start + 5]) + "\n")
    return 0


@builtin("trap")
async def b_trap(sh: Shell, argv: list[str]) -> int:
    args = argv[1:]
    if args[:1] == ["-l"]:
        return list_signals(sh, [])
    if args[:1] == ["--"]:
        args = args[1:]
    if not args or args[0] == "-p":
        order = {n: i for i, n in enumerate(["EXIT", *SIGNALS, "DEBUG", "ERR", "RETURN"])}
        wanted = [trap_name(a) for a in args[1:]]
        for name in sorted(sh.traps, key=lambda n: order.get(n, 99)):
            if not wanted or name in wanted:
                shown = name if name in ("EXIT", "ERR", "DEBUG", "RETURN") else f"SIG{name}"
                sh.out(f"trap -- {expand.shell_quote(sh.traps[name])} {shown}\n")
        return 0
    if len(args) == 1:
        action, names = "-", args
        if trap_name(args[0]) is None:
            sh.raw_error("trap: usage: trap [-lp] [[arg] signal_spec ...]\n")
            return 2
    elif args[0].isdigit() and trap_name(args[0]):
        action, names = "-", args
    else:
        action, names = args[0], args[1:]
    status = 0
    for text in names:
        name = trap_name(text)
        if name is None:
            sh.builtin_error(f"trap: {text}: invalid signal specification")
            status = 1
        elif action == "-":
            sh.traps.pop(name, None)
        else:
            sh.traps[name] = action
        if name and name in SIGNALS and "entry" in sh.p.extra:
            (sh.entry.ignored.add if action == "" else sh.entry.ignored.discard)(SIGNALS[name])
    return status


def trap_name(text: str) -> str | None:
    if text in ("0", "EXIT", "exit"):
        return "EXIT"
    name = text.upper().removeprefix("SIG")
    if name in ("ERR", "DEBUG", "RETURN"):
        return name
    number = signal_number(text)
    return SIGNAL_NAMES.get(number) if number else None


# -- the rest ----------------------------------------------------------------------------------------------------


@builtin("times")
async def b_times(sh: Shell, argv: list[str]) -> int:
    sh.out("0m0.000s 0m0.000s\n0m0.000s 0m0.000s\n")
    return 0


LIMITS = {
    "c": ("core file size", "(blocks, -c)", "0"), "d": ("data seg size", "(kbytes, -d)", "unlimited"),
    "e": ("scheduling priority", "(-e)", "0"), "f": ("file size", "(blocks, -f)", "unlimited"),
    "i": ("pending signals", "(-i)", "63529"), "l": ("max locked memory", "(kbytes, -l)", "64"),
    "m": ("max memory size", "(kbytes, -m)", "unlimited"), "n": ("open files", "(-n)", "1024"),
    "p": ("pipe size", "(512 bytes, -p)", "8"), "q": ("POSIX message queues", "(bytes, -q)", "819200"),
    "r": ("real-time priority", "(-r)", "0"), "s": ("stack size", "(kbytes, -s)", "10240"),
    "t": ("cpu time", "(seconds, -t)", "unlimited"), "u": ("max user processes", "(-u)", "63529"),
    "v": ("virtual memory", "(kbytes, -v)", "unlimited"), "x": ("file locks", "(-x)", "unlimited"),
}  # fmt: skip


@builtin("ulimit")
async def b_ulimit(sh: Shell, argv: list[str]) -> int:
    limits = sh.p.extra.setdefault("ulimit", {})
    flags = "".join(a[1:] for a in argv[1:] if a.startswith("-"))
    values = [a for a in argv[1:] if not a.startswith("-")]
    letters = [f for f in flags if f in LIMITS] or ["f"]
    if "a" in flags:
        for letter, (name, unit, value) in LIMITS.items():
            sh.out(f"{name:<20} {unit:>15} {limits.get(letter, value)}\n")
        return 0
    for letter in letters:
        if values:
            limits[letter] = values[0]
        else:
            sh.out(limits.get(letter, LIMITS[letter][2]) + "\n")
    return 0


@builtin("history")
async def b_history(sh: Shell, argv: list[str]) -> int:
    if "-c" in argv:
        sh.history.clear()
        return 0
    count = int(argv[1]) if len(argv) > 1 and argv[1].isdigit() else len(sh.history)
    start = max(0, len(sh.history) - count)
    for number, line in enumerate(sh.history[start:], start + 1):
        sh.out(f"{number:5d}  {line}\n")
    return 0


@builtin("fc")
async def b_fc(sh: Shell, argv: list[str]) -> int:
    for number, line in list(enumerate(sh.history, 1))[-16:]:
        sh.out(f"{number}\t {line}\n")
    return 0


def seconds_since(start: float) -> float:
    return time.time() - start
