"""Blender reads our files as they were meant: the same vertices, up is up, the photo the right way round."""

import closed_form
import numpy
import pytest
import torch
from blender_pythons import blender_pythons, found_by
from posed_people import real_people, walkers

from sam3d_geometry.bodies.perform import Settings, perform
from sam3d_geometry.bodies.targets import TARGETS
from sam3d_geometry.files import save_files, writers_of
from sam3d_geometry.files.animated_glb import write_animated_glb
from sam3d_geometry.geometry.axes import convert_points, target_from_source
from sam3d_geometry.shapes.point_cloud import point_cloud_from_pointmap
from sam3d_geometry.shapes.surface import surface_from_pointmap

PYTHONS = blender_pythons()
if not PYTHONS:
    pytest.skip(
        "no Python with bpy (Blender as a package) is named by BLENDER_PYTHON or runs this", allow_module_level=True
    )

SIZE = (30, 40)


@pytest.fixture(params=PYTHONS)
def python(request):
    return request.param


def scene():
    image = torch.zeros(1, *SIZE, 3)
    image[..., :20, 0] = 1
    image[..., 20:, 1] = 1
    image[..., 2] = torch.linspace(1, 0, SIZE[0])[None, :, None]
    return closed_form.pointmap(closed_form.sphere(*SIZE)[0], image=image)


def in_blender(python, tmp_path, model, file_format, axes):
    path = save_files(tmp_path / "name", writers_of(model, file_format, axes, "name"))[0]
    return found_by(python, "blender_reader.py", path, tmp_path / "found.npz")


# OBJ is turned by Blender's importer, as GLB is; PLY is taken as it stands
@pytest.mark.parametrize(("file_format", "axes"), [("glb", "gltf"), ("obj", "gltf"), ("ply", "blender")])
def test_a_mesh_stands_in_blender_as_the_camera_saw_it(python, tmp_path, file_format, axes):
    mesh = surface_from_pointmap(scene())
    found = in_blender(python, tmp_path, mesh, file_format, axes)
    wanted = convert_points(mesh.vertices, "blender").numpy()
    assert numpy.abs(found["vertices"] - wanted).max() / numpy.abs(wanted).max() < 1e-5
    assert numpy.array_equal(found["corners"].reshape(-1, 3), mesh.faces.numpy())
    assert found["vertices"][mesh.vertices[:, 1].argmin(), 2] == found["vertices"][:, 2].max()  # up is z
    assert (found["normals"][:, 1] < 0).mean() > 0.95  # toward the camera, which looks along y
    if file_format == "ply":
        return
    uvs, corners = found["uvs"], found["corners"]
    assert numpy.abs(uvs - (mesh.uvs.numpy() * [1, -1] + [0, 1])[corners]).max() < 1e-5
    # Blender counts rows of pictures from the bottom, as it does v
    x, y = (uvs * [SIZE[1], SIZE[0]]).astype(int).T
    colours, places = found["texture"][y, x], found["vertices"][corners]
    assert (colours[places[:, 0] < -0.2, 0] > 0.8).all() and (colours[places[:, 0] > 0.2, 1] > 0.8).all()
    assert colours[places[:, 2] > 0.3, 2].mean() > 0.5 > colours[places[:, 2] < -0.3, 2].mean()


@pytest.mark.parametrize(("file_format", "axes"), [("glb", "gltf"), ("ply", "blender")])
def test_a_point_cloud_stands_in_blender_as_the_camera_saw_it(python, tmp_path, file_format, axes):
    cloud = point_cloud_from_pointmap(scene())
    found = in_blender(python, tmp_path, cloud, file_format, axes)
    wanted = convert_points(cloud.points, "blender").numpy()
    assert numpy.abs(found["vertices"] - wanted).max() / numpy.abs(wanted).max() < 1e-5


def saved(tmp_path, people, names):
    """A GLB of people with the bones of another program, its performances and what was told of them."""
    made = [perform(people, person, Settings(names=names)) for person in range(people.persons)]
    path = tmp_path / "people.glb"
    with path.open("wb") as file:
        write_animated_glb([performance for performance, _ in made], file, note={"generator": "test"})
    return path, made


@pytest.mark.parametrize("names", TARGETS)
def test_people_move_in_blender_as_they_did(python, tmp_path, names):
    people = walkers()
    path, performances = saved(tmp_path, people, names)
    found = found_by(python, "blender_people.py", path, tmp_path / "found.npz", 30, *range(6))
    turn = target_from_source("blender", "opengl").numpy()
    order = [performances[0][0].bones.index(bone) for bone in found["bones"].tolist()]
    assert sorted(order) == list(range(len(performances[0][0].bones)))
    for person, (made, facts) in enumerate(performances):
        above = [made.parents[bone] for bone in order]
        assert found["parents"].tolist() == ["" if parent < 0 else made.bones[parent] for parent in above]
        rest = made.rest[order, :3, :3].numpy()
        for frame in range(6):
            wanted = convert_points(people.points(frame, person).double(), "blender").numpy()
            off = numpy.abs(found[f"person{person}_frame{frame}"] - wanted)
            assert off.max() < 1e-3 if frame == facts.exact_frame else numpy.median(off) < 0.01
            heads = made.places[frame, order].numpy() @ turn.T
            assert numpy.abs(found[f"heads{person}_frame{frame}"] - heads).max() < 1e-3
            # how far each bone has turned from its rest, in the world
            turned = turn @ made.rotations[frame, order].numpy() @ rest.transpose(0, 2, 1) @ turn.T
            there = found[f"turns{person}_frame{frame}"] @ found[f"rest{person}"].transpose(0, 2, 1)
            assert numpy.abs(there - turned).max() < 2e-3


def test_real_people_are_themselves_in_blender(python, tmp_path):
    people = real_people()
    path, _ = saved(tmp_path, people, "mixamo")
    found = found_by(python, "blender_people.py", path, tmp_path / "found.npz", 30, 0)
    for person in range(people.persons):
        wanted = convert_points(people.points(0, person).double(), "blender").numpy()
        assert numpy.abs(found[f"person{person}_frame0"] - wanted).max() < 1e-3


# Mixamo's T pose, as its characters come from the site: arms and fingers level to the sides, legs straight down. The second
# axis of a bone points along it; in Blender z is up and y goes into the picture.
MIXAMO = {
    **{f"mixamorig:Left{bone}": (1, 0, 0) for bone in ("Arm", "ForeArm", "Hand", "HandIndex1", "HandMiddle2", "HandPinky3")},
    **{f"mixamorig:Right{bone}": (-1, 0, 0) for bone in ("Arm", "ForeArm", "Hand", "HandIndex2", "HandRing1", "HandPinky3")},
    **{f"mixamorig:{side}{bone}": (0, 0, -1) for side in ("Left", "Right") for bone in ("UpLeg", "Leg")},
}  # fmt: skip


def test_mixamo_names_rest_as_mixamos_characters_do(python, tmp_path):
    path, _ = saved(tmp_path, walkers(), "mixamo")
    found = found_by(python, "blender_people.py", path, tmp_path / "found.npz", 30, 0)
    directions = found["rest0"][:, :, 1]
    for name, wanted in MIXAMO.items():
        cosine = float(directions[found["bones"].tolist().index(name)] @ numpy.array(wanted, dtype=float))
        assert numpy.degrees(numpy.arccos(min(1.0, cosine))) < 1, name
