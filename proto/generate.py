"""Generate the Python code of the .proto files, or check that the committed code is current.

`python proto/generate.py` rewrites `proto/gen`; `--check` generates into a temporary folder, names
every file that differs and exits 1. What comes out depends on the sources and the locked compiler
alone, so the same sources give the same bytes on every machine.
"""

import filecmp
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path

import grpc_tools
from grpc_tools import protoc

HERE = Path(__file__).resolve().parent
GENERATED = HERE / "gen"
PLUGINS = ("protoc-gen-mypy", "protoc-gen-mypy_grpc")
WELL_KNOWN = Path(grpc_tools.__file__).parent / "_proto"


class GenerationError(Exception):
    """Say that the compiler refused the sources; its own message is on standard error."""


def generate(target: Path) -> None:
    """Write messages, stubs and gRPC code of every source below `target`, as importable packages.

    Raises:
        GenerationError: the compiler refused a source.
    """
    sources = sorted(
        path.relative_to(HERE).as_posix() for path in (HERE / "seatline").rglob("*.proto")
    )
    services = [name for name in sources if "\nservice " in (HERE / name).read_text("utf-8")]
    _compile([f"--python_out={target}", f"--mypy_out=quiet:{target}"], sources)
    if services:
        _compile([f"--grpc_python_out={target}", f"--mypy_grpc_out=quiet:{target}"], services)
    folders = [target / "seatline", *(p for p in (target / "seatline").rglob("*") if p.is_dir())]
    for folder in folders:
        (folder / "__init__.py").touch()
    (target / "seatline" / "py.typed").touch()


def _compile(outputs: list[str], sources: list[str]) -> None:
    # The plugins are those locked beside this Python, whatever else the search path holds.
    scripts = Path(sysconfig.get_path("scripts"))
    plugins = [f"--plugin={name}={scripts / name}" for name in PLUGINS]
    roots = [f"--proto_path={HERE}", f"--proto_path={WELL_KNOWN}"]
    if protoc.main(["protoc", *roots, *plugins, *outputs, *sources]) != 0:
        message = f"protoc refused {', '.join(sources)}; its message is above"
        raise GenerationError(message)


def differences(expected: Path, found: Path) -> list[str]:
    """List what a regeneration would change, one line each, in order."""
    paths = {
        path.relative_to(root)
        for root in (expected, found)
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    return [line for path in sorted(paths) if (line := _difference(expected, found, path))]


def _difference(expected: Path, found: Path, path: Path) -> str:
    if not (found / path).exists():
        return f"missing: {path}"
    if not (expected / path).exists():
        return f"left over: {path}"
    same = filecmp.cmp(expected / path, found / path, shallow=False)
    return "" if same else f"out of date: {path}"


def install(fresh: Path) -> None:
    """Make `proto/gen` equal to `fresh`, touching only what differs: others may be importing it."""
    for path in sorted(fresh.rglob("*")):
        target = GENERATED / path.relative_to(fresh)
        if path.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        elif not target.exists() or not filecmp.cmp(path, target, shallow=False):
            shutil.copy(path, target)
    for path in sorted(GENERATED.rglob("*"), reverse=True):
        if (fresh / path.relative_to(GENERATED)).exists():
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def main(arguments: list[str]) -> int:
    """Rewrite the generated code, or check it; return the exit code."""
    if arguments not in ([], ["--check"]):
        print("usage: generate.py [--check]", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="seatline-proto-") as folder:
        fresh = Path(folder) / "gen"
        fresh.mkdir()
        try:
            generate(fresh)
        except GenerationError as error:
            print(error, file=sys.stderr)
            return 2
        if arguments == ["--check"]:
            changed = differences(fresh, GENERATED)
            for line in changed:
                print(f"proto/gen: {line}; run `make proto`", file=sys.stderr)
            return 1 if changed else 0
        install(fresh)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
