"""A run over photos with masks: where results go, which mask is whose, and what the record says of the object."""

import sys
from pathlib import Path, PurePath

import closed_form
import pytest
import torch
from PIL import Image

from sam3d_geometry.cli import complete as cli
from sam3d_geometry.cli.completion_run import CompletionRun, Job, completion_record, jobs_of
from sam3d_geometry.cli.progress import QUIET, Progress
from sam3d_geometry.files.photo import PhotoFile
from sam3d_geometry.models import PREVIEW
from sam3d_geometry.views.completion import complete_object


def run_of(out, *options):
    words = ["in", "-o", str(out), "--model", PREVIEW, "--quiet", *map(str, options)]
    return CompletionRun(cli.parser().parse_args(words), Progress(sys.stderr, QUIET))


@pytest.mark.parametrize(
    ("photos", "folders"),
    [
        (["a.jpg", "b.jpg"], ["a", "b"]),
        (["a.jpg", "A.png", "b.jpg"], ["a.jpg", "A.png", "b"]),
        (["x/a.jpg", "y/a.jpg"], ["a.jpg", "a.jpg-2"]),
    ],
)
def test_every_photo_has_a_folder_of_its_own(photos, folders):
    files = [PhotoFile(Path(name), PurePath()) for name in photos]
    assert [job.folder.as_posix() for job in jobs_of(files, None)] == folders
    below = [PhotoFile(Path(name), PurePath("set")) for name in photos]
    assert [job.folder.as_posix() for job in jobs_of(below, None)] == [f"set/{name}" for name in folders]


def test_masks_are_those_of_the_photos_names(tmp_path):
    for name in ("a.png", "b_mask.png", "other.png"):
        Image.new("L", (4, 4)).save(tmp_path / name)
    files = [PhotoFile(Path(name), PurePath()) for name in ("a.jpg", "b.jpg", "c.jpg")]
    masks = [job.mask and job.mask.name for job in jobs_of(files, tmp_path)]
    assert masks == ["a.png", "b_mask.png", None]


def test_a_photo_is_not_done_while_its_files_are_missing(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    job = Job(Path("a"), tmp_path / "a.png", None)
    run = run_of(tmp_path / "out", "--mask-from-alpha")
    assert not run.is_done(job)
    run.make(job, None)  # refused before the model is asked
    assert run.done == 0 and run.failed == ["a.png: it has no transparency that could be its mask; give --mask."]
    assert not (tmp_path / "out").exists()


def test_the_record_tells_size_plane_and_camera():
    depth = closed_form.sphere(48, 64)[0]
    mask = depth > 0
    pointmap = closed_form.pointmap(torch.where(mask, depth, 9.0), image=torch.full((1, 48, 64, 3), 0.5), metric=True)
    found = complete_object(pointmap, mask, 24, 2)
    record = completion_record(found, pointmap)
    assert record["size"] == pytest.approx([2, 2, 2], abs=0.25) and record["unit"] == "metre"
    assert [plane["holds"] for plane in record["mirror_planes"]] == [plane.holds for plane in found.planes]
    normals = torch.tensor([plane["normal"] for plane in record["mirror_planes"]])
    assert torch.allclose(normals.norm(dim=1), torch.ones(len(normals)), atol=1e-4)
    assert record["camera"]["focal_px"] == pytest.approx(float(pointmap.intrinsics[0, 0, 0]) * 64)
    assert record["points"]["seen"] == int(mask.sum()) < record["points"]["count"]
