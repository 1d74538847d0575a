"""A clip's job: the part that is read, what is made of it, and what a dry run knows of it."""

import json
from pathlib import Path

import numpy
import pytest
from clips import make_clip, make_folder
from float_pictures import write_float_tiff

from sam3d_geometry.cli import clips
from sam3d_geometry.cli.clip_job import ClipJob, opened_clip, products_named, result_names, settings_of, stages_of

pytest.importorskip("av", reason="PyAV is not installed")

FAST = ["--resolution", "64", "--device", "cpu", "--steady", "off"]


def args(*more):
    return clips.parser().parse_args(["clip", "-o", "out", *more])


def run(*arguments):
    return clips.main([str(argument) for argument in arguments] + FAST)


@pytest.mark.parametrize(
    ("more", "first", "frames"),
    [
        ([], "shot_0", 10),
        (["--start-number", "4"], "shot_4", 6),
        (["--start", "0.25"], "shot_6", 4),
        (["--duration", "0.125"], "shot_0", 3),
        (["--start-number", "2", "--start", "0.125", "--duration", "0.125"], "shot_5", 3),
    ],
    ids=str,
)
def test_a_part_of_a_folder_of_frames(tmp_path, more, first, frames):
    clip = opened_clip(args(*more), make_folder(tmp_path / "shot", 10))
    assert (clip.frame_name(0), clip.facts.frames) == (first, frames)
    assert len(list(clip.frames())) == len(clip.times()) == frames


@pytest.mark.parametrize("more", [["--start", "9"], ["--start-number", "10"]], ids=str)
def test_a_part_without_a_frame_is_refused(tmp_path, more):
    with pytest.raises(ValueError, match="holds no frame in the part that was asked for"):
        opened_clip(args(*more), make_folder(tmp_path / "shot", 10))


def test_exposure_reaches_the_frames_and_tells_jobs_apart(tmp_path):
    (tmp_path / "shot").mkdir()
    write_float_tiff(tmp_path / "shot" / "0.tif", numpy.full((20, 30), 2.0))
    dark, bright = (opened_clip(args("--exposure", stops), tmp_path / "shot") for stops in ("-2", "0"))
    assert [int(next(clip.frames()).pixels.max()) for clip in (dark, bright)] == [188, 255]
    assert "at -2 stops" in dark.facts.notes[0] and dark.fingerprint() != bright.fingerprint()


def test_a_part_of_a_video_file(tmp_path):
    make_clip(tmp_path / "a.mp4", 30)
    clip = opened_clip(args("--start", "0.5", "--duration", "0.25"), tmp_path / "a.mp4")
    assert len(list(clip.frames())) == 8  # 15 x 1001 / 30000 s is the first after half a second
    with pytest.raises(ValueError, match="--exposure is for folders of EXR or float TIFF frames"):
        opened_clip(args("--exposure", "1"), tmp_path / "a.mp4")
    with pytest.raises(ValueError, match="--start-number is for folders of numbered frames"):
        opened_clip(args("--start-number", "3"), tmp_path / "a.mp4")


def test_validity_and_the_depth_of_sky_reach_the_stream():
    settings = settings_of(args("--validity", "all-finite", "--invalid-depth", "infinity"))
    assert (settings.validity, settings.look.invalid_depth) == ("all finite", "infinity")
    assert (settings_of(args()).validity, settings_of(args()).look.invalid_depth) == ("mask", "zero")


def test_the_refinement_of_edges_reaches_the_stream():
    assert [settings_of(args(*more)).refine_edges for more in ((), ("--refine", "photo"))] == ["auto", "photo"]


def test_results_are_named_after_their_clips():
    assert result_names([Path("x/a.mp4"), Path("y/b.mov")]) == ["a", "b"]
    assert result_names([Path("x/a.mp4"), Path("y/a.mov")]) == ["a.mp4", "a.mov"]
    with pytest.raises(ValueError, match="same file name"):
        result_names([Path("x/a.mp4"), Path("y/a.mp4")])


def test_what_is_made_and_how():
    made = products_named(args("--depth", "--colormap", "turbo", "--exr", "--format", "png-16-bit-files"), "a")
    assert [(p.kind, p.target.as_posix()) for p in made] == [
        ("coloured depth", "out/a_depth"),
        ("true depth", "out/a_true_depth"),
    ]
    settings = settings_of(args("--range", "fixed", "--near", "1", "--far", "9", "--invalid", "white"), 50.0)
    assert (settings.near, settings.far, settings.look.invalid, settings.fov_x_degrees) == (1, 9, "white", 50.0)
    assert stages_of(args("--steady", "average", "--steady-strength", "0.4"))[0].strength == 0.4


def test_another_part_or_fill_is_another_job(tmp_path):
    class Engine:
        model_name = "none"

    def fingerprint(*more):
        given = args(*more, "--steady", "off")
        return json.dumps(ClipJob.of(given, opened_clip(given, folder), "a").fingerprint(Engine()))

    folder = make_folder(tmp_path / "shot", 10)
    jobs = [fingerprint(), fingerprint("--start", "0.1"), fingerprint("--invalid", "gray"), fingerprint("--fov", "9")]
    assert len(set(jobs)) == 4


def test_a_dry_run_lists_what_a_run_writes_and_does_nothing(tmp_path, capsys, monkeypatch):
    folder, out = make_folder(tmp_path / "shot", 3), tmp_path / "out"
    with monkeypatch.context() as patched:
        patched.setattr(clips, "loaded_model", None)
        assert run(folder, "-o", out, "--exr", "--dry-run") == 0
    listed = capsys.readouterr().out.splitlines()
    assert not out.exists()
    assert run(folder, "-o", out, "--exr") == 0
    assert sorted(listed) == [str(path) for path in sorted(out.iterdir())]
    capsys.readouterr()
    assert run(folder, "-o", out, "--exr", "--dry-run") == 0
    assert capsys.readouterr().out == ""
    (out / "shot.json").write_text("[]", encoding="utf-8")
    assert run(folder, "-o", out, "--exr", "--dry-run") == 1
    assert "was not written by this command" in capsys.readouterr().err
