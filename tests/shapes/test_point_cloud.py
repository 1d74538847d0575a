"""Point clouds hold the valid points with their colours and normals; thinning evens them out, strays go."""

import closed_form
import pytest
import torch

from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.geometry.scene_scale import scene_depth
from sam3d_geometry.shapes.point_cloud import PointCloud, point_cloud_from_pointmap, remove_outliers, thin_by_voxel


def test_it_holds_every_valid_point_in_order():
    torch.manual_seed(0)
    depth, normals = closed_form.sphere(48, 64)
    pointmap = closed_form.pointmap(depth, image=torch.rand(1, 48, 64, 3))
    cloud = point_cloud_from_pointmap(pointmap)
    assert torch.equal(cloud.points, pointmap.points[pointmap.mask])
    assert torch.equal(cloud.colours, pointmap.image[pointmap.mask])
    assert closed_form.angles(cloud.normals, normals[pointmap.mask]).median() < 2
    assert torch.equal(cloud.intrinsics, pointmap.intrinsics[0])
    every_third = point_cloud_from_pointmap(pointmap, stride=3)
    assert torch.equal(every_third.points, pointmap.points[:, ::3, ::3][pointmap.mask[:, ::3, ::3]])


def test_a_voxel_becomes_the_mean_of_its_points():
    torch.manual_seed(1)
    corners = torch.tensor([[0, 0, 0], [3, 0, 0], [0, 5, 0], [-2, 0, 1]]).float()
    points = (corners[:, None] + 0.9 * torch.rand(4, 50, 3) + 0.05).view(-1, 3)
    colours = torch.rand(200, 3)
    normals = torch.nn.functional.normalize(torch.rand(200, 3), dim=-1)
    order = torch.randperm(200)
    cloud = thin_by_voxel(PointCloud(points[order], colours[order], normals[order]), 1.0)
    assert len(cloud.points) == 4
    nearest = torch.cdist(cloud.points, points.view(4, 50, 3).mean(1)).argmin(1)
    assert torch.allclose(cloud.points, points.view(4, 50, 3).mean(1)[nearest], atol=1e-6)
    assert torch.allclose(cloud.colours, colours.view(4, 50, 3).mean(1)[nearest], atol=1e-6)
    assert torch.allclose(cloud.normals.norm(dim=1), torch.ones(4))


def test_voxels_make_the_density_even():
    depth, _ = closed_form.plane(120, 160, 70)
    near = closed_form.pointmap(torch.where(depth < 10, depth, 0))
    cloud = point_cloud_from_pointmap(near, voxel_size=0.05 * scene_depth(near))
    spacing = torch.cdist(cloud.points, cloud.points).topk(2, largest=False).values[:, 1]
    assert spacing.max() < 20 * spacing.median() and len(cloud.points) < 120 * 160 / 3


def test_strays_go_and_the_surface_stays():
    depth, _ = closed_form.box_room(60, 80)[:2]
    strays = torch.zeros(1, 60, 80, dtype=torch.bool)
    strays[0, 5::12, 7::15] = True
    cloud = point_cloud_from_pointmap(
        closed_form.pointmap(torch.where(strays, depth * 0.5, depth)), outlier_deviations=2.0
    )
    kept = torch.cdist(cloud.points, closed_form.pointmap(torch.where(strays, depth * 0.5, depth)).points[strays])
    assert (kept.amin(0) > 1e-3).all()
    assert len(cloud.points) > 0.97 * (60 * 80 - strays.sum())
    few = PointCloud(torch.rand(5, 3))
    assert remove_outliers(few, 1.0) is few


def test_bad_input_is_named():
    pointmap = closed_form.pointmap(torch.ones(1, 4, 4))
    with pytest.raises(ValueError, match="stride came as 0"):
        point_cloud_from_pointmap(pointmap, stride=0)
    with pytest.raises(ValueError, match="the pointmap has 2"):
        point_cloud_from_pointmap(Pointmap.cat([pointmap, pointmap]))
    with pytest.raises(ValueError, match="The point cloud is empty"):
        point_cloud_from_pointmap(closed_form.pointmap(torch.zeros(1, 4, 4)))
    with pytest.raises(ValueError, match="colours came as"):
        PointCloud(torch.zeros(3, 3), torch.zeros(2, 3))
