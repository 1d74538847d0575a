"""The command for views: cameras as they were, the surface they show, a sentence for all that is wrong, and nothing twice."""

import json
import shutil

import numpy
import pytest
import torch
from PIL import Image
from view_photos import fov_x_degrees, save_room, save_truth

pytest.importorskip("cv2")

from sam3d_geometry.cli import views as cli


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    return save_room(tmp_path_factory.mktemp("room") / "room")


def run(*arguments):
    return cli.main(
        [str(a) for a in (*arguments, "--model", "built-in preview", "--device", "cpu", "--resolution", "256")]
    )


def read(out, name="report.json"):
    return json.loads((out / name).read_text())


def test_cameras_surface_and_figures_of_a_set(room, tmp_path, capsys):
    truth, out = save_truth(tmp_path / "truth.json", sizes=False), tmp_path / "out"
    command = [room, "-o", out, "--fov", fov_x_degrees(), "--truth", truth, "--mesh", "--points", "--voxels", 48]
    assert run(*command) == 0
    assert sorted(p.name for p in out.iterdir()) == ["cameras.json", "points.ply", "report.json", "scene.glb"]
    cameras, report = read(out, "cameras.json"), read(out)
    assert list(cameras) == ["0.png", "1.png", "2.png"]
    for entry in cameras.values():
        pose = numpy.array(entry["world_from_camera"])
        numpy.testing.assert_allclose(pose[:3, :3] @ pose[:3, :3].T, numpy.eye(3), atol=1e-9)
        assert numpy.array(entry["intrinsics"]).shape == (3, 3) and entry["group"] == 0
        assert entry["intrinsics"][0][2] == pytest.approx(159.5)
    told = report["truth"]
    assert told["silent_failures"] == [] and told["compared"] == 3 and len(told["pairs"]) == 3
    assert told["rotation_degrees"]["largest"] < 1.0 and told["focal_percent"]["largest"] < 1e-3
    assert report["placed"] == report["of"] == 3 and report["surface"]["triangles"] > 100
    assert (out / "scene.glb").read_bytes()[:4] == b"glTF"
    assert "Silent failures: 0" in capsys.readouterr().err
    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    assert run(*command) == 0
    assert {path: path.stat().st_mtime_ns for path in out.iterdir()} == before
    assert "0 done, 1 were done before" in capsys.readouterr().out


def test_broken_copied_and_foreign_photos_have_a_reason_and_the_rest_goes_on(room, tmp_path, capsys):
    folder = tmp_path / "in"
    shutil.copytree(room, folder)
    (folder / "broken.jpg").write_bytes(b"no picture")
    shutil.copy(folder / "0.png", folder / "copy.png")
    noise = torch.rand(240, 320, 3, generator=torch.Generator().manual_seed(1))
    Image.fromarray((noise * 255).byte().numpy()).save(folder / "noise.png")
    assert run(folder, "-o", tmp_path / "out", "--quiet") == 1
    cameras = read(tmp_path / "out", "cameras.json")
    assert [name for name, entry in cameras.items() if "world_from_camera" in entry] == ["0.png", "1.png", "2.png"]
    assert (
        "not a picture" in cameras["broken.jpg"]["reason"] and "same picture as 0.png" in cameras["copy.png"]["reason"]
    )
    assert cameras["noise.png"]["reason"]
    assert capsys.readouterr().err.count("\n") == 1  # of the one that cannot be read


def test_a_folder_of_folders_is_a_batch_and_one_photo_is_told(room, tmp_path):
    shutil.copytree(room, tmp_path / "in" / "first" / "images")
    shutil.copytree(room, tmp_path / "in" / "second")
    for name in ("1.png", "2.png"):
        (tmp_path / "in" / "second" / name).unlink()
    save_truth(tmp_path / "truth" / "first" / "cameras.json")
    out = tmp_path / "out"
    assert run(tmp_path / "in", "-o", out, "--truth", tmp_path / "truth", "--quiet") == 1
    assert read(out / "first")["truth"]["silent_failures"] == []
    assert "the only photo" in read(out / "second", "cameras.json")["0.png"]["reason"]


def test_masks_limit_the_surface_and_bad_ones_are_told(room, tmp_path):
    masks = tmp_path / "masks"
    masks.mkdir()
    for k, size in enumerate([(320, 240), (160, 120), (100, 240)]):
        mask = numpy.zeros((size[1], size[0]), numpy.uint8)
        mask[size[1] // 4 : -size[1] // 4, size[0] // 4 : -size[0] // 4] = 255
        Image.fromarray(mask).save(masks / f"{k}.png")
    some = tmp_path / "some"
    options = ("--fov", fov_x_degrees(), "--points", "--voxels", 32, "--quiet")
    assert run(room, "-o", some, "--masks", masks, *options) == 0
    report = read(some)
    assert "said" not in report["photos"]["0.png"] and "said" not in report["photos"]["1.png"]
    assert "another shape" in report["photos"]["2.png"]["said"][0]


def test_a_dry_run_lists_the_files_and_writes_nothing(room, tmp_path, capsys):
    assert run(room, "-o", tmp_path / "out", "--mesh", "--dry-run") == 0
    assert [line.rpartition("/")[2] for line in capsys.readouterr().out.splitlines()] == [
        "cameras.json", "scene.glb", "report.json",
    ]  # fmt: skip
    assert not (tmp_path / "out").exists()


def test_measured_cameras_in_the_output_folder_are_never_overwritten(room, tmp_path, capsys):
    truth = save_truth(tmp_path / "out" / "cameras.json")
    before = truth.read_bytes()
    assert run(room, "-o", tmp_path / "out", "--overwrite", "--quiet") == 1
    assert truth.read_bytes() == before and "is not of this command" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--voxels", "4"], "--voxels 4: it must lie between 16 and 1024"),
        (["--features", "9000"], "--features 9000"),
        (["--masks", "nowhere"], "--masks nowhere: there is no such folder"),
        (["--truth", "nowhere.json"], "--truth nowhere.json: there is no such file"),
        (["--fov", "200"], "--fov 200: it must lie between 0 and 180"),
    ],
)
def test_options_that_do_not_fit_are_refused_before_anything_is_read(options, said, capsys, tmp_path):
    with pytest.raises(SystemExit) as ended:
        run("nothing.jpg", "-o", tmp_path / "out", *options)
    assert ended.value.code == 2 and said in capsys.readouterr().err


def test_nothing_to_do_is_status_2(tmp_path, capsys):
    assert run(tmp_path / "none.jpg", "-o", tmp_path / "out") == 2
    assert "there is no such file or folder" in capsys.readouterr().err
