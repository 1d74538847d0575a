"""Depth and normals of a clip lie beside their base, under a name that is the job's: the same again, another for another."""

import pytest
from brightness import BrightnessEngine
from clips import decode, make_folder

from sam3d_geometry.video.clip_file import open_clip
from sam3d_geometry.video.depth_videos import depth_videos
from sam3d_geometry.video.engine import StreamSettings
from sam3d_geometry.video.stages import Smooth

pytest.importorskip("av", reason="PyAV is not installed")

FRAMES = 5
FIXED = StreamSettings(range="fixed", near=1.0, far=2.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_folder(tmp_path_factory.mktemp("clips") / "frames", FRAMES)


def written(folder, base, depth="ffv1 16-bit mkv", normals="none", settings=FIXED, stages=()):
    clip = open_clip(folder)
    return depth_videos(
        BrightnessEngine(), clip, base, depth_codec=depth, normals_codec=normals, settings=settings, stages=stages
    )


def test_videos_and_folders_of_frames_lie_beside_the_base(folder, tmp_path):
    made = written(folder, tmp_path / "shot", "exr 32-bit files", "h264 8-bit mp4")
    assert set(made.targets) == {"depth", "normals"}
    assert made.is_video("normals") and not made.is_video("depth") and not made.is_video("sound")
    assert {path.parent for path in made.targets.values()} == {tmp_path}
    assert all(path.name.startswith("shot_") for path in made.targets.values())
    assert len(list(made.targets["depth"].glob("*.exr"))) == len(decode(made.targets["normals"])[0]) == FRAMES


def test_the_same_job_has_the_same_name_and_another_another(folder, tmp_path):
    names = {written(folder, tmp_path / "shot").targets["depth"].name for _ in range(2)}
    names.add(written(folder, tmp_path / "shot", stages=[Smooth(0.5)]).targets["depth"].name)
    names.add(written(folder, tmp_path / "shot", settings=StreamSettings()).targets["depth"].name)
    names.add(written(folder, tmp_path / "shot", normals="h264 8-bit mp4").targets["depth"].name)
    assert len(names) == 4


def test_the_range_is_the_one_given_the_one_found_or_none(folder, tmp_path):
    given = written(folder, tmp_path / "a")
    found = written(folder, tmp_path / "b", settings=StreamSettings(clip_percent=0))
    each = written(folder, tmp_path / "c", settings=StreamSettings(range="per frame"))
    assert (given.near, given.far) == (1.0, 2.0) and (each.near, each.far) == (0.0, 0.0)
    assert 1 <= found.near < 1.2 < 1.8 < found.far <= 2


@pytest.mark.parametrize(
    ("depth", "normals", "sentence"),
    [
        ("gif", "none", "Input depth_codec came as 'gif'; choose one of"),
        ("none", "exr 32-bit files", "Input normals_codec came as 'exr 32-bit files'"),
        ("none", "none", "are both none; choose a codec for at least one"),
    ],
)
def test_what_cannot_be_written_is_refused_in_a_sentence(folder, tmp_path, depth, normals, sentence):
    with pytest.raises(ValueError, match=sentence):
        written(folder, tmp_path / "shot", depth, normals)
    assert list(tmp_path.iterdir()) == []
