"""The command that completes objects: whole files with a confidence for each point, a sentence for all that is wrong, nothing twice."""

import json
import shutil

import numpy
import pytest
from PIL import Image, ImageDraw

from sam3d_geometry.cli import complete as cli
from sam3d_geometry.files.example_photos import EXAMPLE_PHOTOS, FOLDER

SIZE = (96, 64)


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    """cup.png and, in masks, its mask: an ellipse in the middle."""
    folder = tmp_path_factory.mktemp("photo")
    (folder / "masks").mkdir()
    Image.open(FOLDER / EXAMPLE_PHOTOS["coffee"]).convert("RGB").resize((288, 192)).save(folder / "cup.png")
    mask = Image.new("L", SIZE, 0)
    ImageDraw.Draw(mask).ellipse([24, 12, 72, 52], fill=255)
    mask.save(folder / "masks" / "cup.png")
    return folder


def run(*arguments):
    options = ("--model", "built-in preview", "--device", "cpu", "--resolution", 256, "--voxels", 16, "--passes", 2)
    return cli.main([str(a) for a in (*arguments, *options)])


def read(out):
    return json.loads((out / "report.json").read_text(encoding="utf-8"))


def vertices_of(path):
    """The rows of a binary PLY, by its own header."""
    head, _, body = path.read_bytes().partition(b"end_header\n")
    kinds = {"float": "<f4", "uchar": "u1"}
    words = [line.split() for line in head.decode("ascii").splitlines()]
    count = next(int(word[2]) for word in words if word[:2] == ["element", "vertex"])
    rows = numpy.dtype([(word[2], kinds[word[1]]) for word in words if word[0] == "property"])
    assert len(body) == count * rows.itemsize
    return numpy.frombuffer(body, rows)


def test_one_photo_becomes_an_object_and_is_not_done_again(photo, tmp_path, capsys):
    out = tmp_path / "out"
    command = [photo / "cup.png", "--mask", photo / "masks" / "cup.png", "-o", out]
    assert run(*command) == 0
    assert sorted(path.name for path in out.iterdir()) == ["object.glb", "points.ply", "report.json"]
    report, points = read(out), vertices_of(out / "points.ply")
    assert (out / "object.glb").read_bytes()[:4] == b"glTF"
    seen = points["origin"] == 0
    assert len(points) == report["points"]["count"] and seen.sum() == report["points"]["seen"]
    assert (points["confidence"][seen] == 1).all() and (points["confidence"][~seen] < 1).all() and (~seen).any()
    shares = [report["surface"][origin] for origin in report["points"]["origins"]]
    assert sum(shares) == pytest.approx(1, abs=1e-5) and report["volume"]["passes"] == 2
    assert report["camera"]["fov_x_degrees"] > 10 and report["outputs"][-1] == "report.json"
    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    assert run(*command) == 0
    assert {path: path.stat().st_mtime_ns for path in out.iterdir()} == before
    assert "0 done, 1 were done before" in capsys.readouterr().out


def test_another_mask_is_done_anew_and_other_results_are_kept(photo, tmp_path, capsys):
    mask, out = tmp_path / "mask.png", tmp_path / "out"
    shutil.copy(photo / "masks" / "cup.png", mask)
    assert run(photo / "cup.png", "--mask", mask, "-o", out, "--quiet") == 0
    first = read(out)["points"]["seen"]
    smaller = Image.new("L", SIZE, 0)
    ImageDraw.Draw(smaller).ellipse([34, 20, 62, 44], fill=255)
    smaller.save(mask)
    assert run(photo / "cup.png", "--mask", mask, "-o", out, "--quiet") == 0
    assert read(out)["points"]["seen"] < first
    other = tmp_path / "other"
    other.mkdir()
    (other / "report.json").write_text('{"command": "views", "made_by": "sam3d-geometry 0", "outputs": []}')
    assert run(photo / "cup.png", "--mask", mask, "-o", other, "--quiet") == 1
    assert "is not of this command" in capsys.readouterr().err
    assert [path.name for path in other.iterdir()] == ["report.json"]


def test_several_photos_have_a_folder_each_and_bad_ones_a_sentence(photo, tmp_path, capsys):
    shutil.copytree(photo, tmp_path / "in")
    source, masks = tmp_path / "in", tmp_path / "in" / "masks"
    for name in ("bare", "empty", "wide"):
        shutil.copy(source / "cup.png", source / f"{name}.png")
    (source / "broken.jpg").write_bytes(b"no picture")
    shutil.copy(masks / "cup.png", masks / "broken.png")
    Image.new("L", SIZE, 0).save(masks / "empty_mask.png")
    Image.new("L", (96, 30), 255).save(masks / "wide.png")
    assert run(source, "--masks", masks, "-o", tmp_path / "out", "--quiet") == 1
    assert [path.name for path in (tmp_path / "out").iterdir() if path.is_dir()] == ["cup"]
    said = capsys.readouterr().err.splitlines()
    for name, why in {
        "bare.png": "there is no mask of its name in",
        "broken.jpg": "not a picture",
        "empty.png": "its mask selects 0 pixels that have depth; at least 30 are needed",
        "wide.png": "its mask wide.png cannot be used: it has 96 x 30 pixels and the photo 288 x 192",
    }.items():
        assert sum(line.startswith(f"{name}: ") and why in line for line in said) == 1, (name, said)
    assert len(said) == 4


def test_transparency_is_a_mask_and_names_that_come_twice_stay_apart(photo, tmp_path, capsys):
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    cut = Image.open(photo / "cup.png").convert("RGBA")
    cut.putalpha(Image.open(photo / "masks" / "cup.png").resize(cut.size))
    cut.save(source / "cup.png")
    Image.open(photo / "cup.png").save(source / "cup.jpg")
    assert run(source, "--mask-from-alpha", "-o", out) == 1
    assert [path.name for path in out.iterdir()] == ["cup.png"]
    assert "cup.jpg: it has no transparency that could be its mask" in capsys.readouterr().err


def test_the_passes_are_recorded(photo, tmp_path):
    pytest.importorskip("rerun", reason="rerun-sdk is not installed")
    out = tmp_path / "out"
    assert run(photo / "cup.png", "--mask", photo / "masks" / "cup.png", "-o", out, "--rrd", "--quiet") == 0
    assert (out / "object.rrd").read_bytes()[:4] == b"RRF2" and "object.rrd" in read(out)["outputs"]


def test_a_dry_run_lists_the_files_and_writes_nothing(photo, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(photo / "cup.png", "--mask", photo / "masks" / "cup.png", "-o", out, "--dry-run") == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.rpartition("/")[2] for line in listed] == ["object.glb", "points.ply", "report.json"]
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--mask", "none.png"], "--mask none.png: there is no such file"),
        (["--masks", "nowhere"], "--masks nowhere: there is no such folder"),
        (["--mask-from-alpha", "--passes", "0"], "--passes 0: it must lie between 1 and 64"),
        (["--mask-from-alpha", "--voxels", "8"], "--voxels 8: it must lie between 16 and 256"),
        ([], "one of the arguments --mask --masks --mask-from-alpha is required"),
    ],
)
def test_options_that_do_not_fit_are_refused_before_anything_is_read(options, said, capsys, tmp_path):
    with pytest.raises(SystemExit) as ended:
        cli.main(["nothing.jpg", "-o", str(tmp_path / "out"), *options])
    assert ended.value.code == 2 and said in capsys.readouterr().err


def test_one_mask_for_two_photos_and_no_photo_are_status_2(photo, tmp_path, capsys):
    mask = photo / "masks" / "cup.png"
    assert run(photo / "cup.png", mask, "--mask", mask, "-o", tmp_path / "out") == 2
    assert "--mask is of one photo, and 2 are named" in capsys.readouterr().err
    assert run(tmp_path / "none.jpg", "--mask", mask, "-o", tmp_path / "out") == 2
    assert "there is no such file or folder" in capsys.readouterr().err
