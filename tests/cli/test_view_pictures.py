"""New pictures of the command for views: about an object where there are masks, along the photos where there are none."""

import io
from dataclasses import replace

import numpy
import pytest
import torch
from PIL import Image
from round_views import ball_view, pose_on_ring

from sam3d_geometry.cli.view_pictures import novel_names, novel_pictures
from sam3d_geometry.views.fuse import FusionSettings, fuse_views

MESH = fuse_views([ball_view(degrees) for degrees in (0.0, 40.0)], FusionSettings(resolution=32, paint="none")).mesh


def nothing(done, total):
    pass


def written(writer):
    file = io.BytesIO()
    writer(file)
    return numpy.asarray(Image.open(file))


@pytest.mark.parametrize("masks", [True, False], ids=["about the object", "along the photos"])
def test_pictures_and_their_holes(masks):
    views = [ball_view(degrees) for degrees in (0.0, 40.0)]
    if not masks:
        views = [replace(view, mask=None) for view in views]
    writers, told = novel_pictures(views, MESH, 3, nothing)
    assert list(writers) == novel_names(3) and [entry["file"] for entry in told] == novel_names(3)[::2]
    picture, holes = (written(writers[name]) for name in novel_names(3)[:2])
    assert picture.shape[:2] == holes.shape and picture.max() > 0
    centres = torch.tensor([entry["world_from_camera"] for entry in told])[:, :3, 3]
    away = pose_on_ring(0.0)[:3, 3]
    spread = torch.cdist(centres, centres).max() / away.norm()
    assert spread > 1.2 if masks else spread < 0.8
