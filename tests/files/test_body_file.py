"""People in files: there and back as .npz and .json, several files, real ones, and hostile ones refused in one sentence."""

import io
import json
import zipfile
from dataclasses import replace

import numpy
import pytest
import torch
from people import SIZE, two_people
from real_bodies import FOCAL, PICTURE, real_files

from sam3d_geometry.bodies.bodies import PARAMETERS
from sam3d_geometry.bodies.records import bodies_from_records, record_of
from sam3d_geometry.files.body_file import BodyFileError, bodies_arrays, read_bodies, write_json, write_npz

FIELDS = (
    "vertices",
    "joints",
    "keypoints",
    "translations",
    "focal",
    "rotations",
    "present",
    "faces",
    "sizes",
    "track_ids",
)


def coming_and_going():
    """Two people of whom one is away in the second of three frames and both in the third, with a world."""
    people = two_people(3)
    listed = [[record_of(people, 0, 0), record_of(people, 0, 1)], [record_of(people, 1, 1)], []]
    found = bodies_from_records(listed, faces=people.faces, image_size=SIZE)
    world = torch.eye(4, dtype=torch.float64).repeat(3, 1, 1)
    world[:, 1, 3] = 1.5
    return replace(found, world_from_camera=world)


@pytest.mark.parametrize(("write", "suffix"), [(write_npz, ".npz"), (write_json, ".json")])
def test_there_and_back_is_the_same(tmp_path, write, suffix):
    people = coming_and_going()
    path = tmp_path / f"people{suffix}"
    with path.open("wb") as file:
        write(people, file)
    again = read_bodies([path])
    for name in FIELDS:
        assert torch.allclose(getattr(again, name).double(), getattr(people, name).double(), atol=1e-6), name
    assert again.image_size == SIZE and torch.equal(again.world_from_camera, people.world_from_camera)
    assert set(again.parameters) == set(people.parameters)


def test_real_outputs_are_persons_of_one_picture_and_their_camera_is_found():
    people = read_bodies(real_files())
    assert people.present.tolist() == [[True] * 4] and people.vertex_count == 18439 and len(people.faces) == 36874
    assert people.image_size == PICTURE
    assert torch.allclose(people.focal, torch.full((1, 4), FOCAL), rtol=1e-5)
    assert float((people.projected(people.keypoints) - people.keypoints_2d).abs().max()) < 1e-3
    assert set(people.parameters) == set(PARAMETERS)
    assert torch.allclose(people.joints[0, :, 1], torch.tensor([0, -0.923987, 0]), atol=1e-5)


def test_files_are_frames_and_numbered_people_of_one_picture(tmp_path):
    people = two_people(2)
    for t in range(2):
        for p in range(2):
            numpy.savez(tmp_path / f"shot{t}_person{p}.npz", **record_of(people, t, p))
        numpy.savez(tmp_path / f"alone{t}.npz", **record_of(people, t, 0))
    by_person = read_bodies(sorted(tmp_path.glob("shot*.npz")), image_size=SIZE)
    assert torch.equal(by_person.vertices, people.vertices)
    by_frame = read_bodies(sorted(tmp_path.glob("alone*.npz")), image_size=SIZE)
    assert by_frame.present.tolist() == [[True], [True]]


def test_the_official_packages_list_of_one_picture_is_one_frame(tmp_path):
    people = two_people()
    listed = [
        {key: numpy.asarray(value).tolist() for key, value in record_of(people, 0, p).items()} | {"mask": None}
        for p in (0, 1)
    ]
    path = tmp_path / "results.json"
    for content in (listed, listed[0], [listed], {"frames": listed}):
        path.write_text(json.dumps(content))
        assert len(read_bodies([path])) == 1


def npz_of(tmp_path, **arrays):
    path = tmp_path / "people.npz"
    numpy.savez(path, **arrays)
    return path


def announced(name, shape, dtype="<f4"):
    """An .npz with an array that says that it has a shape, and has no values."""
    member, archive = io.BytesIO(), io.BytesIO()
    numpy.lib.format.write_array_header_1_0(member, {"shape": shape, "fortran_order": False, "descr": dtype})
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr(f"{name}.npy", member.getvalue())
    return archive.getvalue()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (announced("pred_vertices", (1 << 40, 3)), "at most"),
        (announced("pred_vertices", (18439, 3)), "cut short"),
        (announced("pred_vertices", (2,), "|O"), "plain numbers are needed"),
        (announced("image", (4, 4)), "neither pred_vertices nor faces"),
        (announced("pred_cam_t", (0, 3)), "pred_cam_t and no pred_vertices"),
        (announced("pred_vertices", (0, 3)), "shape .* of each person is needed"),
        (b"PK\x03\x04 and nothing more", "damaged or not a file of the kind npz"),
        (b"", "damaged"),
    ],
    ids=["too large", "cut short", "objects", "no person", "no vertices key", "no vertices", "half a head", "empty"],
)
def test_hostile_archives_are_refused_in_a_sentence(tmp_path, content, sentence):
    path = tmp_path / "people.npz"
    path.write_bytes(content)
    with pytest.raises(BodyFileError, match=rf"people\.npz cannot be read: .*{sentence}"):
        read_bodies([path])


def test_pickles_are_never_opened(tmp_path):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was opened",))

    path = npz_of(tmp_path, pred_vertices=numpy.array([Trap()], dtype=object), allow_pickle=True)
    with pytest.raises(BodyFileError, match="plain numbers"):
        read_bodies([path])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "damaged"),
        ("[" * 100000, "damaged"),
        ("[[1, 2]]", "something else than lists of persons"),
        ('{"frames": 3}', "frames came as int"),
        ('{"frames": [[{}]]}', "pred_vertices, .* is missing"),
        ('{"frames": [], "faces": [[0, 1]]}', r"faces came as \(1, 2\)"),
        ('{"frames": []}', "nobody in any of the 0 frames"),
    ],
)
def test_hostile_json_is_refused_in_a_sentence(tmp_path, text, sentence):
    path = tmp_path / "people.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=sentence):
        read_bodies([path])


def test_arrays_of_another_number_of_people_are_named(tmp_path):
    arrays = bodies_arrays(two_people(2))
    path = npz_of(tmp_path, **arrays | {"pred_cam_t": arrays["pred_cam_t"][:1]})
    with pytest.raises(BodyFileError, match="pred_cam_t is not of the 2 frames and 2 persons"):
        read_bodies([path])


def test_other_kinds_and_nothing_at_all_are_refused(tmp_path):
    with pytest.raises(BodyFileError, match=r"people\.ply is no \.npz and no \.json"):
        read_bodies([tmp_path / "people.ply"])
    with pytest.raises(BodyFileError, match="there is no such file"):
        read_bodies([tmp_path / "missing.npz"])
    with pytest.raises(ValueError, match="No file of bodies"):
        read_bodies([])


def test_an_archive_that_unpacks_to_much_more_than_it_is_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "bomb.npz"
    rows, member = 30_000_000, io.BytesIO()
    numpy.lib.format.write_array_header_1_0(member, {"shape": (rows, 3), "fortran_order": False, "descr": "<f4"})
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed,
        packed.open("pred_vertices.npy", "w") as out,
    ):
        out.write(member.getvalue())
        for _ in range(rows * 12 >> 20):
            out.write(bytes(1 << 20))
    with pytest.raises(BodyFileError, match=r"bomb\.npz cannot be read: it unpacks to 359,6"):
        read_bodies([path])


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("track_ids", numpy.array([1.0, numpy.nan]), "track_id came as nan"),
        ("track_ids", numpy.array([[1, 2], [3, 4]]), "one whole number is needed"),
        ("image_size", numpy.array(5), "image_size came as 5.0; .height, width. in pixels"),
        ("image_size", numpy.array([0, 4]), r"image_size came as \[0.0, 4.0\]"),
        ("faces", numpy.zeros((0, 3), int), "faces came empty"),
        ("world_from_camera", numpy.full((2, 4, 4), numpy.nan), "else than rigid"),
        ("world_from_camera", numpy.zeros((2, 4, 4)), "else than rigid"),
        (
            "pred_global_rots",
            numpy.zeros((2, 2, 127, 3, 3)),
            "pred_global_rots of person 0 of frame 0 are no rotations",
        ),
        ("pred_cam_t", numpy.full((2, 2, 3), 4e30), "values up to 4e\\+30 m; meters are needed"),
    ],
)
def test_values_that_cannot_be_are_refused_in_a_sentence(tmp_path, key, value, sentence):
    path = npz_of(tmp_path, **bodies_arrays(two_people(2)) | {key: value})
    with pytest.raises(ValueError, match=sentence) as caught:
        read_bodies([path])
    assert "\n" not in str(caught.value) and "numpy" not in str(caught.value)
