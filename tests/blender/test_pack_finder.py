"""The pack is found where people have it: its own copy, ComfyUI with an environment, ComfyUI's portable build."""

import pytest
from repository import ROOT
from sam3d_geometry_import.pack_finder import find_packs


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


@pytest.mark.parametrize(
    ("comfyui", "python"),
    [
        ("ComfyUI", "ComfyUI/venv/bin/python"),
        ("comfy/ComfyUI", "comfy/ComfyUI/.venv/bin/python"),
        ("Documents/ComfyUI", "Documents/ComfyUI/.venv/Scripts/python.exe"),
        ("ComfyUI_windows_portable/ComfyUI", "ComfyUI_windows_portable/python_embeded/python.exe"),
        ("ComfyUI", "ComfyUI/custom_nodes/any name/.venv/bin/python"),
    ],
)
def test_a_pack_in_comfyui_is_found_with_its_python(tmp_path, comfyui, python):
    main = touch(tmp_path / comfyui / "custom_nodes" / "any name" / "sam3d_geometry" / "__main__.py")
    touch(tmp_path / comfyui / "custom_nodes" / "other" / "__init__.py")
    wanted = touch(tmp_path / python)
    (found,) = find_packs(tmp_path, tmp_path / "extensions" / "user_default" / "sam3d_geometry_import")
    assert (found.python, found.folder) == (str(wanted), str(main.parents[1]))


def test_nothing_is_found_where_nothing_is(tmp_path):
    assert list(find_packs(tmp_path, tmp_path / "a" / "b")) == []


def test_the_copy_that_the_extension_lies_in_comes_first(tmp_path):
    own = touch(tmp_path / "pack" / "sam3d_geometry" / "__main__.py").parents[1]
    python = touch(own / ".venv" / "bin" / "python")
    (found,) = find_packs(tmp_path, own / "blender" / "sam3d_geometry_import")
    assert (found.python, found.folder) == (str(python), str(own))
    assert (ROOT / "blender" / "sam3d_geometry_import" / "pack_finder.py").is_file()  # what `own` stands for
