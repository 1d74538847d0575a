"""Frames of a pointmap as depth files of one kind: one range, one size, one sentence where it does not go."""

import io

import closed_form
import pytest
import torch
from depth_frames import clip, frame, save

from sam3d_geometry.files.depth_file import DEPTH_FORMATS, numbered_from, read_depth
from sam3d_geometry.files.depth_frame import pointmap_from_frames
from sam3d_geometry.files.depth_series import POINTMAP, RANGE, DepthSeries, read_series
from sam3d_geometry.files.geometry_exr import write_geometry_exr

OpenEXR = pytest.importorskip("OpenEXR", reason="OpenEXR is not installed")


def test_an_unknown_depth_for_sky_is_refused():
    with pytest.raises(ValueError, match="invalid_depth came as 'gone'; choose one of zero, far, infinity"):
        DepthSeries(invalid_depth="gone")


@pytest.mark.parametrize("name", DEPTH_FORMATS)
@pytest.mark.parametrize("seen", ["nothing", "one pixel"])
def test_masks_of_nothing_and_of_one_pixel(tmp_path, name, seen):
    depth = torch.zeros(1, 3, 5)
    depth[0, 1, 2] = 2.5 if seen == "one pixel" else 0
    series = DepthSeries(depth_format=name, steps_of=RANGE)
    (held,) = series.frames(closed_form.pointmap(depth))
    path = tmp_path / f"a{series.suffix}"
    with path.open("wb") as file:
        series.writer(held)(file)
    back = read_depth(path)
    assert torch.equal(back.depth, depth[0]) and torch.equal(back.mask, depth[0] > 0)
    assert (back.record.nearest, back.record.farthest) == ((2.5, 2.5) if seen == "one pixel" else (0, 0))


def test_frames_of_a_depth_video_are_read_as_those_of_save_depth(tmp_path):
    held = frame()
    save(tmp_path / "saved_1.exr", held, "exr 32-bit")
    save(tmp_path / "saved_2.exr", held, "exr 32-bit")
    for number in (1, 2):
        with (tmp_path / f"video_{number}.exr").open("wb") as file:
            write_geometry_exr(pointmap_from_frames([held]), held.normals[None], file)
    saved, video = (read_series(numbered_from(tmp_path / f"{name}_1.exr", 0)) for name in ("saved", "video"))
    assert len(video.depth) == 2
    assert torch.equal(saved.depth, video.depth)
    assert torch.equal(saved.mask, video.mask)
    assert (saved.near, saved.far) == (video.near, video.far)


def test_one_range_for_all_frames_that_holds_them_all():
    frames = list(DepthSeries(depth_format="png 16-bit", steps_of=RANGE).frames(clip()))
    ranges = {(f.record.steps.near, f.record.steps.far) for f in frames}
    assert ranges == {(min(f.record.nearest for f in frames), max(f.record.farthest for f in frames))}


def test_size_of_the_photo_of_an_image_and_of_the_pointmap():
    frames = clip()
    assert [tuple(f.depth.shape) for f in DepthSeries().frames(frames)] == [(60, 80)] * 2
    image = torch.rand(1, 90, 120, 3)
    assert [tuple(f.normals.shape) for f in DepthSeries().frames(frames, image)] == [(90, 120, 3)] * 2
    held = list(DepthSeries(output_size=POINTMAP).frames(frames, image))
    assert torch.equal(torch.stack([f.depth for f in held]), frames.depth)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"depth_format": "gif"}, "Depth format 'gif' is not known"),
        ({"steps_of": "steps"}, "Input steps_of came as 'steps'"),
        ({"depth_format": "png 16-bit", "steps_per_unit": 1e5}, "set steps_per_unit to at most"),
        ({"depth_format": "png 16-bit", "steps_of": RANGE, "near": 3, "far": 2}, "near 3, far 2"),
        ({"depth_format": "png 16-bit", "steps_per_unit": 0}, "must be greater than 0"),
    ],
    ids=str,
)
def test_what_does_not_go_is_refused_in_a_sentence(options, sentence):
    with pytest.raises(ValueError, match=sentence) as raised:
        series = DepthSeries(**options)
        for held in series.frames(clip()):
            series.writer(held)(io.BytesIO())
    assert str(raised.value).endswith(".")
