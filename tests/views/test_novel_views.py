"""New views: a photo's own camera gives it back, held-out ones are nearer to the truth than plain ways, holes are said."""

from dataclasses import replace

import pytest
from held_out_views import splatted, warped_back
from round_views import SIZE, ball_view, ball_views

from sam3d_geometry.views.fuse import FusionSettings, fuse_views
from sam3d_geometry.views.novel_cameras import NovelCamera
from sam3d_geometry.views.novel_views import novel_report, novel_views
from sam3d_geometry.views.picture_errors import psnr, ssim

VIEWS = ball_views(8)


def camera_of(view):
    return NovelCamera(view.name, view.world_from_camera, view.intrinsics)


@pytest.fixture(scope="module")
def mesh():
    return fuse_views(VIEWS, FusionSettings(resolution=48, triangles=0, longest_tile=80)).mesh


def test_a_photos_own_camera_gives_the_photo(mesh):
    (made,) = novel_views(mesh, VIEWS, [camera_of(VIEWS[3])], SIZE)
    inside = made.mask & VIEWS[3].mask & (made.holes < 0.5)
    assert psnr(made.image, VIEWS[3].photo, inside) > 35
    assert (made.depth - VIEWS[3].pointmap.depth[0])[inside].abs().median() < 0.01
    assert made.told > 0.95


@pytest.mark.parametrize("azimuth", [22, 110, 200])
def test_held_out_cameras_are_nearer_than_plain_ways_where_photos_tell(mesh, azimuth):
    truth = ball_view(azimuth)
    camera = camera_of(truth)
    (made,) = novel_views(mesh, VIEWS, [camera], SIZE)
    told = truth.mask & made.mask & (made.holes < 0.5)
    assert told.sum() > 0.9 * truth.mask.sum()
    nearest = min(VIEWS, key=lambda v: float((v.world_from_camera - truth.world_from_camera)[:3, 3].norm()))
    for plain in (warped_back(nearest, made.depth, camera), splatted(VIEWS, camera, SIZE)):
        for measure in (psnr, ssim):
            assert measure(made.image, truth.photo, told) > measure(plain, truth.photo, told)


def test_what_no_photo_saw_is_a_hole():
    front = ball_views(8)[:1]
    mesh = fuse_views(front, FusionSettings(resolution=48, triangles=0, longest_tile=80)).mesh
    behind, own = novel_views(mesh, front, [camera_of(ball_view(180)), camera_of(front[0])], SIZE)
    assert behind.told < 0.05 and own.told > 0.9
    assert not bool(behind.mask.float().mean() > 0.02)
    assert float(own.holes[0, 0]) == 0
    bare = [replace(front[0], mask=None)]
    (whole,) = novel_views(mesh, bare, [camera_of(front[0])], SIZE)
    assert float(whole.holes[0, 0]) == 1


def test_the_report_names_what_is_too_little():
    text = novel_report([("front", 0.9), ("back", 0.1)])
    assert text.splitlines() == [
        "1 of 2 pictures show enough that photos have seen.",
        "front: photos tell 90 % of the surface.",
        "back: photos tell 10 % of the surface, too little to be used.",
    ]


def test_views_without_a_place_are_refused(mesh):
    with pytest.raises(ValueError, match="None of the 0 views is placed"):
        list(novel_views(mesh, [], [], SIZE))
