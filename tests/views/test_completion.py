"""An object completed from one side: a ball is whole, what is seen stays, and an uneven thing has no mirror plane."""

import closed_form
import numpy
import pytest
import torch
from blocks import MIDDLE, TURN, pointmap_of_blocks

from sam3d_geometry.effects.light.rasterize import rasterize
from sam3d_geometry.shapes.closing import border_edges
from sam3d_geometry.views.completion import complete_object

SIZE = (90, 120)


@pytest.fixture(scope="module")
def ball():
    """A ball of radius 1 at distance 4 with its mask; its pixels all of one color."""
    depth = closed_form.sphere(*SIZE)[0]
    mask = depth > 0
    pointmap = closed_form.pointmap(torch.where(mask, depth, 9.0), image=torch.full((1, *SIZE, 3), 0.5))
    return pointmap, mask


@pytest.fixture(scope="module")
def completed(ball):
    steps = []
    return complete_object(*ball, 40, 4, steps.append), steps


def test_a_ball_is_whole(completed):
    found, _ = completed
    from_middle = (found.mesh.vertices - torch.tensor([0, 0, 4.0])).norm(dim=1)
    assert (from_middle - 1).abs().mean() < 0.05 and (from_middle - 1).abs().max() < 0.25
    assert len(border_edges(found.mesh.faces.numpy(), len(found.mesh.vertices))) == 0
    volume = float(found.occupied.sum()) * found.voxel**3
    assert volume == pytest.approx(4 / 3 * numpy.pi, rel=0.1)


def test_what_is_seen_stays(ball, completed):
    pointmap, mask = ball
    found, _ = completed
    inside = mask[0] & pointmap.mask[0]
    assert torch.equal(found.cloud.points[: int(inside.sum())], pointmap.points[0][inside])
    drawn = rasterize(
        found.mesh.vertices.double(), found.mesh.faces.long(), pointmap.intrinsics[0].double(), *SIZE
    ).depth
    both = inside & (drawn > 0)
    assert both.sum() > 0.93 * inside.sum()
    assert (drawn - pointmap.depth[0])[both].abs().median() < 0.003
    assert set(found.confidence[found.origin == 0].tolist()) == {1.0}
    assert found.confidence[found.origin > 0].max() < 0.9


def test_passes_go_from_front_to_back(completed):
    found, steps = completed
    assert [(sweep.done, sweep.total) for sweep in steps] == [(k, 4) for k in (1, 2, 3, 4)]
    reach = [float(sweep.points[:, 2].max()) for sweep in steps]
    assert reach == sorted(reach) and reach[0] < 4 < 4.7 < reach[-1]
    assert all(len(sweep.points) == len(sweep.colours) == sweep.reached[-1] for sweep in steps)
    from_middle = (found.sweep.points - torch.tensor([0, 0, 4.0])).norm(dim=1)
    assert (from_middle - 1).abs().mean() < found.voxel
    inside = (found.sweep.points > found.sweep.low) & (found.sweep.points < found.sweep.high)
    assert found.sweep.reached == steps[-1].reached and inside.all()


def test_the_cloud_has_a_confidence_for_each_point(completed):
    found, _ = completed
    sure = found.at_cloud(found.confidence, 1.0)
    assert len(sure) == len(found.cloud.points)
    assert (sure[: len(found.seen.points)] == 1).all() and (sure[len(found.seen.points) :] < 1).all()


def test_a_block_gets_its_far_sides_from_three_mirror_planes():
    half = numpy.array([0.7, 0.5, 0.4])
    pointmap = pointmap_of_blocks([(tuple(half), (0, 0, 0))])
    found = complete_object(pointmap, pointmap.mask, 48, 1)
    assert len(found.planes) == 3 and found.describe().count("Mirrored in a plane") == 3
    beyond = numpy.abs((found.mesh.vertices.double().numpy() - MIDDLE) @ TURN) - half
    # signed distance from the block's surface
    away = numpy.linalg.norm(beyond.clip(0), axis=1) + beyond.max(1).clip(max=0)
    assert numpy.abs(away).mean() < 0.03 and (numpy.abs(away) < 0.1).mean() > 0.95
    assert found.share("guessed") < 0.02 and found.share("mirrored") > 0.4


def test_pixels_that_hang_between_an_outline_and_the_wall_are_no_part(ball):
    pointmap, mask = ball
    depth = pointmap.depth.clone()
    row = SIZE[0] // 2
    left = int(mask[0, row].nonzero()[0, 0])
    for step, (y, x) in enumerate([(row, left), (row + 1, left), (row + 9, left + 2)]):
        assert mask[0, y, x]
        depth[0, y, x] = 6.0 + step
    found = complete_object(closed_form.pointmap(depth, image=pointmap.image), mask, 40, 1)
    assert len(found.seen.points) == int(mask.sum()) - 3
    assert float(found.mesh.vertices[:, 2].max()) < 5.4


def test_too_little_is_refused(ball):
    pointmap, mask = ball
    with pytest.raises(ValueError, match="selection has 0 pixels"):
        complete_object(pointmap, torch.zeros_like(mask))
    with pytest.raises(ValueError, match="2 frames"):
        complete_object(type(pointmap).cat([pointmap, pointmap]), mask)
    with pytest.raises(ValueError, match="0 passes"):
        complete_object(pointmap, mask, 32, 0)
