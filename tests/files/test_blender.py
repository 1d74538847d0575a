"""Blender reads our files as they were meant: the same vertices, up is up, the photo the right way round."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import closed_form
import numpy
import pytest
import torch
from posed_people import walkers

from sam3d_geometry.bodies.perform import Settings, perform
from sam3d_geometry.files import save_files, writers_of
from sam3d_geometry.files.animated_glb import write_animated_glb
from sam3d_geometry.geometry.axes import convert_points
from sam3d_geometry.shapes.point_cloud import point_cloud_from_pointmap
from sam3d_geometry.shapes.surface import surface_from_pointmap

if importlib.util.find_spec("bpy") is None:
    pytest.skip("bpy, which is Blender as a Python package, is not installed", allow_module_level=True)

SIZE = (30, 40)
SUPPORT = Path(__file__).parent.parent / "support"


def scene():
    image = torch.zeros(1, *SIZE, 3)
    image[..., :20, 0] = 1
    image[..., 20:, 1] = 1
    image[..., 2] = torch.linspace(1, 0, SIZE[0])[None, :, None]
    return closed_form.pointmap(closed_form.sphere(*SIZE)[0], image=image)


def in_blender(tmp_path, model, file_format, axes):
    # a process of its own: bpy is built against another NumPy than torch may be
    path = save_files(tmp_path / "name", writers_of(model, file_format, axes, "name"))[0]
    return read_by("blender_reader.py", path, tmp_path / "found.npz")


def read_by(script, path, found, *more):
    command = [sys.executable, SUPPORT / script, path, found, *map(str, more)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return numpy.load(found)


# OBJ is turned by Blender's importer, as GLB is; PLY is taken as it stands
@pytest.mark.parametrize(("file_format", "axes"), [("glb", "gltf"), ("obj", "gltf"), ("ply", "blender")])
def test_a_mesh_stands_in_blender_as_the_camera_saw_it(tmp_path, file_format, axes):
    mesh = surface_from_pointmap(scene())
    found = in_blender(tmp_path, mesh, file_format, axes)
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
def test_a_point_cloud_stands_in_blender_as_the_camera_saw_it(tmp_path, file_format, axes):
    cloud = point_cloud_from_pointmap(scene())
    found = in_blender(tmp_path, cloud, file_format, axes)
    wanted = convert_points(cloud.points, "blender").numpy()
    assert numpy.abs(found["vertices"] - wanted).max() / numpy.abs(wanted).max() < 1e-5


@pytest.mark.parametrize(
    ("names", "arm", "direction"), [("mhr", "l_uparm", None), ("mixamo", "mixamorig:LeftArm", [1, 0, 0])]
)
def test_people_move_in_blender_as_they_did(tmp_path, names, arm, direction):
    people = walkers()
    performances = [perform(people, person, Settings(names=names)) for person in range(2)]
    path = tmp_path / "people.glb"
    with path.open("wb") as file:
        write_animated_glb([made for made, _ in performances], file, note={"generator": "test"})
    found = read_by("blender_people.py", path, tmp_path / "found.npz", 30, *range(6))
    for person, (_, facts) in enumerate(performances):
        for frame in range(6):
            wanted = convert_points(people.points(frame, person).double(), "blender").numpy()
            off = numpy.abs(found[f"person{person}_frame{frame}"] - wanted)
            assert off.max() < 1e-3 if frame == facts.exact_frame else numpy.median(off) < 0.01
    assert set(found["bones"]) == set(performances[0][0].bones)
    if direction:  # Blender's z is up and its y goes into the picture; x stays
        assert numpy.abs(found["directions"][found["bones"].tolist().index(arm)] - direction).max() < 0.02  # 1 degree
