"""Builds the Blender extension as a zip, and checks its manifest by the rules that Blender publishes, without Blender.

python dev.py blender      writes blender/sam3d_geometry_import-VERSION.zip

Rules: Blender's manual, Extensions > Getting Started. Python 3.11 or newer, or tomli.
"""

from __future__ import annotations

import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10, where pytest brings the same by this name
    import tomli as tomllib

FOLDER = Path(__file__).resolve().parents[1] / "blender" / "sam3d_geometry_import"
MANIFEST = "blender_manifest.toml"
SEMANTIC = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-[\w.-]+)?(?:\+[\w.-]+)?")
OLDEST_BLENDER = (4, 2, 0)  # the first with extensions
LONGEST_SENTENCE = 64  # of a tagline or of a reason for a permission
LICENSE = "SPDX:GPL-3.0-or-later"  # the one that Blender's platform takes for add-ons
PERMISSIONS = ("files", "network", "clipboard", "camera", "microphone")
TEXTS = ("schema_version", "id", "version", "name", "tagline", "maintainer", "type", "blender_version_min")
OPTIONAL_TEXTS = ("blender_version_max", "website")
LISTS = ("copyright", "tags", "platforms", "wheels")
TABLES = ("permissions", "build")
TAGS = {
    *("3D View", "Add Curve", "Add Mesh", "Animation", "Bake", "Camera", "Compositing", "Development", "Game Engine"),
    *("Geometry Nodes", "Grease Pencil", "Import-Export", "Lighting", "Material", "Mesh", "Modeling", "Node", "Object"),
    *("Paint", "Physics", "Pipeline", "Render", "Rigging", "Scene", "Sculpt", "Sequencer", "System", "Text Editor"),
    *("Tracking", "UV", "User Interface"),
}


def violations(manifest: dict[str, Any]) -> list[str]:
    """A sentence for everything in a manifest that Blender or its platform would refuse."""
    found = [f"{name} is missing, or is no text." for name in TEXTS if not _is_text(manifest.get(name))]
    known = {*TEXTS, *OPTIONAL_TEXTS, *LISTS, *TABLES, "license"}
    found += [f"{name} is not a word of a manifest." for name in manifest if name not in known]
    found += [
        f"{name} is empty; leave it out."
        for name in (*OPTIONAL_TEXTS, *LISTS, *TABLES)
        if manifest.get(name, 1) in ("", [], {})
    ]
    if found:
        return found
    return [*_identity(manifest), *_versions(manifest), *_lists(manifest), *_sentences(manifest)]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value == value.strip() and value.isprintable()


def _identity(manifest: dict[str, Any]) -> Iterator[str]:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*", manifest["id"]):
        yield f"id {manifest['id']!r} has other signs than letters, digits and single underscores."
    if manifest["type"] != "add-on":
        yield f"type is {manifest['type']!r}, not add-on."
    if LICENSE not in manifest.get("license", []):
        yield f"license does not name {LICENSE}."


def _versions(manifest: dict[str, Any]) -> Iterator[str]:
    for name in ("schema_version", "version"):
        if not SEMANTIC.fullmatch(manifest[name]):
            yield f"{name} {manifest[name]!r} is no semantic version such as 1.2.3."
    for name in ("blender_version_min", "blender_version_max"):
        if name in manifest and not re.fullmatch(r"\d+\.\d+\.\d+", manifest[name]):
            yield f"{name} {manifest[name]!r} is not three numbers."
        elif name in manifest and tuple(map(int, manifest[name].split("."))) < OLDEST_BLENDER:
            yield f"{name} {manifest[name]} is older than 4.2.0, the first Blender with extensions."


def _lists(manifest: dict[str, Any]) -> Iterator[str]:
    for tag in manifest.get("tags", []):
        if tag not in TAGS:
            yield f"tags has {tag!r}, which is not one of Blender's."
    for line in manifest.get("copyright", []):
        if not re.fullmatch(r"\d+(-\d+)? \S.*", line):
            yield f"copyright {line!r} does not begin with a year."
    if "wheels" in manifest:
        yield "wheels are named; this extension brings none."


def _sentences(manifest: dict[str, Any]) -> Iterator[str]:
    permissions = manifest.get("permissions", {})
    yield from (
        f"permissions has {name!r}, which is not one of Blender's." for name in permissions if name not in PERMISSIONS
    )
    for name, text in {"tagline": manifest["tagline"], **permissions}.items():
        if not _is_text(text):
            yield f"{name} is no text."
        elif len(text) > LONGEST_SENTENCE:
            yield f"{name} has {len(text)} signs; {LONGEST_SENTENCE} are allowed."
        elif not (text[-1].isalnum() or text[-1] in ")]}"):
            yield f"{name} ends with {text[-1]!r}; closing punctuation is not allowed."


def read_manifest(folder: Path = FOLDER) -> dict[str, Any]:
    """The manifest of an extension's folder."""
    return tomllib.loads((folder / MANIFEST).read_text(encoding="utf-8"))


def files_of(folder: Path = FOLDER) -> list[Path]:
    """What goes into the zip, in order."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def build(target: Path, folder: Path = FOLDER) -> None:
    """Writes the zip; the same files give the same bytes. Raises ValueError where the manifest breaks a rule."""
    wrong = violations(read_manifest(folder))
    names = {path.relative_to(folder).as_posix() for path in files_of(folder)}
    wrong += [f"{name} is missing." for name in ("__init__.py", "LICENSE") if name not in names]
    if wrong:
        raise ValueError("\n".join(wrong))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files_of(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix())
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, path.read_bytes())


def main() -> int:
    manifest = read_manifest()
    target = FOLDER.parent / f"{FOLDER.name}-{manifest.get('version')}.zip"
    try:
        build(target)
    except ValueError as error:
        print(f"The extension's manifest breaks Blender's rules:\n{error}", file=sys.stderr)
        return 1
    print(f"{target} is a valid extension for Blender {manifest['blender_version_min']} and newer.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
