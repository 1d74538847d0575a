"""Blurred depth edges become steps; what is sharp, tilted or without geometry stays as it is."""

import closed_form
import torch

from sam3d_geometry.effects.camera.edge_sharpening import sharpen_edges, sharpened

SIZE = (48, 64)


def test_a_sharp_step_and_a_tilted_plane_are_left_as_they_are():
    step = (1 / closed_form.box_before_wall(*SIZE)[0]).float()[0]
    tilted = (1 / closed_form.plane(*SIZE, 60.0)[0]).float()[0]
    assert torch.equal(sharpened(step, 3), step)
    assert torch.equal(sharpened(tilted, 3), tilted)


def test_a_blurred_edge_becomes_a_step_between_its_levels():
    ramp = torch.cat([torch.full((20,), 0.25), torch.linspace(0.25, 0.5, 7)[1:-1], torch.full((20,), 0.5)])
    sharp = sharpened(ramp.expand(9, -1).contiguous(), 4)
    assert bool((sharp.isclose(torch.tensor(0.25)) | sharp.isclose(torch.tensor(0.5))).all())
    assert bool((sharp[:, :20] == 0.25).all() and (sharp[:, -20:] == 0.5).all())


def test_sharpening_keeps_rays_and_pixels_without_geometry():
    depth, _, _ = closed_form.box_before_wall(*SIZE)
    depth = torch.nn.functional.avg_pool2d(depth.float()[:, None], 5, 1, 2, count_include_pad=False)[:, 0]
    blurred = closed_form.pointmap(depth, mask=torch.rand(1, *SIZE) > 0.2)
    sharp = sharpen_edges(blurred)
    assert torch.equal(sharp.mask, blurred.mask) and bool((sharp.depth[~sharp.mask] == 0).all())
    assert torch.allclose(
        sharp.points[..., :2] * blurred.depth[..., None], blurred.points[..., :2] * sharp.depth[..., None], atol=1e-5
    )
