"""Writes locales/: names, tooltips and menus of all nodes in English, Chinese and Japanese, as ComfyUI reads them.

English comes from the nodes' schemas; the others from the tables in development/translations, whose keys are the
English words, so that a sentence that changes has no translation until somebody gives it one and stays English.

python development/locales.py            writes them
python development/locales.py --check    says what is missing, not used any more or not as written, and exits with 1
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from help_pages import FOUND_ON_DISK, ROOT, schemas

LOCALES = ROOT / "locales"
TABLES = Path(__file__).with_name("translations")
LANGUAGES = ("zh", "ja")
KINDS = ("nodes", "menus", "names", "options", "texts")
FOLDER, NAME = "sam3d-geometry", "SAM3D Geometry"  # the pack's, over its templates
SPECIAL = "{}@|"  # the page's messages have a syntax, in which these mean something
OWN = "sam3d_geometry"  # under this key our own scripts find the words of menus, for which ComfyUI has no place
# options that are names of formats, programs, color tables and models
NAMES = frozenset({
    "fp32", "fp16", "bf16", "opengl", "directx", "controlnet", "magma", "viridis", "plasma", "inferno", "turbo",
    "cividis", "spectral", "da3-metric", "glb", "ply", "obj", "gltf", "blender", "unreal", "unity", "splat", "spz",
    "pycolmap", "3mf", "stl", "json", "chan", "bvh", "npz", "mhr", "mixamo", "vrm", "rigify", "unity humanoid",
})  # fmt: skip
FIXED = ("auto", "built-in preview", "path", "example mannequins", "example walk")  # in menus of what a disk has


@dataclass
class Words:
    """The words of one language by the English ones, and which were asked for and which were not there."""

    table: dict[str, dict[str, str]] | None = None  # None: English itself
    missing: list[str] = field(default_factory=list)
    used: set[tuple[str, str]] = field(default_factory=set)

    def of(self, kind: str, english: str) -> str | None:
        """None where there is no translation, or no word that the page could show."""
        if self.table is None:
            return None if any(sign in english for sign in SPECIAL) else english
        self.used.add((kind, english))
        if english not in self.table[kind]:
            self.missing.append(f"{kind}: {english}")
        return self.table[kind].get(english)

    def unused(self) -> list[str]:
        """Lines of the table that no node asks for."""
        given = ((kind, english) for kind, words in (self.table or {}).items() for english in words)
        return [f"{kind}: {english}" for kind, english in given if (kind, english) not in self.used]


def table_of(language: str) -> dict[str, dict[str, str]]:
    """The translations of one language: kind -> English -> word."""
    return json.loads((TABLES / f"{language}.json").read_text(encoding="utf-8"))


def _entry(words: Words, name: str, tooltip: str | None) -> dict[str, str]:
    said = {"name": words.of("names", name), "tooltip": words.of("texts", tooltip) if tooltip else None}
    return {key: word for key, word in said.items() if word is not None}


def node_of(words: Words, schema: Any) -> dict[str, Any]:
    """What nodeDefs.json says of one node."""
    inputs = {given.id: _entry(words, given.id, given.tooltip) for given in schema.inputs}
    outputs = {str(i): _entry(words, given.display_name, given.tooltip) for i, given in enumerate(schema.outputs)}
    node = {
        "display_name": words.of("nodes", schema.display_name),
        "description": words.of("texts", schema.description),
        "inputs": inputs,
        "outputs": outputs,
    }
    return {key: said for key, said in node.items() if said}


def options_of(all_schemas: list[Any]) -> list[str]:
    """The words in the nodes' menus, in their order, without names and what was found on a disk."""
    menus = (given for schema in all_schemas for given in schema.inputs if getattr(given, "options", None))
    words = (option for given in menus if given.id not in FOUND_ON_DISK for option in map(str, given.options))
    return [option for option in dict.fromkeys([*words, *FIXED]) if option not in NAMES]


def files_of(words: Words, all_schemas: list[Any]) -> dict[str, dict[str, Any]]:
    """What the two files of one language hold, by their names."""
    menus = dict.fromkeys(part for schema in all_schemas for part in schema.category.split("/"))
    main: dict[str, Any] = {
        "nodeCategories": {menu: words.of("menus", menu) for menu in menus},
        "templateWorkflows": {"category": {FOLDER: NAME}},
    }
    if words.table is not None:
        main[OWN] = {"options": {option: words.of("options", option) for option in options_of(all_schemas)}}
    return {
        "main.json": main,
        "nodeDefs.json": {schema.node_id: node_of(words, schema) for schema in all_schemas},
    }


def text_of(content: dict[str, Any]) -> str:
    """JSON with one entry of the top a line."""
    lines = (f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in content.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check, found = parser.parse_args().check, []
    all_schemas = schemas()
    for language in ("en", *LANGUAGES):
        words = Words(None if language == "en" else table_of(language))
        for name, content in files_of(words, all_schemas).items():
            path = LOCALES / language / name
            text = text_of(content)
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                found.append(f"{language}/{name} {'differs' if check else 'written'}")
                if not check:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(text, encoding="utf-8")
        found += [f"{language}: no translation of {line}" for line in words.missing]
        found += [f"{language}: no node says {line}" for line in words.unused()]
    print("\n".join(found) or "All locales are true.")
    return int(check and bool(found))


if __name__ == "__main__":
    sys.exit(main())
