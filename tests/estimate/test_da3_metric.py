"""Depth Anything 3 Metric gives metres once the focal length of the picture that it saw is known."""

import pytest
import torch
from closed_form import intrinsics

from sam3d_geometry.estimate.da3_metric import metres_from_output, network_size
from sam3d_geometry.estimate.depth_to_pointmap import pointmap_from_depth
from sam3d_geometry.geometry.camera import intrinsics_from_fov_x_degrees


@pytest.mark.parametrize(
    ("photo", "edge", "seen"),
    [
        ((1080, 1920), 504, (280, 504)),  # 283.5 is brought to a multiple of 14
        ((1920, 1080), 504, (504, 280)),
        ((280, 504), 504, (280, 504)),
        ((100, 100), 1000, (994, 994)),
        ((700, 1000), 1008, (700, 1008)),  # 705.6
        ((10, 2000), 504, (14, 504)),
        ((287, 504), 504, (294, 504)),  # half way: up
    ],
)
def test_the_network_sees_multiples_of_fourteen(photo, edge, seen):
    assert network_size(photo, edge) == seen


@pytest.mark.parametrize(("edge", "factor"), [(504, 1.0), (1008, 2.0), (252, 0.5)])
def test_metres_are_focal_times_output_over_three_hundred(edge, factor):
    """A lens of 300 pixels at a picture of 504 x 504 leaves the output as it is."""
    camera = torch.tensor([[[300 / 504, 0, 0.5], [0, 300 / 504, 0.5], [0, 0, 1]]])
    output = torch.rand(2, 40, 40) + 1
    assert torch.allclose(metres_from_output(output, camera, edge), output * factor)


def test_both_axes_count_and_each_frame_has_its_own_camera():
    cameras = torch.eye(3).repeat(2, 1, 1)
    cameras[0, 0, 0], cameras[0, 1, 1] = 0.5, 1.0
    cameras[1, 0, 0], cameras[1, 1, 1] = 1.0, 2.0
    metres = metres_from_output(torch.ones(2, 20, 40), cameras, 504)
    assert metres[:, 0, 0].tolist() == pytest.approx([252 / 300, 504 / 300])


def test_the_size_of_the_photo_does_not_matter():
    for size in ((56, 72), (560, 720)):
        metres = metres_from_output(torch.ones(1, *size), intrinsics(*size, 60.0), 504)
        assert float(metres[0, 0, 0]) == pytest.approx(504 / 2 / 3**-0.5 / 300, rel=0.001)


def test_a_depth_map_of_it_becomes_a_metric_pointmap():
    camera = intrinsics_from_fov_x_degrees(60.0, 56, 72)
    raw = torch.linspace(1, 4, 56)[None, :, None].expand(1, -1, 72).contiguous()
    made = pointmap_from_depth(raw, camera, da3_network_edge=504)
    assert made.metric and torch.allclose(made.depth, metres_from_output(raw, camera, 504))
    with pytest.raises(ValueError, match="set measure to z"):
        pointmap_from_depth(raw / 4, camera, "near white", da3_network_edge=504)
    with pytest.raises(ValueError, match="lies between 0 and 1 as a picture's does"):
        pointmap_from_depth((raw - 1) / 3, camera, da3_network_edge=504)
