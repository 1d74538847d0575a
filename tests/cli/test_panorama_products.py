"""Panoramas on the command line: the promised files at the photo's size, distances along rays, and options that are of one camera."""

import json

import numpy
import pytest
from PIL import Image

from sam3d_geometry.cli import photos
from sam3d_geometry.cli.panorama_products import OF_ONE_CAMERA
from sam3d_geometry.geometry.panorama import panorama_rays


def run(*arguments):
    return photos.main([str(a) for a in arguments])


@pytest.fixture(scope="module")
def around(tmp_path_factory):
    path = tmp_path_factory.mktemp("around") / "place.png"
    rows, columns = numpy.linspace(0, 3, 48)[:, None], numpy.linspace(0, 2 * numpy.pi, 96)
    grey = 120 + 60 * numpy.sin(columns * 3) * numpy.sin(rows) + 40 * numpy.cos(rows * 2)
    Image.fromarray(numpy.repeat(grey.clip(0, 255).astype(numpy.uint8)[..., None], 3, 2)).save(path)
    return path


@pytest.fixture(scope="module")
def made(around, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    assert (
        run(
            around,
            "-o",
            out,
            "--panorama",
            "--resolution",
            64,
            "--depth",
            "--normals",
            "--png16",
            "--npz",
            "--mesh",
            "--points",
        )
        == 0
    )
    return out


def test_every_result_of_a_panorama(made):
    assert sorted(path.name for path in made.iterdir()) == [
        "place.json", "place.npz", "place_depth.png", "place_depth16.png", "place_mesh.glb", "place_normals.png",
        "place_points.ply",
    ]  # fmt: skip
    for name in ("depth", "normals", "depth16"):
        assert Image.open(made / f"place_{name}.png").size == (96, 48)
    record = json.loads((made / "place.json").read_text(encoding="utf-8"))
    assert (
        record["camera"]["projection"] == "equirectangular" and record["depth"]["measured"] == "along each pixel's ray"
    )
    assert record["options"]["panorama"] is True


def test_points_lie_on_the_rays_of_their_pixels(made):
    arrays = numpy.load(made / "place.npz")
    points, distance, mask = arrays["points"], arrays["distance"], arrays["mask"]
    assert mask.any() and (distance[mask] > 0).all()
    wanted = panorama_rays((48, 96)).numpy() * distance[..., None]
    assert numpy.abs(points - wanted).max() < 1e-5


def test_a_panorama_that_is_done_is_not_done_again(around, made, capsys):
    assert run(around, "-o", made, "--panorama", "--resolution", 64, "--depth") == 0
    before = (made / "place_depth.png").stat().st_mtime_ns
    assert run(around, "-o", made, "--panorama", "--resolution", 64, "--depth") == 0
    assert (made / "place_depth.png").stat().st_mtime_ns == before


def test_a_common_photo_is_refused_in_a_sentence(tmp_path, capsys):
    Image.new("RGB", (64, 48)).save(tmp_path / "photo.png")
    assert run(tmp_path / "photo.png", "-o", tmp_path / "out", "--panorama") == 1
    assert "twice as wide as high" in capsys.readouterr().err


GIVEN = {"camera": ["glb"], "fov": ["60"], "focal_mm": ["35"], "focal_px": ["900"]}


@pytest.mark.parametrize("name", OF_ONE_CAMERA)
def test_options_of_one_camera_are_refused(around, tmp_path, capsys, name):
    option = f"--{name.replace('_', '-')}"
    with pytest.raises(SystemExit) as ended:
        run(around, "-o", tmp_path, "--panorama", option, *GIVEN.get(name, []))
    assert ended.value.code == 2 and f"{option} is of common photos" in capsys.readouterr().err


@pytest.mark.parametrize("options", [("--range", "whole-clip"), ("--normal-space", "world"), ("--refine", "photo")])
def test_choices_of_common_photos_are_refused(around, tmp_path, capsys, options):
    with pytest.raises(SystemExit):
        run(around, "-o", tmp_path, "--panorama", *options)
    assert "of common photos" in capsys.readouterr().err
