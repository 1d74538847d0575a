"""Splats lie on the surface, close it for the photo's camera, show the photo, and reach over no edge."""

import closed_form
import numpy
import pytest
import torch
from splat_raster import psnr, rendered, turned

from sam3d_geometry.geometry.camera import project
from sam3d_geometry.shapes.splats import Splats, splats_from_pointmap

SIZE = (60, 80)


def photo():
    """A picture with something to see at every scale, from closed formulas."""
    v, u = torch.meshgrid(torch.linspace(0, 1, SIZE[0]), torch.linspace(0, 1, SIZE[1]), indexing="ij")
    waves = [torch.sin(9 * u + 4 * v), torch.cos(14 * u * v + 1), torch.sin(40 * (u - v) ** 2)]
    return (torch.stack(waves, -1)[None] + 1) / 2


def scene():
    """A ball over a floor that goes off at a flat angle, before a wall far behind; with holes."""
    ball, floor = closed_form.sphere(*SIZE)[0], closed_form.plane(*SIZE, 80.0, distance=0.6)[0]
    depth = torch.where(ball > 0, ball, torch.where((floor > 0) & (floor < 12), floor, 12))
    mask = torch.ones(1, *SIZE, dtype=torch.bool)
    mask[:, :6, :10] = False
    return closed_form.pointmap(depth, mask, photo())


def seen(splats, pointmap, zoom=1):
    """What the photo's camera sees, at `zoom` times the photo's size."""
    height, width = SIZE[0] * zoom, SIZE[1] * zoom
    camera = pointmap.intrinsics[0].double().numpy() * numpy.array([[width], [height], [1]])
    numbers = (splats.centres, splats.scales, splats.rotations, splats.opacities, splats.colours)
    return rendered(*(values.double().numpy() for values in numbers), camera, (height, width), reach=3 * zoom)


def test_the_photos_camera_sees_the_photo_and_no_hole():
    pointmap = scene()
    splats = splats_from_pointmap(pointmap)
    picture, covered = seen(splats, pointmap)
    inside = pointmap.mask[0]
    assert covered[inside].min() > 0.99
    assert psnr(picture[inside], pointmap.image[0][inside]) > 32
    assert covered[:3, :7].max() < 0.01
    _, covered = seen(splats, pointmap, zoom=2)
    assert covered.view(SIZE[0], 2, SIZE[1], 2).amin((1, 3))[inside].min() > 0.7


def test_points_that_do_not_reach_to_their_neighbours_would_be_seen():
    pointmap = scene()
    _, covered = seen(splats_from_pointmap(pointmap, size=0.1), pointmap, zoom=2)
    assert (covered < 0.5).double().mean() > 0.5


@pytest.mark.parametrize("tilt", [0.0, 40.0, 75.0])
def test_a_splat_is_the_pixels_footprint_on_the_plane(tilt):
    depth, normal = closed_form.plane(*SIZE, tilt, 35.0)
    pointmap = closed_form.pointmap(depth, image=photo())
    splats = splats_from_pointmap(pointmap)
    axes = torch.from_numpy(turned(splats.rotations.double().numpy()))
    off = closed_form.angles(axes[..., 2] * (axes[..., 2] @ normal).sign()[:, None], normal)
    seen_at = closed_form.angles(-torch.nn.functional.normalize(splats.centres, dim=-1), normal)
    assert off[seen_at < 74].max() < 0.1
    assert (torch.linalg.det(axes) - 1).abs().max() < 1e-5
    # two standard deviations to either side along its axes it projects to one pixel's width
    for axis in (0, 1):
        step = axes[..., axis] * splats.scales[:, axis : axis + 1] * 1e-3
        places = [project((splats.centres.double() + sign * step)[None], pointmap.intrinsics)[0] for sign in (1, -1)]
        pixels = ((places[0] - places[1]) * torch.tensor([SIZE[1], SIZE[0]])).norm(dim=-1) / 1e-3
        assert (pixels - 1).abs().max() < 0.02
    assert (splats.scales[:, 2] < 0.21 * splats.scales[:, 1]).all()


def test_no_splat_reaches_over_an_edge():
    depth, _, box = closed_form.box_before_wall(*SIZE, tilt_degrees=60.0)
    pointmap = closed_form.pointmap(depth, image=box[..., None].expand(-1, -1, -1, 3).float())
    splats = splats_from_pointmap(pointmap)
    axes = torch.from_numpy(turned(splats.rotations.double().numpy()))
    along = (axes[:, 2].abs() * splats.scales.double()).amax(-1)
    # from front to wall there are 2, and a splat reaches a few pixels' widths into the depth
    assert along.max() < 0.15
    picture, _ = seen(splats, pointmap)
    assert psnr(picture, pointmap.image[0]) > 25


def test_a_surface_seen_from_its_side_makes_no_needles():
    depth, _ = closed_form.sphere(*SIZE)
    normals = torch.zeros(1, *SIZE, 3)
    normals[..., 0] = 1
    splats = splats_from_pointmap(closed_form.pointmap(depth, image=photo(), normals=normals))
    assert (splats.scales[:, 0] / splats.scales[:, 1]).max() < 22
    assert torch.isfinite(splats.rotations).all()


def test_a_stride_takes_fewer_and_larger_ones():
    pointmap = scene()
    every, third = splats_from_pointmap(pointmap), splats_from_pointmap(pointmap, stride=3)
    assert len(third.centres) == int(pointmap.mask[0, 1::3, 1::3].sum())
    _, covered = seen(third, pointmap)
    assert covered[pointmap.mask[0]][200:].quantile(0.02) > 0.6
    assert third.scales.median() > 2 * every.scales.median()


def test_what_cannot_be_splats_is_refused():
    pointmap = scene()
    with pytest.raises(ValueError, match="one frame, and the pointmap has 2"):
        splats_from_pointmap(type(pointmap).cat([pointmap, pointmap]))
    with pytest.raises(ValueError, match="came as 0, 0.5 and 1"):
        splats_from_pointmap(pointmap, stride=0)
    with pytest.raises(ValueError, match="no splats"):
        splats_from_pointmap(pointmap.masked(torch.zeros(1, *SIZE, dtype=torch.bool)))
    with pytest.raises(ValueError, match="scales came as"):
        Splats(torch.zeros(2, 3), torch.zeros(1, 3), torch.zeros(2, 4), torch.zeros(2), torch.zeros(2, 3))
