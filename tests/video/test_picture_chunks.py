"""The second half of a stream: what follows motion is given the frames' steps, and nothing else waits for them."""

import pytest
import torch
from brightness import BrightnessEngine
from clips import make_folder, number

from sam3d_geometry.video.clip_facts import Position
from sam3d_geometry.video.clip_file import open_clip
from sam3d_geometry.video.engine import StreamSettings, Survey
from sam3d_geometry.video.journal import Commit
from sam3d_geometry.video.overlap import Pipeline
from sam3d_geometry.video.picture_chunks import is_drawn_late, pictures_after_commit
from sam3d_geometry.video.product import VideoProduct
from sam3d_geometry.video.stages import Staged
from sam3d_geometry.video.timings import Timings

SETTINGS = StreamSettings(range="fixed", near=1.0, far=2.0, one_camera=False, frames_per_chunk=3)


class Watching:
    """A stage that changes nothing and notes which steps it is given."""

    name = "watching"

    def __init__(self, follows_motion):
        self.follows_motion, self.given = follows_motion, []

    def __call__(self, pointmap, state, steps=None):
        self.given.append(steps)
        return Staged(pointmap, (state or 0) + len(pointmap), steps)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return open_clip(make_folder(tmp_path_factory.mktemp("clips") / "frames", 7))


@pytest.fixture
def products(tmp_path):
    return [VideoProduct("depth", "ffv1 16-bit mkv", tmp_path / "depth.mkv")]


def pictures(clip, products, stage, last=Commit(), pipeline=Pipeline(False), settings=SETTINGS):  # noqa: B008
    return list(
        pictures_after_commit(
            BrightnessEngine(), clip, products, settings, stages=[stage], survey=Survey(), last=last, pipeline=pipeline
        )
    )


@pytest.mark.parametrize("overlap", [True, False])
def test_stages_that_follow_motion_are_given_the_steps_of_all_frames_but_the_first(clip, products, overlap):
    stage, timings = Watching(True), Timings()
    chunks = pictures(clip, products, stage, pipeline=Pipeline(overlap, timings))
    assert [len(chunk.positions) for chunk in chunks] == [3, 3, 1] and [chunk.states for chunk in chunks] == [
        (3,),
        (6,),
        (7,),
    ]
    assert [[step is None for step in steps] for steps in stage.given] == [[True, False, False], [False] * 3, [False]]
    assert {"flow", "watching", "range", "render"} <= set(timings.steps)


def test_others_are_given_none_and_no_flow_is_looked_for(clip, products):
    stage, timings = Watching(False), Timings()
    pictures(clip, products, stage, pipeline=Pipeline(False, timings))
    assert stage.given == [None] * 3 and "flow" not in timings.steps


def test_it_goes_on_after_a_commit_with_its_states(clip, products):
    last = Commit(Position(2, clip.times()[2]), (0,), {}, (torch.tensor(3),))
    chunks = pictures(clip, products, Watching(True), last)
    assert [p.index for chunk in chunks for p in chunk.positions] == [3, 4, 5, 6]
    assert chunks[-1].states == (7,)


def test_what_needs_the_range_of_the_whole_clip_is_drawn_late(clip, products):
    whole = StreamSettings(one_camera=False, frames_per_chunk=3)
    assert is_drawn_late(products[0], whole) and not is_drawn_late(products[0], SETTINGS)
    kept = pictures(clip, products, Watching(False), settings=whole)[0].pictures[0]
    assert kept.dtype == "float32" and [number(255 * (frame[..., None].repeat(3, -1) - 1)) for frame in kept] == [
        0,
        1,
        2,
    ]
