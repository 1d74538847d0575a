"""Frames are read by the chunk, each once, and go through the network the same with and without reading ahead."""

from dataclasses import replace

import pytest
import torch
from brightness import BrightnessEngine
from clips import make_folder, number

from sam3d_geometry.estimate.inference import infer_pointmap
from sam3d_geometry.models import PREVIEW, load_model
from sam3d_geometry.models.preview import WEIGHTS
from sam3d_geometry.video.clip_facts import Position
from sam3d_geometry.video.clip_file import open_clip
from sam3d_geometry.video.engine import LocalEngine, StreamSettings, Survey, read_chunks, survey_clip
from sam3d_geometry.video.overlap import Pipeline


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return open_clip(make_folder(tmp_path_factory.mktemp("clips") / "frames", 7))


def numbers(chunks):
    return [[number(image) for image in chunk.images.numpy()] for chunk in chunks]


@pytest.mark.parametrize(
    ("size", "after", "expected"),
    [
        (3, None, [[0, 1, 2], [3, 4, 5], [6]]),
        (7, None, [[0, 1, 2, 3, 4, 5, 6]]),
        (9, None, [[0, 1, 2, 3, 4, 5, 6]]),
        (2, 3, [[4, 5], [6]]),
        (2, 6, []),
    ],
)
def test_every_frame_is_in_one_chunk(clip, size, after, expected):
    times = clip.times()
    chunks = list(read_chunks(clip, size, None if after is None else Position(after, times[after])))
    assert numbers(chunks) == expected
    positions = [position for chunk in chunks for position in chunk.positions]
    assert [p.index for p in positions] == [index for chunk in expected for index in chunk]
    assert [p.time for p in positions] == [times[p.index] for p in positions]


def test_a_chunk_is_not_written_over_by_the_next(clip):
    first, *_ = list(read_chunks(clip, 3, None))
    assert numbers([first]) == [[0, 1, 2]]


def test_one_camera_is_that_of_the_sampled_frames_unless_one_is_given(clip):
    engine, open_settings = BrightnessEngine(), StreamSettings()
    assert survey_clip(clip, engine, open_settings).fov_x_degrees == pytest.approx(53.13, abs=0.01)
    assert survey_clip(clip, engine, replace(open_settings, fov_x_degrees=40.0)) == Survey(40.0)
    assert survey_clip(clip, engine, replace(open_settings, one_camera=False)) == Survey(None)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"range": "gone"}, "Range 'gone' is not known; choose one of"),
        ({"frames_per_chunk": 0}, "frames_per_chunk came as 0"),
        ({"range": "fixed", "near": 3.0, "far": 2.0}, "near"),
    ],
)
def test_settings_that_cannot_be_are_refused(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        StreamSettings(**options)


@pytest.mark.skipif(not WEIGHTS.exists(), reason="the pack's preview.safetensors is not there")
@pytest.mark.parametrize("overlap", [True, False])
def test_the_network_here_sees_each_frame_as_it_does_alone(clip, overlap):
    model = load_model(PREVIEW, allow_download=False)
    settings = StreamSettings(resolution=64, frames_per_chunk=3)
    chunks = list(LocalEngine(model).geometry(clip, settings, Survey(50.0), None, Pipeline(overlap)))
    assert [position.index for chunk in chunks for position in chunk.positions] == list(range(7))
    for chunk, part in zip(chunks, read_chunks(clip, 3, None)):
        alone = infer_pointmap(model, part.images.float() / 255, resolution=64, fov_x_degrees=50.0, frames_per_batch=3)
        assert torch.equal(chunk.pointmap.points, alone.points)


@pytest.mark.skipif(not WEIGHTS.exists(), reason="the pack's preview.safetensors is not there")
def test_what_was_seen_stays_when_other_frames_of_other_sizes_follow():
    engine, settings = LocalEngine(load_model(PREVIEW, allow_download=False)), StreamSettings(resolution=64)
    batches = [
        torch.randint(0, 256, (frames, 32, width, 3), dtype=torch.uint8)
        for frames, width in ((3, 48), (2, 48), (2, 64))
    ]
    seen = [engine.infer(images, settings, 50.0) for images in batches]
    for images, pointmap in zip(batches, seen):
        assert torch.equal(pointmap.image, images.float() / 255)
        again = LocalEngine(engine._model).infer(images.float() / 255, settings, 50.0)
        assert torch.equal(pointmap.points, again.points)


@pytest.mark.skipif(not WEIGHTS.exists(), reason="the pack's preview.safetensors is not there")
def test_frames_for_the_camera_are_seen_with_the_threads_of_the_network_and_no_more(clip, monkeypatch):
    before, engine = torch.get_num_threads(), LocalEngine(load_model(PREVIEW, allow_download=False))
    counts, infer = [], engine._infer

    def counted(*given):
        counts.append(torch.get_num_threads())
        return infer(*given)

    monkeypatch.setattr(engine, "_infer", counted)
    torch.set_num_threads(4)
    try:
        assert len(engine.sample(clip, StreamSettings(resolution=64, frames_per_chunk=4))) == 7
        assert counts == [2, 2] and torch.get_num_threads() == 4
    finally:
        torch.set_num_threads(before)


@pytest.mark.skipif(not WEIGHTS.exists(), reason="the pack's preview.safetensors is not there")
@pytest.mark.parametrize("overlap", [True, False])
def test_a_clip_is_seen_where_nodes_run_in_inference_mode_and_its_threads_do_not(clip, overlap):
    engine, settings = LocalEngine(load_model(PREVIEW, allow_download=False)), StreamSettings(resolution=64)
    with torch.inference_mode():
        engine.sample(clip, settings)
        seen = list(engine.geometry(clip, settings, Survey(50.0), None, Pipeline(overlap)))
    plainly = list(engine.geometry(clip, settings, Survey(50.0), None, Pipeline(overlap)))
    for one, other in zip(seen, plainly, strict=True):
        assert torch.equal(one.pointmap.points, other.pointmap.points)
