"""A run over photos: what it would write is known before, and what fails takes nothing else with it."""

import json

import numpy
import pytest
import torch
from PIL import Image

from sam3d_geometry import models
from sam3d_geometry.cli import photo_run, photos
from sam3d_geometry.cli.photo_products import KINDS, Kind
from sam3d_geometry.estimate.edge_refinement import refine_depth_edges
from sam3d_geometry.estimate.inference import infer_pointmap
from sam3d_geometry.maps.depth import true_depth


@pytest.fixture
def photo(tmp_path):
    pixels = numpy.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=numpy.uint8)
    path = tmp_path / "in" / "a.png"
    path.parent.mkdir()
    Image.fromarray(pixels).save(path)
    return path


def run(*arguments):
    return photos.main([str(argument) for argument in arguments])


def names(folder):
    return sorted(p.name for p in folder.iterdir()) if folder.exists() else []


def no_model(*arguments, **options):
    raise AssertionError("a dry run loads no model")


def test_a_dry_run_lists_what_a_run_writes_and_does_nothing(photo, tmp_path, capsys, monkeypatch):
    out = tmp_path / "out"
    with monkeypatch.context() as patched:
        patched.setattr(photos, "loaded_model", no_model)
        assert run(photo.parent, "-o", out, "--npz", "--dry-run") == 0
    listed = capsys.readouterr().out.splitlines()
    assert not out.exists()
    assert run(photo.parent, "-o", out, "--npz") == 0
    assert sorted(listed) == [str(path) for path in sorted(out.iterdir())]


def test_validity_and_the_depth_of_sky_reach_the_photo(photo, tmp_path, monkeypatch):
    pytest.importorskip("OpenEXR", reason="OpenEXR is not installed")
    asked = []
    infer = photo_run.infer_pointmap
    monkeypatch.setattr(
        photo_run, "infer_pointmap", lambda *given, **o: (asked.append(o["validity"]), infer(*given, **o))[1]
    )
    for i, more in enumerate(([], ["--validity", "all-finite", "--invalid-depth", "infinity"])):
        assert run(photo, "-o", tmp_path / f"out{i}", "--exr", *more) == 0
    assert asked == ["mask", "all finite"]
    options = json.loads((tmp_path / "out1" / "a.json").read_text())["options"]
    assert (options["validity"], options["invalid_depth"]) == ("all finite", "infinity")


@pytest.mark.parametrize(
    ("more", "refined"), [([], "own size"), (["--refine", "photo"], "photo"), (["--refine", "off"], "")]
)
def test_edges_are_refined_as_asked(tmp_path, more, refined):
    """What is written is what the library gives, up to the enlarging to the photo's size."""
    columns, rows = numpy.meshgrid(numpy.arange(120), numpy.arange(90))
    disc = (columns - 60) ** 2 + (rows - 50) ** 2 < 30**2
    pixels = numpy.where(disc[..., None], (40, 60, 160), (200, 180, 120)).astype(numpy.uint8)
    Image.fromarray(pixels).save(tmp_path / "disc.png")
    assert run(tmp_path / "disc.png", "-o", tmp_path / "out", "--npz", "--resolution", "60", *more) == 0
    image = torch.from_numpy(pixels)[None].float() / 255
    model = models.load_model(models.PREVIEW)
    pointmap = infer_pointmap(model, image, resolution=60, refine_edges="on" if refined == "own size" else "off")
    if refined == "photo":
        pointmap, _ = refine_depth_edges(pointmap, image)
    written = numpy.load(tmp_path / "out" / "disc.npz")
    assert numpy.allclose(written["depth"], true_depth(pointmap)[0][0].numpy(), atol=1e-5)
    assert json.loads((tmp_path / "out" / "disc.json").read_text())["options"]["refine"] == (
        more[-1] if more else "auto"
    )


def test_a_dry_run_lists_nothing_that_is_done(photo, tmp_path, capsys):
    out = tmp_path / "out"
    run(photo, "-o", out, "--depth")
    capsys.readouterr()
    run(photo, "-o", out, "--depth", "--dry-run")
    assert capsys.readouterr().out == ""
    run(photo, "-o", out, "--depth", "--overwrite", "--dry-run")
    assert capsys.readouterr().out.splitlines() == [str(out / "a_depth.png"), str(out / "a.json")]
    run(photo, "-o", out, "--depth", "--invert", "--dry-run")
    assert capsys.readouterr().out.splitlines() == [str(out / "a_depth.png"), str(out / "a.json")]


@pytest.mark.parametrize("when", ["made", "written"])
def test_a_product_that_fails_keeps_the_photo_s_other_products(photo, tmp_path, monkeypatch, capsys, when):
    def failing(*arguments):
        raise RuntimeError("CUDA out of memory\nat line 7")

    maker = failing if when == "made" else lambda frame: failing
    with monkeypatch.context() as patched:
        patched.setitem(KINDS, "mesh", Kind("_mesh.glb", maker))
        assert run(photo, "-o", tmp_path / "out", "--mesh", "--depth") == 1
    assert "a.png: no mesh: CUDA out of memory\n" in capsys.readouterr().err
    assert names(tmp_path / "out") == ["a.json", "a_depth.png"]
    record = json.loads((tmp_path / "out" / "a.json").read_text(encoding="utf-8"))
    assert record["outputs"] == {"depth": "a_depth.png"}
    # and is made the next time
    assert run(photo, "-o", tmp_path / "out", "--mesh", "--depth") == 0
    assert names(tmp_path / "out") == ["a.json", "a_depth.png", "a_mesh.glb"]


def test_a_link_does_not_take_a_photo_s_name_away(photo, tmp_path):
    for name in ("0_first.png", "z_last.png"):
        try:
            (photo.parent / name).symlink_to(photo)
        except OSError:
            pytest.skip("this system makes no links")
    assert run(photo.parent, "-o", tmp_path / "out", "--depth") == 0
    assert names(tmp_path / "out") == ["a.json", "a_depth.png"]
    assert run(photo.parent / "z_last.png", photo, "-o", tmp_path / "both", "--depth") == 0
    assert names(tmp_path / "both") == ["a.json", "a_depth.png"]
    # a link alone is a photo like any other
    assert run(photo.parent / "z_last.png", "-o", tmp_path / "link", "--depth") == 0
    assert names(tmp_path / "link") == ["z_last.json", "z_last_depth.png"]


def test_quoted_wildcards_are_expanded(photo, tmp_path):
    deep = photo.parent / "deep" / "b.png"
    deep.parent.mkdir()
    photo.rename(deep)
    assert run(f"{tmp_path}/in/**/*.png", "-o", tmp_path / "out", "--depth") == 0
    assert names(tmp_path / "out") == ["b.json", "b_depth.png"]


def test_a_program_is_told_in_objects(photo, tmp_path, capsys):
    (photo.parent / "b.png").write_bytes(b"no picture")
    assert run(photo.parent, "-o", tmp_path / "out", "--depth", "--progress", "json") == 1
    said = capsys.readouterr()
    assert said.out == ""
    events = [json.loads(line) for line in said.err.splitlines()]
    assert {event["event"] for event in events} == {"progress", "message", "error", "end"}
    assert events[-1]["status"] == 1 and events[-1]["done"] == 1 and len(events[-1]["failed"]) == 1


def test_quiet_says_what_failed_only(photo, tmp_path, capsys):
    assert run(photo, "-o", tmp_path / "out", "--depth", "--quiet") == 0
    assert capsys.readouterr() == ("", "")
    (photo.parent / "b.png").write_bytes(b"no picture")
    assert run(photo.parent, "-o", tmp_path / "out", "--depth", "--quiet") == 1
    said = capsys.readouterr()
    assert said.out == "" and len(said.err.splitlines()) == 1 and "b.png: the file is not a picture" in said.err


def test_options_tell_what_a_result_depends_on():
    def options(*more):
        return photo_run.Plan(photos.parser().parse_args(["a", "-o", "out", *more])).options("float32", None)

    assert options() == options("--overwrite", "--png16")
    assert options() != options("--invert") != options("--normal-smoothing", "2")
