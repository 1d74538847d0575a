"""The command for people makes the promised files, whole or not at all, and says in one sentence what does not fit."""

import json
from dataclasses import replace

import numpy
import pytest
import torch
from people import FLOOR, SIZE, room_with, seen_as, two_people
from PIL import Image

from sam3d_geometry.cli.bodies import main
from sam3d_geometry.effects.camera.camera_path import CameraPath
from sam3d_geometry.files.body_file import bodies_arrays, read_bodies, write_json
from sam3d_geometry.files.geometry_arrays import geometry_arrays, write_arrays

FACTORS = [[1.25, 0.8]]  # how wrong the estimator is about the two people


def run(*arguments):
    return main([str(a) for a in arguments])


def names(folder):
    return sorted(p.name for p in folder.iterdir()) if folder.exists() else []


def save(bodies, path):
    numpy.savez(path, **bodies_arrays(bodies))
    return path


@pytest.fixture
def true_people():
    return two_people()


@pytest.fixture
def given(tmp_path, true_people):
    """People as an estimator has them, the depth of their room in metres, and a photo."""
    save(seen_as(true_people, FACTORS), tmp_path / "room.npz")
    with (tmp_path / "room_depth.npz").open("wb") as file:
        write_arrays(geometry_arrays(room_with(true_people))[0], file)
    Image.new("RGB", SIZE[::-1], (60, 60, 60)).save(tmp_path / "room.png")
    return tmp_path


def test_every_result_of_people_in_their_scene(given, true_people, capsys):
    out = given / "out"
    scene = ["--photo", given / "room.png", "--pointmap", given / "room_depth.npz", "--metric", "--camera-level"]
    kinds = ["--glb", "--bvh", "--json", "--npz", "--obj", "--ply"]
    assert run(given / "room.npz", "-o", out, *scene, *kinds, "--scene", "without-people", "--names", "mixamo") == 0
    made = ["room.glb", "room.json", "room_00000.obj", "room_00000.ply", "room_check.png", "room_people.npz"]
    assert names(out) == sorted([*made, "room_person_0.bvh", "room_person_1.bvh", "room_skeletons.json"])
    # the people are where they are in truth
    found = read_bodies([out / "room_people.npz"])
    assert torch.allclose(found.sizes[0], 1 / torch.tensor(FACTORS[0]), rtol=0.02)
    assert float((found.translations - true_people.translations).abs().max()) < 0.1
    world = found.world_from_camera[0]
    assert float(world[1, 3]) == pytest.approx(-FLOOR, abs=0.03)
    record = json.loads((out / "room.json").read_text(encoding="utf-8"))
    assert [person["person"] for person in record["placed"]["people"]] == [0, 1]
    assert set(record["outputs"].values()) == set(names(out)) - {"room.json"}
    assert all(line.startswith(("ok", "look")) for line in record["checks"])
    check = numpy.asarray(Image.open(out / "room_check.png"))
    assert check.shape == (*SIZE, 3) and (check.std(2) > 20).mean() > 0.02  # coloured people on a gray photo
    said = capsys.readouterr()
    assert "Person 0: scale 0.8" in said.err and "1 done" in said.out


def test_what_is_done_is_not_done_again(given, capsys):
    out = given / "out"
    assert run(given / "room.npz", "-o", out, "--json") == 0
    before = (out / "room_skeletons.json").stat().st_mtime_ns
    assert run(given / "room.npz", "-o", out, "--json") == 0
    assert (out / "room_skeletons.json").stat().st_mtime_ns == before
    assert "0 done, 1 were done before" in capsys.readouterr().out
    assert run(given / "room.npz", "-o", out, "--json", "--fps", "30") == 0
    assert (out / "room_skeletons.json").stat().st_mtime_ns > before


def test_a_dry_run_lists_the_files_that_a_run_writes(given, capsys):
    out = given / "out"
    options = [given / "room.npz", "-o", out, "--bvh", "--ply", "--quiet", "--photo", given / "room.png"]
    assert run(*options, "--dry-run") == 0
    listed = sorted(line.rpartition("/")[2] for line in capsys.readouterr().out.splitlines())
    assert not out.exists()
    assert run(*options) == 0
    assert names(out) == listed
    assert capsys.readouterr() == ("", "")


def test_the_record_is_told_as_json_too(given, capsys):
    assert run(given / "room.npz", "-o", given / "out", "--progress", "json") == 0
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert events[-1] == {
        "event": "end",
        "status": 0,
        "done": 1,
        "done_before": 0,
        "failed": [],
        "out": str(given / "out"),
    }
    assert names(given / "out") == ["room.glb", "room.json"]
    assert any(event["event"] == "message" and event["text"].startswith("Person 0:") for event in events)


def test_a_clip_keeps_its_gaps_and_has_a_picture_for_every_frame(tmp_path):
    people = two_people(3)
    present = people.present.clone()
    present[1] = False
    with (tmp_path / "walk.json").open("wb") as file:
        write_json(replace(people, present=present), file)
    for number in range(3):
        Image.new("RGB", SIZE[::-1], (20 * number,) * 3).save(tmp_path / f"photo{number}.png")
    out = tmp_path / "out"
    assert run(tmp_path / "walk.json", "-o", out, "--ply", "--photo", tmp_path / "photo*.png") == 0
    assert names(out) == [
        "walk.json", "walk_00000.ply", "walk_00002.ply", "walk_check_00000.png", "walk_check_00001.png", "walk_check_00002.png",
    ]  # fmt: skip
    corners = [int(numpy.asarray(Image.open(out / f"walk_check_0000{number}.png"))[0, 0, 0]) for number in range(3)]
    assert corners == [0, 20, 40]


def test_a_clip_is_steadied_when_asked_for(tmp_path):
    kept = {}
    for name, more in (("plain", []), ("steady", ["--steady"])):
        assert run("--example", "walk", "-o", tmp_path / name, "--npz", *more, "--quiet") == 0
        kept[name] = json.loads((tmp_path / name / "walk.json").read_text(encoding="utf-8"))
    assert kept["plain"]["steadied"] is None
    assert "48 frames at 24 a second" in kept["steady"]["steadied"][0]
    people = [numpy.load(tmp_path / name / "walk_people.npz") for name in kept]
    differ = [key for key in people[0].files if not numpy.array_equal(people[0][key], people[1][key])]
    assert any("pred_vertices" in key for key in differ) and not any("faces" in key for key in differ)


def test_a_camera_that_moves_and_frequencies_of_parts(tmp_path, capsys):
    poses = torch.eye(4, dtype=torch.float64).repeat(48, 1, 1)
    poses[:, 0, 3] = torch.linspace(0, 0.4, 48)
    way = tmp_path / "way.json"
    way.write_text(CameraPath(poses, torch.ones(48, dtype=torch.float64)).to_json(), encoding="utf-8")
    asked = ["--example", "walk", "-o", tmp_path / "out", "--npz", "--quiet", "--steady", "--hands-hz", "2"]
    assert run(*asked, "--camera-path", way) == 0
    record = json.loads((tmp_path / "out" / "walk.json").read_text(encoding="utf-8"))
    assert any("along the way of the camera" in line for line in record["steadied"])
    world = numpy.load(tmp_path / "out" / "walk_people.npz")["world_from_camera"]
    assert world[-1, 0, 3] - world[0, 0, 3] == pytest.approx(0.4)
    for text, said in (
        (CameraPath(poses[:5], torch.ones(5, dtype=torch.float64)).to_json(), "5 poses for 48 frames"),
        ("{", "camera_path is no JSON"),
    ):
        way.write_text(text, encoding="utf-8")
        assert run(*asked[:3], tmp_path / "none", *asked[4:], "--camera-path", way) == 2
        assert said in capsys.readouterr().err and not names(tmp_path / "none")
    with pytest.raises(SystemExit):
        run("--example", "walk", "-o", tmp_path / "none", "--arms-hz", "3")
    assert "with --steady only" in capsys.readouterr().err


def test_the_mannequins_of_the_pack_need_no_file(tmp_path):
    assert run("--example", "-o", tmp_path / "out", "--bvh", "--names", "unreal", "--quiet") == 0
    assert "mannequins_person_2.bvh" in names(tmp_path / "out") and "mannequins_check.png" in names(tmp_path / "out")
    assert run("--example", "walk", "-o", tmp_path / "walk", "--json", "--quiet") == 0
    assert names(tmp_path / "walk") == ["walk.json", "walk_skeletons.json"]
    people = json.loads((tmp_path / "walk" / "walk_skeletons.json").read_text(encoding="utf-8"))["people"]
    assert [len(person["frames"]) for person in people] == [48]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "No FILE of people is named."),
        (["{room}", "--example"], "Name the files of people, or --example alone."),
        (["--example", "walk", "--photo", "{photo}"], "--example has its own photo or none"),
        (["{room}", "--fps", "0"], "--fps 0: it must be greater than 0."),
        (["{room}", "--leg-length-m", "nan"], "--leg-length-m nan: it must be at least 0."),
        (["{room}", "--scene", "whole"], "--scene needs the scene"),
        (["{room}", "--metric"], "used with --pointmap only"),
        (["{room}", "--names", "smpl"], "choose one of mhr, mixamo, unreal, unity-humanoid, vrm, rigify"),
        (["{room}", "--pointmap", "{depth}", "--scene", "whole", "--bvh"], "--scene is for --glb"),
        (["{room}", "--pointmap", "{depth}", "--size-from", "scene"], "add --metric"),
        (["{room}", "--pointmap", "{depth}", "--pointmap", "{depth}"], "in 1 frames and the pointmap has 2"),
        (["{room}", "--pointmap", "{empty}"], "there is no depth file in this folder"),
        (["{room}", "--photo", "{depth}"], "not a picture"),
        (["{room}", "--photo", "{photo}", "--photo", "{photo}"], "gives 2 pictures and the people are in 1 frame;"),
        (["{room}", "--photo", "{narrow}"], "another aspect ratio"),
        (["{nan}"], "pred_vertices of person 1 of frame 0 has values that are no numbers"),
        (["missing.npz"], "missing.npz cannot be read: there is no such file."),
        (["{photo}"], "is no .npz and no .json"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_in_a_sentence_and_nothing_is_written(
    given, true_people, capsys, arguments, sentence
):
    vertices = true_people.vertices.clone()
    vertices[0, 1, 7, 2] = torch.nan
    save(replace(true_people, vertices=vertices), given / "nan.npz")
    Image.new("RGB", (64, 480)).save(given / "narrow.png")
    (given / "empty").mkdir()
    paths = {name: given / name for name in ("nan.npz", "narrow.png", "empty", "room.npz")}
    given_as = {key.partition(".")[0]: path for key, path in paths.items()}
    given_as |= {"depth": given / "room_depth.npz", "photo": given / "room.png"}
    arguments = [argument.format(**given_as) for argument in arguments]
    try:
        status = run(*arguments, "-o", given / "out", "--quiet")
    except SystemExit as error:  # of the parser
        status = error.code
    said = capsys.readouterr().err
    assert status == 2 and sentence in said and said.count("\n") == 1
    assert names(given / "out") == []


def test_broken_persons_are_left_out_when_asked_for(given, true_people, capsys):
    vertices = true_people.vertices.clone()
    vertices[0, 1, 7, 2] = torch.nan
    save(replace(true_people, vertices=vertices), given / "nan.npz")
    assert run(given / "nan.npz", "-o", given / "out", "--bvh", "--leave-out-broken") == 0
    assert names(given / "out") == ["nan.json", "nan_person_0.bvh"]
    assert "look: pred_vertices of person 1 in frame 0 has values that are no numbers" in capsys.readouterr().err


def test_a_full_disk_leaves_nothing(given, monkeypatch, capsys):
    def fails(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sam3d_geometry.cli.body_job.write_picture", fails)
    assert run(given / "room.npz", "-o", given / "out", "--photo", given / "room.png", "--quiet") == 1
    assert capsys.readouterr().err == "The results cannot be written (No space left on device).\n"
    assert names(given / "out") == []
