"""The report names every photo, how well it was placed or why it was not."""

from dataclasses import replace

from round_views import ball_views

from sam3d_geometry.views.posed import Group, PosedViews, ViewPlacement
from sam3d_geometry.views.posed_report import posed_report


def test_every_photo_has_its_line():
    views = ball_views(3)
    lost = replace(views[2], world_from_camera=None, state="not placed", reason="only 3 features match", group=None)
    posed = PosedViews(
        (*views[:2], lost), (Group.without_points((0, 1)),), placements={1: ViewPlacement(120, 0.9, 0.2, 0.01)}
    )
    lines = posed_report(posed).splitlines()
    assert lines[0] == "2 of 3 photos have a camera, from the photos. They are one group."
    assert lines[1] == "0 degrees: placed, field of view 40.0 degrees across."
    assert "120 points, direction known to 0.2 degrees and place to 1 % of the depth" in lines[2]
    assert lines[3] == "240 degrees: not placed, only 3 features match."


def test_groups_that_do_not_connect_are_named():
    views = ball_views(4)
    views = [replace(view, group=at // 2) for at, view in enumerate(views)]
    posed = PosedViews(tuple(views), (Group.without_points((0, 1)), Group.without_points((2, 3))))
    text = posed_report(posed)
    assert "2 groups that do not connect: 0 degrees, 90 degrees; 180 degrees, 270 degrees." in text
    assert text.splitlines()[3].endswith("group 2.")
