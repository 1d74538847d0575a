"""The command line for clips: what it writes, skips, resumes and says; test_killed_clips.py really kills it."""

import json
import sys

import numpy
import pytest
from clips import decode, make_folder, picture
from PIL import Image

from sam3d_geometry.cli.clips import main
from sam3d_geometry.files.depth_file import read_depth
from sam3d_geometry.video import stream

pytest.importorskip("av", reason="PyAV is not installed")

FAST = ["--resolution", "64", "--frames-per-batch", "8", "--device", "cpu"]


class TestInProcess:
    @pytest.fixture
    def folder(self, tmp_path):
        return make_folder(tmp_path / "shot", 6)

    def run(self, folder, tmp_path, *more):
        return main([str(folder), "-o", str(tmp_path / "out"), *FAST, *more])

    def test_what_is_done_is_skipped(self, folder, tmp_path, capsys):
        assert self.run(folder, tmp_path) == 0
        made = {p: p.stat().st_mtime_ns for p in (tmp_path / "out").iterdir()}
        assert {p.name for p in made} == {"shot.json", "shot_depth.mp4", "shot_normals.mp4"}
        assert self.run(folder, tmp_path) == 0
        assert "0 done, 1 were done before" in capsys.readouterr().out
        assert {p: p.stat().st_mtime_ns for p in (tmp_path / "out").iterdir()} == made

    def test_other_options_do_it_again(self, folder, tmp_path, capsys):
        self.run(folder, tmp_path)
        self.run(folder, tmp_path, "--invert")
        assert "1 done, 0 were done before" in capsys.readouterr().out.splitlines()[-1]

    def test_the_camera_s_path_is_a_file_for_other_programs(self, folder, tmp_path, capsys):
        assert self.run(folder, tmp_path, "--depth", "--camera", "after-effects", "--fov", "50") == 0
        record = json.loads((tmp_path / "out" / "shot.json").read_text(encoding="utf-8"))
        assert record["outputs"]["camera"] == "shot_camera.txt"
        said = (tmp_path / "out" / "shot_camera.txt").read_text(encoding="ascii")
        assert said.startswith("Adobe After Effects 8.0 Keyframe Data") and said.count("\n\t5\t") == 3
        assert self.run(folder, tmp_path, "--depth", "--camera", "after-effects", "--fov", "50") == 0
        assert "0 done, 1 were done before" in capsys.readouterr().out
        with pytest.raises(SystemExit):
            self.run(folder, tmp_path, "--camera", "glb", "--steady", "off")
        assert "--camera needs --steady motion" in capsys.readouterr().err

    def test_the_record_says_camera_and_range(self, folder, tmp_path):
        self.run(folder, tmp_path, "--exr", "--fov", "60", "--frame-rate", "25")
        record = json.loads((tmp_path / "out" / "shot.json").read_text(encoding="utf-8"))
        assert (record["frames"], record["frame_rate"], record["fov_x_degrees"]) == (6, "25", 60)
        assert 0 < record["near"] < record["far"]
        assert record["camera"]["fov_x_degrees"] == pytest.approx(60) and record["camera"]["source"] == "given"
        assert record["camera"]["focal_px"] == pytest.approx(48 / numpy.tan(numpy.pi / 6))
        assert (record["source"]["width"], record["source"]["height"], record["source"]["pixel_aspect"]) == (
            96,
            54,
            "1:1",
        )
        assert record["outputs"]["true depth"] == "shot_true_depth" and record["depth"]["metric"] is False
        assert len(list((tmp_path / "out" / "shot_true_depth").glob("shot_*.exr"))) == 6

    @pytest.mark.parametrize("curve", ["disparity", "linear", "log"])
    @pytest.mark.parametrize("invert", [False, True])
    def test_the_record_s_formula_gives_the_distance_that_a_value_stands_for(self, folder, tmp_path, curve, invert):
        pytest.importorskip("OpenEXR", reason="OpenEXR is not installed")
        options = ["--curve", curve, *["--invert"] * invert, "--clip-percent", "0", "--format", "ffv1-16-bit-mkv"]
        assert (
            self.run(folder, tmp_path, "--depth", "--exr", "--validity", "all-finite", "--steady", "off", *options) == 0
        )
        depth = json.loads((tmp_path / "out" / "shot.json").read_text(encoding="utf-8"))["depth"]
        nearness_text, _, distance_text = depth["meaning"].partition("; distance along the view axis = ")
        value = decode(tmp_path / "out" / "shot_depth.mkv")[1][3] / 65535
        given = {"value": value, "near": depth["near"], "far": depth["far"]}
        nearness = eval(nearness_text.partition(" = ")[2].partition(",")[0], {}, given)
        distance = eval(distance_text, {}, {**given, "nearness": nearness})
        exact = read_depth(tmp_path / "out" / "shot_true_depth" / "shot_3.exr").depth.numpy()
        # pictures are enlarged softly, distances are not
        assert numpy.median(numpy.abs(distance / exact - 1)) < 2e-3

    @pytest.mark.parametrize(
        ("lens", "degrees"),
        [
            (["--fov", "50"], 50.0),
            (["--focal-mm", "18"], 90.0),
            (["--focal-mm", "12", "--sensor-width-mm", "24"], 90.0),
        ],
        ids=["degrees", "full frame", "another sensor"],
    )
    def test_a_given_lens_is_the_clip_s_camera(self, folder, tmp_path, lens, degrees):
        assert self.run(folder, tmp_path, "--depth", *lens) == 0
        record = json.loads((tmp_path / "out" / "shot.json").read_text(encoding="utf-8"))
        assert record["fov_x_degrees"] == pytest.approx(degrees, abs=0.01)

    def test_a_clip_that_cannot_be_read_does_not_stop_the_others(self, folder, tmp_path, capsys):
        (tmp_path / "bad.mp4").write_bytes(b"no video" * 99)
        status = main([str(tmp_path / "bad.mp4"), str(folder), "-o", str(tmp_path / "out"), *FAST])
        assert status == 1
        assert "bad.mp4 cannot be read as a video" in capsys.readouterr().err
        assert (tmp_path / "out" / "shot_depth.mp4").exists()

    @pytest.mark.parametrize("text", ["[]", "{", ""])
    def test_a_json_of_another_program_is_kept_and_does_not_stop_the_others(self, folder, tmp_path, capsys, text):
        other = make_folder(tmp_path / "other", 3)
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "shot.json").write_text(text, encoding="utf-8")
        assert main([str(folder), str(other), "-o", str(tmp_path / "out"), *FAST]) == 1
        assert "shot.json was not written by this command" in capsys.readouterr().err
        assert (tmp_path / "out" / "shot.json").read_text(encoding="utf-8") == text
        assert (tmp_path / "out" / "other_depth.mp4").exists()
        assert not (tmp_path / "out" / "shot_depth.mp4").exists()

    def test_a_video_of_somebody_else_is_replaced_only_when_asked(self, folder, tmp_path, capsys):
        (tmp_path / "out").mkdir()
        video = tmp_path / "out" / "shot_depth.mp4"
        video.write_bytes(b"mine")
        assert self.run(folder, tmp_path) == 1
        assert "shot_depth.mp4 was not written by this command" in capsys.readouterr().err
        assert video.read_bytes() == b"mine"
        assert self.run(folder, tmp_path, "--overwrite") == 0
        assert len(decode(video)[0]) == 6

    @pytest.mark.parametrize("overwrite", [False, True])
    def test_an_unfinished_job_resumes_unless_it_is_to_be_overwritten(self, folder, tmp_path, monkeypatch, overwrite):
        monkeypatch.setattr(stream, "SEGMENT_FRAMES", 2)
        seen, write = [], stream.SegmentWriter.write

        def interrupted(writer, values, time):
            seen.append(time)
            if len(seen) == 5:
                raise KeyboardInterrupt
            write(writer, values, time)

        monkeypatch.setattr(stream.SegmentWriter, "write", interrupted)
        options = ["--depth", "--frames-per-batch", "2"]
        assert self.run(folder, tmp_path, *options) == 130
        seen.clear()
        monkeypatch.setattr(
            stream.SegmentWriter,
            "write",
            lambda writer, values, time: (seen.append(time), write(writer, values, time)),
        )
        assert self.run(folder, tmp_path, *options, *["--overwrite"][: int(overwrite)]) == 0
        assert seen == ([0, 1, 2, 3, 4, 5] if overwrite else [4, 5])

    @pytest.mark.parametrize("error", [RuntimeError("CUDA out of memory\nat line 7"), MemoryError(), ValueError("odd")])
    def test_an_error_of_one_clip_does_not_stop_the_others(self, folder, tmp_path, monkeypatch, capsys, error):
        from sam3d_geometry.cli import clips

        other, stream_clip = make_folder(tmp_path / "other", 3), clips.stream_clip

        def failing(engine, clip, *arguments, **options):
            if clip.path == folder:
                raise error
            return stream_clip(engine, clip, *arguments, **options)

        monkeypatch.setattr(clips, "stream_clip", failing)
        assert main([str(folder), str(other), "-o", str(tmp_path / "out"), *FAST]) == 1
        said = capsys.readouterr()
        reason = str(error).partition("\n")[0] or "MemoryError"
        assert said.err.splitlines()[-1] == f"  {folder}: {reason}"
        assert "1 done, 0 were done before, 1 failed" in said.out

    def test_without_a_clip_that_can_be_read_nothing_is_started(self, tmp_path, monkeypatch, capsys):
        from sam3d_geometry.cli import clips

        monkeypatch.setattr(clips, "loaded_model", None)
        assert main([str(tmp_path / "*.mp4"), "-o", str(tmp_path / "out"), *FAST]) == 2
        assert "does not exist; give a video file" in capsys.readouterr().err
        assert not (tmp_path / "out").exists()

    def test_a_part_of_wildcards_clips_fills_what_has_no_depth(self, folder, tmp_path):
        make_folder(tmp_path / "shut", 4)
        pattern = str(tmp_path / "sh[ou]t")
        status = main([pattern, "-o", str(tmp_path / "out"), *FAST, "--start-number", "2", "--invalid", "white"])
        assert status == 0
        counts = {n: len(decode(tmp_path / "out" / f"{n}_depth.mp4")[0]) for n in ("shot", "shut")}
        assert counts == {"shot": 4, "shut": 2}

    def test_a_program_is_told_in_objects(self, folder, tmp_path, capsys):
        assert self.run(folder, tmp_path, "--depth", "--progress", "json") == 0
        said = capsys.readouterr()
        events = [json.loads(line) for line in said.err.splitlines()]
        assert said.out == ""
        assert [e["done"] for e in events if e["event"] == "progress"] == [6]
        assert events[-1] == {
            "event": "end",
            "status": 0,
            "done": 1,
            "done_before": 0,
            "failed": [],
            "out": str(tmp_path / "out"),
        }

    @pytest.mark.parametrize("mode", ["text", "json", "quiet"])
    def test_where_the_time_went_is_told_when_asked(self, folder, tmp_path, capsys, mode):
        more = {"text": (), "json": ("--progress", "json"), "quiet": ("--quiet",)}[mode]
        assert self.run(folder, tmp_path, "--depth", "--profile", *more) == 0
        said = capsys.readouterr().err
        if mode == "quiet":
            assert "network" not in said
        elif mode == "json":
            told = next(e for e in map(json.loads, said.splitlines()) if e["event"] == "profile")
            assert told["frames"] == 6 and told["what"] == "shot" and told["steps"]["network"][0] > 0
        else:
            lines = said[said.index("shot:\n") :].splitlines()[2:]
            steps = [line.split()[0] for line in lines]
            wanted = "survey decode network refine flow align smoothing range render encode join waiting"
            assert steps[: len(wanted.split())] == wanted.split()

    def test_the_arrays_of_every_frame_say_what_the_other_files_say(self, folder, tmp_path):
        pytest.importorskip("OpenEXR", reason="OpenEXR is not installed")
        assert self.run(folder, tmp_path, "--depth", "--exr", "--npz", "--fov", "90") == 0
        files = sorted((tmp_path / "out" / "shot_arrays").iterdir())
        assert [path.name for path in files] == [f"shot_{i}.npz" for i in range(6)]
        for path in files:
            arrays = numpy.load(path)
            exact = read_depth(tmp_path / "out" / "shot_true_depth" / f"{path.stem}.exr").depth
            assert numpy.array_equal(arrays["depth"], numpy.asarray(exact).squeeze())
            assert arrays["points"].shape == (54, 96, 3)
            assert arrays["intrinsics"][0, 0] == pytest.approx(0.5)  # 90 degrees

    def test_what_is_transparent_has_no_geometry_where_that_is_wanted(self, tmp_path):
        folder = tmp_path / "cutout"
        folder.mkdir()
        for i in range(3):
            alpha = numpy.zeros((54, 96, 1), numpy.uint8)
            alpha[:, : 48 if i else 0] = 255  # nothing at all shows in the first frame
            Image.fromarray(numpy.concatenate([picture(i), alpha], -1)).save(folder / f"{i}.png")
        shares = {}
        for name, options in (("all", []), ("cut", ["--mask-from-alpha"])):
            out = tmp_path / name
            given = ["--validity", "all-finite", "--depth", "--npz", "--fov", "60", "--steady", "off", *options]
            assert main([str(folder), "-o", str(out), *FAST, *given]) == 0
            masks = [numpy.load(path)["mask"] for path in sorted((out / "cutout_arrays").iterdir())]
            shares[name] = [(float(m[:, :44].mean()), float(m[:, 52:].mean())) for m in masks]
        assert shares == {"all": [(1, 1)] * 3, "cut": [(0, 0), (1, 0), (1, 0)]}

    def test_what_is_unusual_is_said_and_recorded(self, folder, tmp_path, capsys):
        (folder / "shot_2.png").unlink()
        assert self.run(folder, tmp_path, "--depth", "--mask-from-alpha") == 0
        said = capsys.readouterr().err
        notes = json.loads((tmp_path / "out" / "shot.json").read_text(encoding="utf-8"))["notes"]
        assert [note[:24] for note in notes] == ["Numbers are missing (2);", "It has no alpha, so --ma"]
        assert all(f"shot: {note}" in said for note in notes)

    def test_an_unknown_model_starts_nothing(self, folder, tmp_path):
        assert self.run(folder, tmp_path, "--model", "no-such-model") == 2
        assert not (tmp_path / "out").exists()


def test_without_opencv_it_says_so_before_it_starts(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "cv2", None)
    folder = make_folder(tmp_path / "frames", 3)
    assert main([str(folder), "-o", str(tmp_path / "out"), *FAST]) == 2
    assert "pip install opencv-python-headless" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main([str(folder), "-o", str(tmp_path / "out"), "--steady", "off", *FAST]) == 0
