"""Chunks with photos come to the photos' size, one after the other with the state of the last, and alpha has the last word."""

import closed_form
import pytest
import torch

from sam3d_geometry.estimate.edge_refinement import refine_depth_edges
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.video.clip_facts import Position
from sam3d_geometry.video.engine import GeometryChunk, StreamSettings
from sam3d_geometry.video.photo_edges import edges_on_photos

SIZE = (48, 64)


def frames(count=3):
    """A box before a wall at a quarter of the photos' size, and photos (B, H, W, 4) uint8 whose left half is transparent."""
    depth, _, region = closed_form.box_before_wall(*SIZE)
    coarse = closed_form.pointmap(depth[:, 1::4, 1::4], source_size=SIZE)
    photo = torch.where(region[..., None], torch.tensor([200, 60, 40, 255]), torch.tensor([40, 80, 160, 255]))
    photo[:, :, :32, 3] = 0
    return Pointmap.cat([coarse] * count), photo.to(torch.uint8).expand(count, -1, -1, -1)


def chunks(pointmap, photos):
    for i in range(len(pointmap)):
        yield GeometryChunk((Position(i, i),), pointmap[i], ("earlier",), None, photos[[i]])


def test_each_goes_on_from_the_one_before():
    pointmap, photos = frames()
    whole, state = refine_depth_edges(pointmap, photos / 255)
    made = list(edges_on_photos(chunks(pointmap, photos), StreamSettings(), None))
    assert torch.equal(Pointmap.cat([chunk.pointmap for chunk in made]).points, whole.points)
    assert all(chunk.states[0] == "earlier" and chunk.photos is None for chunk in made)
    assert torch.equal(made[-1].states[-1].levels[-1].inverse, state.levels[-1].inverse)


@pytest.mark.parametrize("from_alpha", [False, True])
def test_what_is_transparent_stays_without_geometry(from_alpha):
    pointmap, photos = frames(1)
    (made,) = edges_on_photos(chunks(pointmap, photos), StreamSettings(mask_from_alpha=from_alpha), None)
    assert made.pointmap.size == SIZE
    assert bool(made.pointmap.mask[:, :, :32].any()) != from_alpha and bool(made.pointmap.mask[:, :, 32:].all())


def test_without_photos_nothing_is_changed():
    pointmap, _ = frames(1)
    chunk = GeometryChunk((Position(0, 0),), pointmap)
    assert list(edges_on_photos(iter([chunk]), StreamSettings(), None)) == [chunk]
