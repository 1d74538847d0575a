"""The Blender extension: its manifest keeps Blender's rules, what breaks them is said, and the zip holds what it needs."""

import copy
import subprocess
import sys
import zipfile

import pytest
from blender_pythons import blender_pythons
from repository import ROOT

from development.blender_extension import FOLDER, build, read_manifest, violations
from sam3d_geometry import __version__


def test_the_manifest_keeps_the_rules_and_has_the_version_of_the_pack():
    assert violations(read_manifest()) == []
    assert read_manifest()["version"] == __version__


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"tagline": "Photos become scenes."}, "tagline ends with '.'"),
        ({"tagline": "x" * 65}, "tagline has 65 signs"),
        ({"permissions": {"files": "Read photos!"}}, "files ends with '!'"),
        ({"permissions": {"files": "x" * 65}}, "files has 65 signs"),
        ({"permissions": {"disk": "Read photos"}}, "permissions has 'disk'"),
        ({"permissions": {}}, "permissions is empty"),
        ({"version": "1.0"}, "version '1.0' is no semantic version"),
        ({"blender_version_min": "4.2"}, "is not three numbers"),
        ({"blender_version_min": "3.6.0"}, "is older than 4.2.0"),
        ({"license": ["SPDX:MIT"]}, "license does not name SPDX:GPL-3.0-or-later"),
        ({"tags": ["Photos"]}, "tags has 'Photos'"),
        ({"copyright": ["Somebody"]}, "does not begin with a year"),
        ({"wheels": ["./wheels/torch.whl"]}, "brings none"),
        ({"id": "photo-scene"}, "id 'photo-scene'"),
        ({"name": ""}, "name is missing"),
        ({"bl_info": "x"}, "bl_info is not a word of a manifest"),
    ],
)
def test_what_breaks_a_rule_is_said(change, sentence):
    (said,) = violations({**copy.deepcopy(read_manifest()), **change})
    assert sentence in said


def test_the_zip_has_the_licence_and_is_the_same_every_time(tmp_path):
    for name in ("first.zip", "second.zip"):
        build(tmp_path / name)
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()
    names = zipfile.ZipFile(tmp_path / "first.zip").namelist()
    assert {"__init__.py", "blender_manifest.toml", "LICENSE"} <= set(names)
    assert not [name for name in names if "pycache" in name or name.endswith((".whl", ".zip"))]
    assert "GNU GENERAL PUBLIC LICENSE" in (FOLDER / "LICENSE").read_text(encoding="utf-8")


def test_nothing_outside_the_standard_library_and_blender_is_imported():
    allowed = set(sys.stdlib_module_names) | {"bpy", "bpy_extras", "mathutils"}
    found = {
        line.split()[1].split(".")[0]
        for path in FOLDER.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith(("import ", "from ")) and not line.startswith("from .")
    }
    assert {"bpy", "json"} <= found <= allowed


@pytest.mark.parametrize("python", blender_pythons())
def test_blenders_own_validator_takes_the_zip(python, tmp_path):
    build(tmp_path / "extension.zip")
    code = (
        "import bpy, pathlib, runpy, sys; folder = pathlib.Path(bpy.utils.resource_path('LOCAL')); "
        "sys.argv = ['blender_ext.py', 'validate', sys.argv[1]]; "
        "runpy.run_path(str(folder / 'scripts/addons_core/bl_pkg/cli/blender_ext.py'), run_name='__main__')"
    )
    done = subprocess.run(
        [python, "-c", code, tmp_path / "extension.zip"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
