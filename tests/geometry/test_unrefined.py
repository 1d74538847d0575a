"""Refined edges say nothing new of whole surfaces: up is where the estimator's own depth has it, whatever is done in between."""

from dataclasses import replace

import gravity_scenes
import numpy
import pytest
import torch
from closed_form import angles
from PIL import Image
from repository import PHOTOS
from torch.nn import functional as F

from sam3d_geometry import models
from sam3d_geometry.estimate.edge_refinement import refine_depth_edges
from sam3d_geometry.estimate.inference import infer_pointmap
from sam3d_geometry.geometry.crop import Window, crop_pointmap, resize_pointmap
from sam3d_geometry.geometry.gravity import find_up
from sam3d_geometry.geometry.normals import surface_normals
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.geometry.transform import mirror_pointmap, scale_pointmap, shift_depth, turn_pointmap, with_fov_x
from sam3d_geometry.geometry.unrefined import as_estimated

SAME = 0.05  # degrees


def photo_at(name, width):
    """A photo (1, h, width, 3) of docs/photos."""
    (path,) = PHOTOS.glob(f"{name}.*")
    image = Image.open(path).convert("RGB")
    small = image.resize((width, round(width * image.height / image.width)))
    return torch.from_numpy(numpy.asarray(small).copy()).float()[None] / 255


def up_of(pointmap):
    found = find_up(pointmap)
    return -found.world_from_camera[0, 1], float(found.confidence[0])


def apart(first, second):
    """Degrees between two findings, and by how much the second is surer."""
    (one, sure), (other, surer) = up_of(first), up_of(second)
    return float(angles(one[None], other[None]).max()), surer - sure


@pytest.fixture(scope="module")
def network():
    return models.load_model(models.PREVIEW)


@pytest.mark.parametrize("width", [160, 320])
@pytest.mark.parametrize(
    "name",
    ["temple", "cat", "coffee", "rocket", "astronaut", "people/mannequins", "layers/balloon", "mug/00", "mug/04"],
)
def test_photos_are_levelled_alike_with_refined_edges_and_without(network, name, width):
    photo = photo_at(name, width)
    soft, sharp = (infer_pointmap(network, photo, resolution=256, refine_edges=how) for how in ("off", "on"))
    degrees, surer = apart(soft, sharp)
    assert degrees < SAME and surer < 1e-6


def test_the_temple_is_not_levelled_by_slopes_beside_its_edges(network):
    found = find_up(infer_pointmap(network, photo_at("temple", 160), resolution=256, fov_x_degrees=50))
    assert found.angles()[0] == pytest.approx(0, abs=5) and float(found.confidence[0]) < 0.6


def soft_scene(name, pitch):
    frame = gravity_scenes.seen(getattr(gravity_scenes, name)(pitch), pitch, 10, soft=2, noise=0.003)
    frame = replace(frame, image=torch.rand(frame.image.shape, generator=torch.Generator().manual_seed(0)))
    normals = surface_normals(frame)
    blurred = F.normalize(F.avg_pool2d(normals.movedim(-1, 1), 5, 1, 2).movedim(1, -1), dim=-1)
    return frame, replace(frame, normals=blurred * frame.mask[..., None])


@pytest.mark.parametrize(("name", "pitch"), [("table_top", -30), ("living_room", -15), ("stairs", -30)])
def test_no_estimator_and_no_size_is_levelled_by_refined_edges(name, pitch):
    plain, with_normals = soft_scene(name, pitch)
    sharp = refine_depth_edges(plain)[0]
    degrees, surer = apart(plain, sharp)
    assert degrees < SAME and surer < 1e-6
    degrees, surer = apart(with_normals, refine_depth_edges(with_normals)[0])
    assert degrees < SAME and surer < 1e-6
    large = F.interpolate(plain.image.movedim(-1, 1), scale_factor=2, mode="bilinear").movedim(1, -1)
    twice = refine_depth_edges(sharp, large)[0]
    assert torch.equal(as_estimated(twice).points, plain.points) and twice.size != plain.size
    degrees, _ = apart(replace(plain, image=0 * plain.image), replace(twice, image=0 * twice.image))
    assert degrees < SAME


CHANGES = {
    "mirrored": mirror_pointmap,
    "turned": lambda pointmap: turn_pointmap(pointmap, 1),
    "scaled": lambda pointmap: scale_pointmap(pointmap, 3.0),
    "cropped": lambda pointmap: crop_pointmap(pointmap, Window(32, 20, 64, 60))[0],
    "masked": lambda pointmap: pointmap.masked((torch.arange(128) < 90).expand(1, 96, 128)),
    "nearer": lambda pointmap: shift_depth(pointmap, -0.2),
    "longer lens": lambda pointmap: with_fov_x(pointmap, 40.0),
    "twice": lambda pointmap: Pointmap.cat([pointmap, pointmap]),
}


@pytest.mark.parametrize("change", list(CHANGES.values()), ids=list(CHANGES))
@pytest.mark.parametrize("normals", [False, True])
def test_what_changes_a_pointmap_changes_its_unrefined_geometry_alike(change, normals):
    plain = soft_scene("table_top", -30)[normals]
    wanted = change(plain)
    kept = as_estimated(change(refine_depth_edges(plain)[0]))
    assert torch.equal(kept.mask, wanted.mask)
    if normals:
        torch.testing.assert_close(kept.normals, wanted.normals)
    torch.testing.assert_close(kept.points, wanted.points, rtol=1e-5, atol=1e-5)


def test_of_another_size_it_stays_as_it_was_and_is_cut_and_masked_with_the_rest():
    plain, _ = soft_scene("table_top", -30)
    large = resize_pointmap(refine_depth_edges(plain)[0], (288, 384))
    assert torch.equal(as_estimated(large).points, plain.points)
    half = crop_pointmap(large, Window(0, 0, 64, 96))[0]
    torch.testing.assert_close(as_estimated(half).points, plain.points[:, :, :64])
    left = as_estimated(large.masked((torch.arange(384) < 192).expand(1, 288, 384)))
    assert torch.equal(left.depth[:, :, :64], plain.depth[:, :, :64]) and not left.depth[:, :, 64:].any()


def test_without_refined_edges_there_is_nothing_to_go_back_to():
    plain, _ = soft_scene("table_top", -30)
    assert as_estimated(plain) is plain


def test_frames_that_do_not_fit_are_refused():
    plain, _ = soft_scene("table_top", -30)
    with pytest.raises(ValueError, match="unrefined came as"):
        replace(plain, unrefined=torch.zeros(2, 4, 4, 1))
