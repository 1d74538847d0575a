"""A photo of all directions through a network that reads them off the picture: the panorama is the scene."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from round_scene import distance_of

from sam3d_geometry.estimate.panorama_inference import VIEW_DIRECTIONS, infer_panorama, panorama_pictures
from sam3d_geometry.geometry.panorama import panorama_rays
from sam3d_geometry.models import Prediction

PHOTO = (192, 384)


def photo():
    """Every pixel's colour is its direction."""
    return panorama_rays(PHOTO)[None] / 2 + 0.5


class ReadsDirections(SimpleNamespace):
    """A network that knows the scene, with a scale of its own for every picture and a shift, as MoGe has them."""

    def predict(self, images, num_tokens):
        directions = torch.nn.functional.normalize(images.movedim(1, -1) * 2 - 1, dim=-1)
        edge = directions.shape[1]
        middle = directions[:, edge // 2 - 1 : edge // 2 + 1, edge // 2 - 1 : edge // 2 + 1].mean((1, 2))
        along = (directions * torch.nn.functional.normalize(middle, dim=-1)[:, None, None]).sum(-1)
        distance = distance_of(directions).float()
        valid = distance.isfinite()
        depth = torch.where(valid, distance * along, 1)
        places = (torch.arange(edge) + 0.5) / edge * 2 - 1
        ray = torch.stack([places.expand(edge, edge), places[:, None].expand(edge, edge), torch.ones(edge, edge)], -1)
        scale = 1 + 0.3 * middle[:, 0]
        points = ray * depth[..., None] * scale[:, None, None, None]
        points[..., 2] += 0.4
        return Prediction(points, valid.float())


MODEL: Any = ReadsDirections(
    name="reads directions",
    device=torch.device("cpu"),
    compute_dtype=torch.float32,
    metric=False,
    preview=False,
    token_range=(10, 4000),
    pixels_per_token_edge=14,
)


def test_pictures_of_views_show_their_directions():
    pictures = panorama_pictures(photo(), 32)
    assert pictures.shape == (len(VIEW_DIRECTIONS), 32, 32, 3)
    middles = pictures[:, 15:17, 15:17].mean((1, 2)) * 2 - 1
    assert torch.allclose(middles[0], torch.tensor([0, 0, 1.0]), atol=0.01)
    assert torch.allclose(middles[1], torch.tensor([0.866, 0, 0.5]), atol=0.01)
    assert (middles[6:9, 1] < -0.8).all() and (middles[9:, 1] > 0.8).all()


def test_the_panorama_is_the_scene_up_to_one_scale():
    done = []
    made = infer_panorama(MODEL, photo(), resolution=96, on_progress=lambda i, n: done.append((i, n)))
    truth = distance_of(panorama_rays(made.size)).float()
    assert made.size == (144, 288) and made.source_size == PHOTO and done[-1] == (12, 12)
    valid = made.mask & truth.isfinite()
    off = (made.distance / truth).log()[valid]
    assert (off - off.median()).abs().mean() < 0.02
    assert (made.mask == truth.isfinite()).double().mean() > 0.99
    assert ((made.normals * made.points).sum(-1)[valid] <= 0).all()


def test_a_common_photo_is_refused():
    with pytest.raises(ValueError, match="twice as wide as high"):
        infer_panorama(MODEL, torch.zeros(1, 60, 80, 3))
