"""Whatever depth comes in, every maker of a pointmap gives a clean one, and what is made of clean ones stays clean."""

import ast

import closed_form
import pytest
import torch
from invariants import is_clean, is_zero_outside_the_mask
from repository import LIBRARY, ROOT

from sam3d_geometry.clips.align import align_sequence
from sam3d_geometry.clips.steady import STEADY_BY, steady_pointmap
from sam3d_geometry.effects.camera.edge_sharpening import sharpen_edges
from sam3d_geometry.effects.light.surface import surface_at_image
from sam3d_geometry.estimate.depth_to_pointmap import MEASURES, pointmap_from_depth
from sam3d_geometry.estimate.inference import VALIDITIES, pointmap_from_prediction
from sam3d_geometry.files.depth_frame import clean_frame, pointmap_from_frames
from sam3d_geometry.files.depth_record import DepthRecord
from sam3d_geometry.geometry.crop import Window, crop_pointmap
from sam3d_geometry.geometry.normals import surface_normals
from sam3d_geometry.geometry.pointmap_maker import FARTHEST_DEPTH, NEAREST_DEPTH, is_distance, pointmap_of_depth
from sam3d_geometry.geometry.resize import pointmap_at_image, pointmap_at_size
from sam3d_geometry.geometry.transform import QUARTER_TURNS, scale_pointmap, transform_pointmap
from sam3d_geometry.maps.normal_detail import exaggerate_detail
from sam3d_geometry.models import Prediction

SIZE = (24, 32)
NASTY = (torch.nan, torch.inf, -torch.inf, -1.0, 0.0, 1e15, 3e38, 1e-30, 1e-44)
# the only other places that make one: all of them of parts of clean ones
MADE_OF_CLEAN_ONES = {
    "geometry/pointmap_maker.py",
    "geometry/resize.py",
    "estimate/inference.py",
    "maps/ambient_occlusion.py",
}


def nasty_depth():
    """(2, H, W) of a room with every nasty value in it, and where they are."""
    depth = closed_form.box_room(*SIZE)[0].float().repeat(2, 1, 1)
    where = torch.zeros_like(depth, dtype=torch.bool)
    where[:, ::5, ::3] = True
    depth[where] = torch.tensor(NASTY).repeat(100)[: int(where.sum())]
    return depth, where


def everywhere(depth):
    return torch.ones_like(depth, dtype=torch.bool)


def intrinsics():
    return closed_form.intrinsics(*SIZE).repeat(2, 1, 1)


def picture():
    return torch.rand(2, *SIZE, 3, generator=torch.Generator().manual_seed(0))


def nasty_normals(depth, where):
    normals = torch.tensor([0.0, 0, -1]).repeat(*depth.shape, 1)
    normals[where] = torch.nan
    normals[:, 2, 2] = torch.inf  # where the depth is sound
    return normals


def from_parts():
    depth, where = nasty_depth()
    normals = nasty_normals(depth, where)
    return pointmap_of_depth(depth, everywhere(depth), intrinsics(), picture(), normals=normals, source_size=SIZE)


def from_prediction(validity):
    depth, where = nasty_depth()
    points = closed_form.rays(*SIZE).float() * depth[..., None]
    said = Prediction(points, torch.ones_like(depth), nasty_normals(depth, where), None)
    return pointmap_from_prediction(said, picture(), False, SIZE, validity=validity)


def from_frames():
    depth, where = nasty_depth()
    frames = []
    for i in range(2):
        record = DepthRecord(intrinsics()[i])
        frames.append(clean_frame(depth[i], None, record, nasty_normals(depth, where)[i], picture()[i]))
    return pointmap_from_frames(frames)


def from_depth(measure):
    depth = nasty_depth()[0]
    if measure in MEASURES[:2]:
        depth = depth.where(~(depth < 0), torch.zeros(()))  # which is refused in a sentence of its own
    return pointmap_from_depth(depth, intrinsics(), measure=measure)


MAKERS = {
    "parts": from_parts,
    **{f"prediction, {validity}": lambda validity=validity: from_prediction(validity) for validity in VALIDITIES},
    "files": from_frames,
    **{f"depth, {measure}": lambda measure=measure: from_depth(measure) for measure in MEASURES},
}
DERIVED = {
    "crop": lambda p: crop_pointmap(p, Window(3, 2, 17, 13))[0],
    "half the size": lambda p: pointmap_at_size(p, torch.rand(1, 11, 17, 3)),
    "three times the size": lambda p: pointmap_at_image(p, torch.rand(1, 72, 96, 3)),
    **{
        f"turned {turn}": lambda p, turn=turn: transform_pointmap(p, rotation=turn, mirror=True)
        for turn in QUARTER_TURNS
    },
    "nearer": lambda p: transform_pointmap(p, distance_shift=-1.0),
    "farther": lambda p: transform_pointmap(p, distance_shift=1e6),
    "enlarged": lambda p: transform_pointmap(p, scale=1e6),
    "reduced": lambda p: transform_pointmap(p, scale=1e-6),
    "wide": lambda p: transform_pointmap(p, fov_x_degrees=179.0),
    "narrow": lambda p: transform_pointmap(p, fov_x_degrees=0.1),
    "aligned": lambda p: align_sequence(p)[0],
    **{f"steadied by {way}": lambda p, way=way: steady_pointmap(p, steady_by=way)[0] for way in STEADY_BY},
    "detail": lambda p: exaggerate_detail(p, 8.0, 3),
    "sharpened": sharpen_edges,
    "with normals": lambda p: surface_at_image(p, None, 4),
}


def assert_clean(pointmap):
    assert is_clean(pointmap) and is_zero_outside_the_mask(pointmap)
    assert bool(is_distance(pointmap.depth[pointmap.mask]).all())
    assert bool(torch.isfinite(surface_normals(pointmap)).all())


@pytest.mark.parametrize("name", MAKERS)
def test_every_maker_makes_clean_pointmaps_and_keeps_what_is_sound(name):
    made = MAKERS[name]()
    assert_clean(made)
    depth, where = nasty_depth()
    if "near" in name:  # of a picture: 0 to 1 is its range, and only nan and infinity are no values
        assert not bool(made.mask[~torch.isfinite(depth)].any())
    elif "prediction" in name:  # whose depths are right up to a shift
        assert not bool(made.mask[~(depth.abs() < FARTHEST_DEPTH)].any())
    else:
        assert not bool(made.mask[where].any())
    if "near" not in name:
        assert float(made.mask[~where].float().mean()) > 0.99


@pytest.mark.parametrize("change", DERIVED)
@pytest.mark.parametrize("name", ["parts", "depth, near white"])
def test_what_is_made_of_a_clean_pointmap_is_clean(name, change):
    assert_clean(DERIVED[change](MAKERS[name]()))


def test_distances_at_both_ends_of_what_is_taken_have_normals():
    for unit in (NEAREST_DEPTH * 2, FARTHEST_DEPTH / 20):
        depth = closed_form.box_room(*SIZE)[0].float() * unit
        normals = surface_normals(closed_form.pointmap(depth))
        assert torch.allclose(normals.norm(dim=-1), torch.ones(1, *SIZE), atol=1e-4)


def test_a_scale_that_leaves_nothing_is_refused_in_a_sentence():
    wall = closed_form.pointmap(closed_form.plane(*SIZE, 0.0)[0])
    with pytest.raises(ValueError, match="A scale of 1e.10 takes every distance") as refused:
        scale_pointmap(wall, 1e10)
    assert "\n" not in str(refused.value)
    with pytest.raises(ValueError, match="A scale of 1e-12 takes every distance"):
        scale_pointmap(wall, 1e-12)


def test_pointmaps_are_made_in_one_place():
    """Depth from elsewhere goes through `pointmap_of_depth`."""
    found = set()
    for path in (*LIBRARY.rglob("*.py"), *(ROOT / "nodes").rglob("*.py")):
        calls = [
            node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
        ]
        if any(isinstance(called, ast.Name) and called.id == "Pointmap" for called in calls):
            found.add(path.relative_to(LIBRARY if LIBRARY in path.parents else ROOT).as_posix())
    assert found == MADE_OF_CLEAN_ONES
