"""What the command for people is given fits together: names of results, depth without camera, size of the picture."""

import json

import numpy
import pytest
from people import SIZE, room_with, two_people
from PIL import Image

from sam3d_geometry.bodies.records import record_of
from sam3d_geometry.cli.bodies import parser
from sam3d_geometry.cli.body_job import BodyJob
from sam3d_geometry.cli.progress import QUIET, Progress
from sam3d_geometry.files.body_file import bodies_arrays


def job_of(tmp_path, *arguments):
    return BodyJob.of(parser().parse_args([*map(str, arguments), "-o", str(tmp_path / "out")]))


def made_of(job, stream):
    return job.make(Progress(stream, QUIET))


def test_persons_of_one_picture_give_results_of_the_pictures_name(tmp_path):
    people = two_people()
    for person in range(2):
        numpy.savez(tmp_path / f"shot_subj0{person}.npz", **record_of(people, 0, person))
    numpy.savez(tmp_path / "faces.npz", faces=people.faces.numpy())
    job = job_of(tmp_path, *sorted(tmp_path.glob("shot*.npz")), tmp_path / "faces.npz", "--npz", "--bvh")
    assert [path.name for path in job.planned()] == [
        "shot.json", "shot_person_0.bvh", "shot_person_1.bvh", "shot_people.npz",
    ]  # fmt: skip
    assert job.bodies.persons == 2 and job.bodies.faces is not None


def test_results_never_take_the_place_of_what_was_given(tmp_path):
    (tmp_path / "out").mkdir()
    given = tmp_path / "out" / "shot.json"
    numpy.savez(tmp_path / "shot.npz", **bodies_arrays(two_people()))
    given.write_text(json.dumps({"mine": 1}))
    job = job_of(tmp_path, tmp_path / "shot.npz", "--glb")
    assert given not in job.planned()


def test_depth_without_a_camera_is_seen_by_that_of_the_people(tmp_path, capsys):
    people = two_people()
    numpy.savez(tmp_path / "people.npz", **bodies_arrays(people))
    numpy.save(tmp_path / "depth.npy", room_with(people).depth[0].numpy())
    job = job_of(
        tmp_path, tmp_path / "people.npz", "--pointmap", tmp_path / "depth.npy", "--metric", "--no-ground", "--npz"
    )
    made = made_of(job, None)
    assert made.lines[0] == "The depth says no camera; that of the people was taken."
    factors = [person["factor"] for person in made.record["placed"]["people"]]
    assert factors == pytest.approx([1, 1], abs=0.02)
    assert made.record["placed"]["fov_y_disagreement_degrees"] == pytest.approx(0, abs=1e-3)


def test_the_photos_size_counts_only_where_nothing_else_tells_it(tmp_path):
    people = two_people()
    record = record_of(people, 0, 0)
    numpy.savez(tmp_path / "full.npz", **record, faces=people.faces.numpy())
    Image.new("RGB", (320, 240)).save(tmp_path / "half.png")
    # keypoints tell that the picture is twice as large as the photo that is shown
    assert job_of(tmp_path, tmp_path / "full.npz", "--photo", tmp_path / "half.png").bodies.image_size == SIZE
    moved = {
        **record,
        "pred_keypoints_2d": record["pred_keypoints_2d"] + numpy.random.default_rng(0).normal(size=(70, 2)) * 9,
    }
    numpy.savez(tmp_path / "off.npz", **moved, faces=people.faces.numpy())
    with pytest.raises(ValueError, match="pixels"):
        job_of(tmp_path, tmp_path / "off.npz")
    assert job_of(tmp_path, tmp_path / "off.npz", "--photo", tmp_path / "half.png").bodies.image_size == (240, 320)


def test_the_level_camera_is_believed_where_no_floor_is_seen(tmp_path):
    people = two_people()
    numpy.savez(tmp_path / "people.npz", **bodies_arrays(people))
    made = made_of(job_of(tmp_path, tmp_path / "people.npz", "--camera-level", "--bvh"), None)
    assert any("level, as found before" in line for line in made.lines)
