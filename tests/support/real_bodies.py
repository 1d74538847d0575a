"""Real outputs of SAM 3D Body, of four people of one photo, where they lie beside the repository; they are not part of it."""

from pathlib import Path

import pytest
from repository import ROOT

PICTURE = (890, 1920)  # height, width of the photo they are of
FOCAL = 2535.266


def _folder() -> Path | None:
    """The folder `shared/body` beside the repository, or beside the folder of its worktrees."""
    found = [parent / "shared" / "body" for parent in ROOT.parents if (parent / "shared" / "body").is_dir()]
    return found[0] if found else None


def real_files() -> list[Path]:
    """Their .npz files and the one with the faces; skips the test where they are missing."""
    folder = _folder()
    if folder is None:
        pytest.skip("the real outputs of SAM 3D Body (shared/body) are not here")
    return [*sorted(folder.glob("img_subj*.npz")), folder / "mhr_lod1_template.npz"]
