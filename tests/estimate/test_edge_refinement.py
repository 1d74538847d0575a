"""Edges of blurred geometry come onto the photo's edges with nothing between surfaces, and planes stay what they are."""

from dataclasses import replace

import closed_form
import pytest
import torch
from torch.nn import functional as F

from sam3d_geometry.estimate.edge_refinement import PIXELS_AT_ONCE, refine_depth_edges, refined_each
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.geometry.resize import pointmap_at_size, resize_image
from sam3d_geometry.geometry.surfaces import inverse_depth
from sam3d_geometry.maps.enlarge import gaussian_blur

SIZE = (288, 384)
BLUE, SAND = torch.tensor([0.1, 0.2, 0.6]), torch.tensor([0.8, 0.7, 0.5])


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def painted(region, inside=BLUE, outside=SAND, grain=0.02, seed=0):
    """A photo (1, H, W, 3) in two colours with noise."""
    photo = torch.where(region[..., None], inside, outside)
    return (photo + grain * noise(*photo.shape, seed=seed)).clamp(0, 1)


def softened(depth, photo, shrink, blur=1.0, grain=0.0, seed=0, fov=closed_form.FOV):
    """What a soft network would give of a true depth (1, H, W), 0 in the sky: averaged over pixels, blurred, and noisy."""
    valid = depth > 0
    inverse = inverse_depth(depth.float(), valid)
    size = (depth.shape[1] // shrink, depth.shape[2] // shrink)
    mean, cover = (F.interpolate(v[:, None].float(), size, mode="area")[:, 0] for v in (inverse, valid))
    cover = gaussian_blur(cover, blur)
    soft = gaussian_blur(mean, blur) / cover.clamp_min(1e-6) * (1 + grain * noise(*mean.shape, seed=seed))
    coarse = torch.where(cover >= 0.5, 1 / soft.clamp_min(1e-6), 0)
    return closed_form.pointmap(coarse, image=resize_image(photo, size), fov=fov, source_size=tuple(depth.shape[1:]))


def box(tilt=0.0):
    depth, _, region = closed_form.box_before_wall(*SIZE, tilt_degrees=tilt)
    return depth, region


def off(refined, depth):
    """Relative error (1, H, W) of a pointmap's inverse depth."""
    truth = inverse_depth(depth.float(), depth > 0)
    found = inverse_depth(refined.depth, refined.mask)
    return (found - truth).abs() / torch.maximum(found, truth).clamp_min(1e-9)


@pytest.mark.parametrize("shrink", [2, 4, 8])
@pytest.mark.parametrize("tilt", [0.0, 25.0])
def test_every_pixel_comes_to_one_of_the_two_surfaces_at_the_photos_edge(shrink, tilt):
    depth, region = box(tilt)
    photo = painted(region)
    refined, _ = refine_depth_edges(softened(depth, photo, shrink), photo)
    assert refined.size == SIZE and refined.source_size == SIZE and torch.equal(refined.image, photo)
    assert float((off(refined, depth) > 0.02).float().mean()) < 1e-4
    plain = pointmap_at_size(softened(depth, photo, shrink), photo)
    assert float((off(plain, depth) > 0.02).float().mean()) > 0.01


def test_noise_in_depth_and_photo_moves_few_pixels():
    depth, region = box()
    photo = painted(region, grain=0.06)
    refined, _ = refine_depth_edges(softened(depth, photo, 4, grain=0.01), photo)
    assert float((off(refined, depth) > 0.05).float().mean()) < 3e-3


@pytest.mark.parametrize("shrink", [1, 3, 4.5])
@pytest.mark.parametrize("tilt", [0.0, 60.0, 80.0])
def test_planes_stay_planes_up_to_the_border_whatever_the_photo_shows(shrink, tilt):
    coarse = closed_form.plane(40, 56, tilt, 50.0)[0]
    size = (round(40 * shrink), round(56 * shrink))
    photo = (0.5 + 0.3 * noise(1, *size, 3)).clamp(0, 1)
    photo[:, :, ::7] = 0
    pointmap = closed_form.pointmap(coarse, source_size=size, image=resize_image(photo, (40, 56)))
    refined, _ = refine_depth_edges(pointmap, photo)
    truth = closed_form.plane(*size, tilt, 50.0)[0]
    far = truth > 4.5  # within two pixels of the plane's horizon, which is an edge of the sky
    assert float(off(refined, truth)[~far & (truth > 0) & refined.mask].max()) < 1e-3


def test_texture_does_not_become_relief():
    """Squares on the box and stripes on the wall, in colours of their own, leave both flat."""
    depth, region = box()
    y, x = torch.meshgrid(torch.arange(SIZE[0]), torch.arange(SIZE[1]), indexing="ij")
    squares, stripes = ((y // 12 + x // 12) % 2 == 0)[None], ((x + y) // 10 % 2 == 0)[None]
    on_box = torch.where(squares[..., None], BLUE, torch.tensor([0.5, 0.1, 0.1]))
    on_wall = torch.where(stripes[..., None], SAND, torch.tensor([0.2, 0.5, 0.2]))
    photo = torch.where(region[..., None], on_box, on_wall)
    refined, _ = refine_depth_edges(softened(depth, photo, 4), photo)
    assert float((off(refined, depth) > 0.02).float().mean()) < 2e-3
    found = refined.depth
    assert float(torch.minimum((found - 3).abs(), (found - 5).abs()).max()) < 0.06


def test_a_photo_without_an_edge_leaves_a_step_where_the_geometry_has_its_middle():
    depth, region = box()
    photo = torch.full((1, *SIZE, 3), 0.5)
    refined, _ = refine_depth_edges(softened(depth, photo, 4), photo)
    assert float(torch.minimum((refined.depth - 3).abs(), (refined.depth - 5).abs()).max()) < 0.06
    # within a pixel and a half of the geometry
    beside = F.max_pool2d(region.float(), 13, 1, 6) + F.max_pool2d(1 - region.float(), 13, 1, 6) == 2
    assert not bool(((off(refined, depth) > 0.02) & ~beside).any())


def test_the_sky_ends_where_the_photo_says():
    y, x = torch.meshgrid(torch.arange(SIZE[0]), torch.arange(SIZE[1]), indexing="ij")
    hill = (y > 140 + 40 * torch.sin(x / 30.0))[None]
    depth = torch.where(hill, 7.0, 0.0)
    photo = painted(hill, inside=torch.tensor([0.2, 0.4, 0.1]), outside=torch.tensor([0.6, 0.8, 1.0]))
    soft = softened(depth, photo, 8)
    refined, _ = refine_depth_edges(soft, photo)
    wrong = (refined.mask != hill).float().mean()
    assert float(wrong) < 2e-3 and float((pointmap_at_size(soft, photo).mask != hill).float().mean()) > 5 * float(wrong)
    assert torch.equal(refined.points[~refined.mask], torch.zeros_like(refined.points[~refined.mask]))


@pytest.mark.parametrize("width", [6, 10])
def test_a_pole_stays_whole_and_as_thick_as_in_the_photo(width):
    region = torch.zeros(1, *SIZE, dtype=torch.bool)
    region[:, 20:, 181 : 181 + width] = True
    depth, photo = torch.where(region, 3.0, 5.0), painted(region)
    refined, _ = refine_depth_edges(softened(depth, photo, 4), photo)
    before = refined.depth < 4.6
    assert bool((before == region).float().mean() > 0.999)


def test_every_point_lies_on_the_ray_of_its_pixel():
    depth, region = box()
    photo = painted(region)
    refined, _ = refine_depth_edges(softened(depth, photo, 4, fov=80.0), photo)
    again = closed_form.pointmap(refined.depth, refined.mask, fov=80.0)
    assert torch.allclose(refined.points, again.points, atol=1e-5)


def test_normals_are_those_of_the_chosen_surface():
    depth, normals, region = closed_form.box_before_wall(*SIZE, tilt_degrees=30.0)
    photo = painted(region)
    soft = softened(depth, photo, 4)
    true = F.interpolate(normals.float().movedim(-1, 1), soft.size, mode="area").movedim(1, -1)
    soft = replace(soft, normals=F.normalize(gaussian_blur(true, 1.0), dim=-1))
    refined, _ = refine_depth_edges(soft, photo)
    assert refined.normals is not None
    assert float((closed_form.angles(refined.normals, normals.float()) > 3).float().mean()) < 2e-3


@pytest.mark.parametrize("long_edge", [0, 192, 60])
def test_without_a_photo_the_own_picture_decides_and_the_photos_size_stays(long_edge):
    depth, region = box()
    soft = softened(depth, painted(region), 2)
    refined, _ = refine_depth_edges(soft, long_edge=long_edge)
    assert max(refined.size) == (long_edge or 192) and refined.source_size == SIZE
    assert float(torch.minimum((refined.depth - 3).abs(), (refined.depth - 5).abs()).max()) < 0.1


def wide(depth, photo):
    """Geometry at the photo's size whose edges are as wide as those of the built-in network: about 16 pixels."""
    soft = softened(depth, photo, 4)
    inverse = F.interpolate(inverse_depth(soft.depth, soft.mask)[:, None], SIZE, mode="bicubic")[:, 0]
    return closed_form.pointmap(1 / inverse, image=photo)


def test_ramps_of_many_pixels_become_steps_too():
    depth, region = box()
    photo = painted(region)
    refined, _ = refine_depth_edges(wide(depth, photo))
    assert float((off(refined, depth) > 0.05).float().mean()) < 2e-3
    assert float((off(wide(depth, photo), depth) > 0.05).float().mean()) > 0.04


def clip(frames=6, grain=0.04):
    """A still scene without much contrast, whose every frame has its own noise."""
    depth, region = box()
    photos = torch.cat(
        [
            painted(region, torch.tensor([0.5, 0.5, 0.45]), torch.tensor([0.55, 0.52, 0.5]), grain, i)
            for i in range(frames)
        ]
    )
    soft = [softened(depth, photos[[i]], 4, grain=0.01, seed=i) for i in range(frames)]
    return Pointmap.cat(soft), photos


def flips(refined):
    """Share of pixels that are on another side than in the frame before."""
    side = refined.depth < 4
    return float((side[1:] != side[:-1]).float().mean())


def test_what_looks_the_same_stays_on_its_side_in_a_clip():
    pointmap, photos = clip()
    steady, _ = refine_depth_edges(pointmap, photos)
    alone = Pointmap.cat([refine_depth_edges(pointmap[i], photos[[i]])[0] for i in range(len(pointmap))])
    assert flips(alone) > 1e-3 and flips(steady) < 0.6 * flips(alone)


def test_what_is_remembered_does_not_depend_on_the_scale_of_a_frame():
    pointmap, photos = clip(3)
    jumping = replace(pointmap, points=pointmap.points * torch.tensor([1.0, 2.0, 0.25])[:, None, None, None])
    steady, jumped = (refine_depth_edges(frames, photos)[0] for frames in (pointmap, jumping))
    scaled = jumped.depth / torch.tensor([1.0, 2.0, 0.25])[:, None, None]
    assert float(((scaled - steady.depth).abs() > 0.02).float().mean()) < 1e-4


def test_an_edge_that_moves_leaves_no_trail():
    """A bar moves by half a coarse pixel a frame; every frame is as good as by itself."""
    photos, soft, truths = [], [], []
    for i in range(5):
        region = torch.zeros(1, *SIZE, dtype=torch.bool)
        region[:, 60:220, 80 + 2 * i : 140 + 2 * i] = True
        photos.append(painted(region, seed=i))
        truths.append(torch.where(region, 3.0, 5.0))
        soft.append(softened(truths[-1], photos[-1], 4, seed=i))
    refined, _ = refine_depth_edges(Pointmap.cat(soft), torch.cat(photos))
    wrong = [float((off(refined[i], truth) > 0.05).float().mean()) for i, truth in enumerate(truths)]
    assert max(wrong) < 2e-4


def test_a_stream_gives_what_the_whole_clip_gives():
    pointmap, photos = clip(4)
    whole, _ = refine_depth_edges(pointmap, photos)
    state, parts = None, []
    for i in range(len(pointmap)):
        part, state = refine_depth_edges(pointmap[i], photos[[i]], state=state)
        parts.append(part)
    assert torch.equal(Pointmap.cat(parts).points, whole.points)


def test_a_cut_and_another_size_start_anew():
    pointmap, photos = clip(2)
    depth, region = box()
    other_photo = painted(region.roll(40, 2), SAND.flip(0), BLUE)
    other = softened(depth.roll(40, 2), other_photo, 4)
    _, state = refine_depth_edges(pointmap, photos)
    alone, _ = refine_depth_edges(other, other_photo)
    assert torch.equal(refine_depth_edges(other, other_photo, state=state)[0].points, alone.points)
    small, _ = refine_depth_edges(pointmap, photos, long_edge=100, state=state)
    assert torch.equal(small.points, refine_depth_edges(pointmap, photos, long_edge=100)[0].points)


def test_one_photo_serves_all_frames_and_cancel_is_heard():
    pointmap, photos = clip(3)
    told = []
    refined, _ = refine_depth_edges(pointmap, photos[:1], on_progress=lambda done, total: told.append((done, total)))
    assert len(refined) == 3 and told == [(1, 3), (2, 3), (3, 3)]


def test_nothing_and_very_little_come_out_as_they_are():
    empty = closed_form.pointmap(torch.zeros(1, 20, 30))
    assert not bool(refine_depth_edges(empty, torch.rand(1, 40, 60, 3))[0].mask.any())
    one = closed_form.pointmap(torch.full((1, 1, 1), 2.0))
    assert torch.allclose(refine_depth_edges(one, torch.rand(1, 3, 3, 3))[0].depth, torch.full((1, 3, 3), 2.0))


def test_what_a_photo_cannot_be_is_refused():
    depth, region = box()
    soft = softened(depth, painted(region), 4)
    with pytest.raises(ValueError, match="another aspect ratio"):
        refine_depth_edges(soft, torch.rand(1, 50, 200, 3))
    with pytest.raises(ValueError, match="long_edge came as -1"):
        refine_depth_edges(soft, long_edge=-1)


def test_frames_refined_together_are_those_refined_alone():
    depth, region = box(25.0)
    blurs = (5.0, 0.3, 2.0, 5.0, 0.3)  # which ask for a quarter, the whole, a half of the size
    soft = [softened(depth, painted(region, seed=i), 2, blur, 0.005, i) for i, blur in enumerate(blurs)]
    frames = Pointmap.cat([*soft, *soft])
    frames = replace(frames, normals=F.normalize(noise(*frames.points.shape), dim=-1))
    assert len(frames) * frames.points[0, ..., 0].numel() > PIXELS_AT_ONCE
    together = refined_each(frames)
    for i in range(len(frames)):
        alone, _ = refine_depth_edges(frames[i])
        for name in ("points", "mask", "image", "normals", "unrefined", "intrinsics"):
            assert torch.equal(getattr(together[i], name), getattr(alone, name)), (i, name)
        assert together.source_size == alone.source_size


def test_a_photo_with_numbers_that_are_none_gives_clean_geometry():
    depth, region = box()
    photo = painted(region)
    photo[:, ::9, ::5] = torch.nan
    photo[:, ::11, ::7] = torch.inf
    refined, _ = refine_depth_edges(softened(depth, painted(region), 4), photo)
    assert bool(torch.isfinite(refined.points).all())
