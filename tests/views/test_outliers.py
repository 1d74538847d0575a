"""Outliers: a view that stands wrong is left out and named, the others stay, and views that only err in depth stay too."""

from dataclasses import replace

import pytest
import torch
from round_views import ball_view, ball_views

from sam3d_geometry.views.outliers import without_clashing
from sam3d_geometry.views.posed_depth import posed_depth


def aside(view, by):
    """The view as if its camera stood `by` radii to the right."""
    pose = view.world_from_camera.clone()
    pose[:3, 3] += by * pose[:3, 0]
    return replace(view, world_from_camera=pose)


@pytest.mark.parametrize("masked", [True, False])
def test_a_view_that_stands_wrong_is_left_out_and_the_others_stay(masked):
    views = [ball_view(20.0 * k, masked=masked) for k in range(5)]
    views[1] = replace(views[1], log_scale=-0.25) if not masked else aside(views[1], 0.9)
    kept, reasons = without_clashing([posed_depth(view) for view in views])
    assert [frame.name for frame in kept] == [view.name for k, view in enumerate(views) if k != 1]
    assert list(reasons) == [views[1].name] and "% of it would float" in reasons[views[1].name]


def test_views_that_agree_and_depths_that_err_stay():
    views = ball_views(6)
    generator = torch.Generator().manual_seed(0)
    rough = []
    for view in views:
        error = 0.05 * torch.randn(1, 1, 4, 4, generator=generator)
        error = torch.nn.functional.interpolate(error, view.photo.shape[:2], mode="bicubic", align_corners=True)[0]
        rough.append(
            replace(view, pointmap=replace(view.pointmap, points=view.pointmap.points * error.exp()[..., None]))
        )
    for some in (views, rough, views[:1]):
        kept, reasons = without_clashing([posed_depth(view) for view in some])
        assert len(kept) == len(some) and not reasons


def test_of_two_views_that_clash_none_is_named():
    kept, reasons = without_clashing([posed_depth(v) for v in (ball_view(0), aside(ball_view(20), 0.9))])
    assert len(kept) == 2 and not reasons
