"""The command line makes the promised files, whole or not at all, skips what is done, and says what went wrong."""

import json
import os
import subprocess
import sys
import zipfile

import numpy
import pytest
import torch
from float_pictures import rgb_channels, write_float_tiff, write_picture_exr
from PIL import Image
from repository import ROOT

from sam3d_geometry.cli import photos as cli
from sam3d_geometry.files import whole_files as output
from sam3d_geometry.geometry.colour import linear_from_srgb


def save_photo(path, size=(64, 48), mode="RGB", seed=0, **options):
    rows = numpy.linspace(40, 220, size[1])[:, None, None] + numpy.random.default_rng(seed).integers(
        0, 30, (size[1], size[0], 3)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rows.clip(0, 255).astype(numpy.uint8)).convert(mode).save(path, **options)
    return path


def run(*arguments):
    return cli.main([str(a) for a in arguments])


@pytest.fixture
def folder(tmp_path):
    for i in range(3):
        save_photo(tmp_path / "in" / f"{i}.png", seed=i)
    return tmp_path / "in"


def names(path):
    return sorted(p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file())


def test_every_result_of_a_photo(tmp_path):
    photo = save_photo(tmp_path / "room.jpg", (90, 60))
    assert run(photo, "-o", tmp_path / "out", "--png16", "--npz") == 0
    out = tmp_path / "out"
    assert names(out) == ["room.json", "room.npz", "room_depth.png", "room_depth16.png", "room_normals.png"]
    assert Image.open(out / "room_depth.png").size == Image.open(out / "room_normals.png").size == (90, 60)
    arrays = numpy.load(out / "room.npz")
    assert {k: (v.shape, v.dtype.name) for k, v in arrays.items()} == {
        "points": ((60, 90, 3), "float32"),
        "depth": ((60, 90), "float32"),
        "mask": ((60, 90), "bool"),
        "intrinsics": ((3, 3), "float32"),
        "normals": ((60, 90, 3), "float32"),
    }
    # every point lies on the ray of its pixel
    k, (x, _, z) = arrays["intrinsics"], numpy.moveaxis(arrays["points"], -1, 0)
    u = numpy.broadcast_to((numpy.arange(90) + 0.5) / 90, z.shape)
    assert numpy.allclose((k[0, 0] * x / z + 0.5)[arrays["mask"]], u[arrays["mask"]], atol=1e-4)
    record = json.loads((out / "room.json").read_text(encoding="utf-8"))
    assert record["model"]["name"] == "built-in preview" and record["model"]["preview"]
    assert record["camera"]["focal_px"] == pytest.approx(float(k[0, 0]) * 90, rel=1e-5)
    # the 16-bit file can be turned back into distances by what the record says
    steps = numpy.asarray(Image.open(out / "room_depth16.png")).astype(numpy.float64)
    near, far = record["depth"]["near"], record["depth"]["far"]
    inside = arrays["mask"] & (arrays["depth"] > near) & (arrays["depth"] < far)
    found = 1 / (1 / far + (steps - 1) / output_steps() * (1 / near - 1 / far))
    assert numpy.allclose(found[inside], arrays["depth"][inside], rtol=1e-3)


def test_3d_files_of_a_photo(tmp_path):
    trimesh = pytest.importorskip("trimesh", reason="trimesh is not installed")
    photo = save_photo(tmp_path / "room.jpg", (90, 60))
    assert run(photo, "-o", tmp_path / "out", "--depth", "--npz", "--mesh", "--points", "--plane") == 0
    out = tmp_path / "out"
    models = ["room_mesh.glb", "room_plane.glb", "room_points.ply"]
    assert names(out) == ["room.json", "room.npz", "room_depth.png", *models]
    arrays = numpy.load(out / "room.npz")
    wanted = arrays["points"][arrays["mask"]] * [1, -1, -1]
    points = trimesh.load(out / "room_points.ply")
    assert numpy.allclose(points.vertices, wanted, rtol=1e-5, atol=1e-6) and len(points.colors) == len(wanted)
    mesh, plane = (next(iter(trimesh.load(out / name, process=False).geometry.values())) for name in models[:2])
    assert 0 < len(mesh.vertices) <= len(wanted) and len(plane.faces) == 2 * 128 * 128
    for model in (mesh, plane):
        assert model.visual.material.baseColorTexture.size == (90, 60)
    assert json.loads((out / "room.json").read_text(encoding="utf-8"))["outputs"]["mesh"] == "room_mesh.glb"
    # the same call finds them done, a missing one is made again
    (out / "room_plane.glb").unlink()
    assert (
        run(photo, "-o", out, "--depth", "--npz", "--mesh", "--points", "--plane") == 0
        and (out / "room_plane.glb").exists()
    )


def output_steps():
    from sam3d_geometry.cli.photo_products import DEPTH16_STEPS

    return DEPTH16_STEPS


def test_what_is_done_is_not_done_again_unless_options_or_photo_change(folder, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(folder, "-o", out, "--depth") == 0 and names(out) == [
        f"{i}{s}" for i in range(3) for s in (".json", "_depth.png")
    ]
    before = {p: p.stat().st_mtime_ns for p in out.iterdir()}
    assert run(folder, "-o", out, "--depth") == 0
    assert "0 done, 3 were done before" in capsys.readouterr().out
    assert before == {p: p.stat().st_mtime_ns for p in out.iterdir()}
    (out / "1_depth.png").unlink()
    save_photo(folder / "2.png", seed=9, size=(70, 50))
    assert run(folder, "-o", out, "--depth") == 0
    assert "2 done, 1 were done before" in capsys.readouterr().out
    assert run(folder, "-o", out, "--depth", "--invert") == 0
    assert "3 done" in capsys.readouterr().out


def test_photos_of_one_name_do_not_overwrite_each_other(tmp_path):
    for name in ("in/a.png", "in/a.jpg", "in/sub/a.png"):
        save_photo(tmp_path / name)
    assert run(tmp_path / "in", "-o", tmp_path / "out", "--recursive", "--depth") == 0
    assert [n for n in names(tmp_path / "out") if n.endswith("png")] == [
        "a.png_depth.png",
        "a_depth.png",
        "sub/a_depth.png",
    ]


def test_one_bad_file_does_not_stop_the_rest_and_is_named_at_the_end(folder, tmp_path, capsys):
    (folder / "bad.jpg").write_bytes(b"this is no picture")
    (folder / "empty.png").touch()
    whole = (folder / "0.png").read_bytes()
    (folder / "half.png").write_bytes(whole[: len(whole) // 2])
    assert run(folder, "-o", tmp_path / "out", "--depth") == 1
    said = capsys.readouterr()
    assert "3 done, 0 were done before, 3 failed" in said.out
    end = said.err[said.err.rindex("Failed:") :].splitlines()[1:]
    assert [line.split(":")[0].strip().rpartition(os.sep)[2] for line in end] == ["bad.jpg", "empty.png", "half.png"]
    assert len(names(tmp_path / "out")) == 6


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere"], "there is no such file or folder"),
        (["empty_folder"], "there is no photo in this folder"),
        (["in", "--model", "gone.pt"], "gone.pt"),
        (["in", "--model", "moge-2-vits-normal", "--offline", "--models-dir", "none"], "downloading is switched off"),
        (["in", "--normal-source", "network"], "gives no normals"),
    ],
)
def test_nothing_is_started_and_one_sentence_says_why(folder, tmp_path, capsys, monkeypatch, arguments, sentence):
    (tmp_path / "empty_folder").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    assert run(*arguments, "-o", "out") == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.strip() and "rough first look" not in line]
    assert len(lines) == 1 and sentence in lines[0]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--range", "fixed"],
        ["--near", "1"],
        ["--fov", "200"],
        ["--resolution", "0"],
        ["--range", "fixed", "--near", "3", "--far", "2"],
        ["--curve", "gone"],
    ],
    ids=" ".join,
)
def test_wrong_options_are_refused_before_anything_is_loaded(folder, tmp_path, arguments):
    with pytest.raises(SystemExit) as ended:
        run(folder, "-o", tmp_path / "out", *arguments)
    assert ended.value.code == 2 and not (tmp_path / "out").exists()


def test_an_output_that_cannot_be_written_is_said(folder, tmp_path, capsys):
    (tmp_path / "file").write_text("x")
    assert run(folder, "-o", tmp_path / "file") == 2
    assert "is a file; choose a folder" in capsys.readouterr().err


def test_a_link_out_of_the_output_folder_is_not_followed(tmp_path, capsys):
    save_photo(tmp_path / "in" / "sub" / "a.png")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    try:
        (tmp_path / "out" / "sub").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no links")
    assert run(tmp_path / "in", "-o", tmp_path / "out", "--recursive") == 1
    assert "leads out of the output folder" in capsys.readouterr().err and names(tmp_path / "elsewhere") == []


def test_files_of_the_user_are_never_overwritten(tmp_path):
    save_photo(tmp_path / "in" / "a.png")
    out = tmp_path / "out"
    out.mkdir()
    (out / "a_depth.png").write_text("mine")
    assert run(tmp_path / "in", "-o", out, "--depth") == 0
    assert (out / "a_depth.png").read_text() == "mine" and (out / "a.png_depth.png").exists()


def test_a_failing_write_leaves_nothing_half_written(folder, tmp_path, monkeypatch, capsys):
    calls = []
    replace = os.replace

    def full(*paths):
        calls.append(paths)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(output.os, "replace", full)
    assert run(folder, "-o", tmp_path / "out") == 1
    assert calls and names(tmp_path / "out") == [] and "No space left" in capsys.readouterr().err
    monkeypatch.setattr(output.os, "replace", replace)
    assert run(folder, "-o", tmp_path / "out") == 0


def test_interruption_leaves_whole_files_and_goes_on_later(folder, tmp_path, monkeypatch, capsys):
    from sam3d_geometry.cli import photo_run as run_module

    infer, seen = run_module.infer_pointmap, []

    def interrupted(*args, **options):
        seen.append(None)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return infer(*args, **options)

    monkeypatch.setattr(run_module, "infer_pointmap", interrupted)
    assert run(folder, "-o", tmp_path / "out") == 130
    assert names(tmp_path / "out") == ["0.json", "0_depth.png", "0_normals.png"]
    monkeypatch.setattr(run_module, "infer_pointmap", infer)
    assert run(folder, "-o", tmp_path / "out") == 0
    assert "2 done, 1 were done before" in capsys.readouterr().out


def test_one_range_over_the_batch(tmp_path):
    for i in range(2):
        save_photo(tmp_path / "in" / f"{i}.png", seed=i)
    assert run(tmp_path / "in", "-o", tmp_path / "out", "--depth", "--range", "whole-clip") == 0
    ranges = [json.loads((tmp_path / "out" / f"{i}.json").read_text())["depth"] for i in range(2)]
    assert ranges[0]["near"] == ranges[1]["near"] < ranges[0]["far"] == ranges[1]["far"]


@pytest.mark.parametrize(
    ("arguments", "degrees"),
    [(["--fov", "75"], 75.0), (["--focal-mm", "18"], 90.0), (["--focal-px", "32"], 90.0)],
    ids=["degrees", "mm", "pixels"],
)
def test_a_given_camera_is_recorded(tmp_path, arguments, degrees):
    photo = save_photo(tmp_path / "a.png")
    assert run(photo, "-o", tmp_path / "out", "--depth", *arguments) == 0
    camera = json.loads((tmp_path / "out" / "a.json").read_text())["camera"]
    assert camera["fov_x_degrees"] == pytest.approx(degrees, abs=0.01) and camera["source"] == "given"


def test_the_alpha_channel_masks_the_object(tmp_path):
    photo = tmp_path / "cut.png"
    picture = numpy.full((40, 60, 4), 128, numpy.uint8)
    picture[:, :30, 3] = 0
    picture[:, 30:, 3] = 255
    Image.fromarray(picture).save(photo)
    assert run(photo, "-o", tmp_path / "out", "--npz", "--mask-from-alpha") == 0
    mask = numpy.load(tmp_path / "out" / "cut.npz")["mask"]
    assert not mask[:, :28].any() and mask[:, 34:].mean() > 0.5


def test_an_exr_holds_the_arrays_bit_for_bit(tmp_path):
    exr = pytest.importorskip("OpenEXR", reason="OpenEXR is not installed")
    photo, out = save_photo(tmp_path / "room.png", (90, 60)), tmp_path / "out"
    assert run(photo, "-o", out, "--depth", "--npz", "--exr") == 0
    assert names(out) == ["room.exr", "room.json", "room.npz", "room_depth.png"]
    arrays = numpy.load(out / "room.npz")
    channels = {k: v.pixels for k, v in exr.File(str(out / "room.exr"), separate_channels=True).channels().items()}
    expected = {"Z": arrays["depth"], "mask": arrays["mask"], **dict.fromkeys("RGB", arrays["depth"])}
    for i, axis in enumerate("XYZ"):
        expected |= {f"P.{axis}": arrays["points"][..., i], f"N.{axis}": arrays["normals"][..., i]}
    assert set(channels) == set(expected)
    for name, values in expected.items():
        assert numpy.array_equal(channels[name], values), name
    assert json.loads((out / "room.json").read_text(encoding="utf-8"))["outputs"]["exr"] == "room.exr"
    # and is skipped the next time, while what is missing is made
    assert run(photo, "-o", out, "--depth", "--npz", "--exr") == 0
    (out / "room.exr").unlink()
    assert run(photo, "-o", out, "--depth", "--npz", "--exr") == 0 and (out / "room.exr").is_file()


def test_a_recording_of_a_photo(tmp_path):
    pytest.importorskip("rerun", reason="rerun-sdk is not installed")
    photo, out = save_photo(tmp_path / "room.png"), tmp_path / "out"
    assert run(photo, "-o", out, "--depth", "--rrd") == 0
    assert names(out) == ["room.json", "room.rrd", "room_depth.png"]
    assert (out / "room.rrd").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("option", "package", "sentence"),
    [
        ("--exr", "OpenEXR", "EXR files need the Python package"),
        ("--rrd", "rerun", "A recording needs the Python package"),
    ],
)
def test_a_missing_package_is_said_before_anything_is_started(
    folder, tmp_path, capsys, monkeypatch, option, package, sentence
):
    monkeypatch.setitem(sys.modules, package, None)
    assert run(folder, "-o", tmp_path / "out", option) == 2
    lines = capsys.readouterr().err.splitlines()
    assert (
        len(lines) == 1
        and lines[0].startswith(sentence)
        and "pip install" in lines[0]
        and not (tmp_path / "out").exists()
    )


@pytest.mark.parametrize("option", ["--exr", "--rrd"])
def test_an_exact_file_that_cannot_be_written_leaves_no_other_either(tmp_path, monkeypatch, capsys, option):
    pytest.importorskip("OpenEXR" if option == "--exr" else "rerun")
    from sam3d_geometry.cli import photo_products as products

    def full(*arguments, **how):
        arguments[-1].write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(products, "write_geometry_exr" if option == "--exr" else "write_recording", full)
    assert run(save_photo(tmp_path / "a.png"), "-o", tmp_path / "out", option) == 1
    assert names(tmp_path / "out") == [] and "No space left" in capsys.readouterr().err


def test_as_a_command_of_its_own(tmp_path):
    photo = save_photo(tmp_path / "ph\u00f6to.png")
    command = [sys.executable, "-m", "sam3d_geometry", str(photo), "-o", str(tmp_path / "out"), "--npz"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0 and "1 done" in done.stdout, done.stderr
    assert zipfile.is_zipfile(tmp_path / "out" / "ph\u00f6to.npz")


@pytest.mark.parametrize(
    ("chosen", "suffix"), [("glb", ".glb"), ("json", ".json"), ("chan", ".chan"), ("after-effects", ".txt")]
)
def test_the_camera_is_that_of_the_record(tmp_path, chosen, suffix):
    photo, out = save_photo(tmp_path / "room.png", (90, 60)), tmp_path / "out"
    assert run(photo, "-o", out, "--depth", "--fov", "50", "--camera", chosen) == 0
    assert names(out) == sorted(["room.json", f"room_camera{suffix}", "room_depth.png"])
    content = (out / f"room_camera{suffix}").read_bytes()
    if chosen == "json":
        assert json.loads(content)["frames"][0]["fl_x"] == pytest.approx(45 / numpy.tan(numpy.deg2rad(25)), rel=1e-5)
    if chosen == "chan":
        assert float(content.split()[-1]) == pytest.approx(34.538, abs=1e-3)
    run(photo, "-o", out, "--depth", "--fov", "50", "--camera", chosen)
    assert (out / f"room_camera{suffix}").read_bytes() == content


def test_photos_of_floats_give_what_the_ordinary_picture_gives(tmp_path, capsys):
    pytest.importorskip("OpenEXR", reason="OpenEXR is not installed")
    shown = numpy.array(Image.open(save_photo(tmp_path / "png" / "a.png")))
    light = linear_from_srgb(torch.from_numpy(shown).float() / 255).numpy() * 8
    for kind in ("exr", "tif"):
        (tmp_path / kind).mkdir()
    write_picture_exr(tmp_path / "exr" / "a.exr", rgb_channels(light))
    write_picture_exr(tmp_path / "exr" / "depth.exr", {"Z": light[..., 0]})
    write_float_tiff(tmp_path / "tif" / "a.tif", light, 8, 3)
    for kind in ("png", "exr", "tif"):
        assert run(tmp_path / kind, "-o", tmp_path / "out" / kind, "--depth", "--exposure", "-3") == 0
        made = Image.open(tmp_path / "out" / kind / "a_depth.png")
        assert numpy.array_equal(made, Image.open(tmp_path / "out" / "png" / "a_depth.png"))
    assert "a.exr: Its floats are taken for linear light and shown in sRGB at -3 stops" in capsys.readouterr().err
    record = json.loads((tmp_path / "out" / "exr" / "a.json").read_text())
    assert record["options"]["exposure"] == -3 and "at -3 stops" in record["notes"][0]
    assert names(tmp_path / "out" / "exr") == ["a.json", "a_depth.png"]
    assert run(tmp_path / "exr", "-o", tmp_path / "out" / "exr", "--depth") == 0  # another exposure is another result
    assert "1 done" in capsys.readouterr().out
    assert run(tmp_path / "exr" / "depth.exr", "-o", tmp_path / "out" / "exr") == 1
    assert "depth.exr: it has no picture in color or gray but the channels Z." in capsys.readouterr().err
