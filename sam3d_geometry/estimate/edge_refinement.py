"""A pointmap's depth edges brought onto the photo's edges, at the photo's own resolution, with nothing between two surfaces.

First what lies on the ramp of a blurred edge is given to one of the surfaces beside it, at the pointmap's own size or, where its
ramps are long, at a half or a quarter of it. Then the size is doubled step by step (progressive upsampling, Riemens et al.,
Multistep joint bilateral depth upsampling, 2009): inside surfaces by `resize.GeometryResize`, and beside their ends each
pixel chooses its surface anew by the colours of the photo at that size. So a wrong texture has only the width of a step to do harm
in, and pixels away from edges are what they would be without this.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch.nn import functional as F

from ..clips.cuts import CUT_THRESHOLD, find_cuts, thumbnails
from ..geometry.camera import unproject
from ..geometry.colour import without_nan
from ..geometry.pointmap import Pointmap
from ..geometry.progress import OnProgress
from ..geometry.resize import GeometryResize, Size, picture_size, require_photo, resize_image, size_for_long_edge
from ..geometry.surfaces import ends_of, inverse_depth
from ..geometry.unrefined import packed
from ..geometry.widening import widened
from .soft_edges import falling_into_sky, joined, on_ramps, on_ridges, ramp_strides, slopes
from .surface_votes import Electors, Verdict, Voters, decide

RAMP_RADIUS, RAMP_SPREAD = 4, 2.0  # pixels: from the middle of a ramp both of its surfaces are heard
SLOPE_RADIUS = 2  # pixels over which the slope of noisy geometry is averaged
STEP_RADIUS, STEP_SPREAD = 2, 1.6  # pixels of the size before: a doubling leaves an edge within one of them
TRACED = 0.1  # purity of what lies beside a ramp, whose last trace may reach there
RIDGE_TRUST = 0.5  # in the middle of something thin, whose own depth is mixed with that behind it
LARGEST_SIZE_RATIO = 2.3  # in size: beyond it one more step is made
MEDIAN_SIDE = 128  # pixels of the long side that a median is taken from
# of frames that are refined together: many short steps become few longer ones, which still fit the cache
PIXELS_AT_ONCE = 1 << 18
SAME_PIXEL = 0.15  # difference of colour in [0, 1] up to which a pixel of a clip shows the same as before


@dataclass(frozen=True)
class RefinedLevel:
    """What a stream keeps of one size: its last picture (1, H, W, 3), and its inverse depth (1, H, W) in shares of
    the frame's median, for the scale may jump; both float16."""

    picture: torch.Tensor
    inverse: torch.Tensor


@dataclass(frozen=True)
class RefineState:
    """What a stream carries from one run to the next: a level for each size, by how much the first was shrunk, and its look."""

    levels: tuple[RefinedLevel, ...]
    stride: int
    look: torch.Tensor


@dataclass(frozen=True)
class _Map:
    """Frames at one size: inverse depth (B, H, W), their picture (B, H, W, 3) and normals (B, H, W, 3) or None."""

    inverse: torch.Tensor
    picture: torch.Tensor
    normals: torch.Tensor | None

    @property
    def size(self) -> Size:
        return picture_size(self.inverse)

    def __getitem__(self, frames: list[int]) -> _Map:
        """Some of the frames."""
        normals = None if self.normals is None else self.normals[frames]
        return _Map(self.inverse[frames], self.picture[frames], normals)

    def voters(self, slope: torch.Tensor, trust: torch.Tensor, purity: torch.Tensor) -> Voters:
        """Its pixels, with slopes (B, H, W, 2), trust and purity (B, H, W)."""
        maps = [self.inverse[..., None], slope, self.picture, trust[..., None], purity[..., None]]
        if self.normals is not None:
            maps.append(self.normals)
        return Voters(self.size, torch.cat(maps, -1).flatten(0, 2).T.contiguous())

    def replaced(self, where: torch.Tensor, by: _Map) -> _Map:
        """The map with another one's pixels at `where` (B, H, W)."""
        normals = self.normals
        if normals is not None and by.normals is not None:
            normals = torch.where(where[..., None], by.normals, normals)
        return replace(self, inverse=torch.where(where, by.inverse, self.inverse), normals=normals)

    def with_verdict(self, places: tuple[torch.Tensor, ...], verdict: Verdict) -> _Map:
        """The map with what was decided of the pixels at places (frames, rows, columns)."""
        inverse = self.inverse.clone()
        inverse[places] = torch.where(verdict.found, verdict.inverse, inverse[places])
        if self.normals is None:
            return replace(self, inverse=inverse)
        normals = self.normals.clone()
        chosen = F.normalize(verdict.carried, dim=-1)
        normals[places] = torch.where(verdict.found[:, None], chosen, normals[places])
        return replace(self, inverse=inverse, normals=normals)


def _sizes_between(first: Size, last: Size) -> list[Size]:
    """The sizes after the first one up to the last, evenly spaced in ratio."""
    ratio = max(target / source for source, target in zip(first, last))
    steps = math.ceil(math.log(ratio) / math.log(LARGEST_SIZE_RATIO)) if ratio > 1 else 0
    if steps == 0:
        return [] if first == last else [last]

    def at(k: int) -> Size:
        height, width = (round(a * (b / a) ** (k / steps)) for a, b in zip(first, last))
        return height, width

    return [at(k) for k in range(1, steps + 1)]


class _FramesInWork:
    """Frames on their way through the sizes, with what the frame before chose at each of them, where it is a single one."""

    def __init__(self, before: tuple[RefinedLevel, ...], median: torch.Tensor):
        """`before` are the levels of the frame before, `median` (B, 1, 1) is the inverse depth in the middle of these."""
        self._before, self._median = before, median
        self.levels: list[RefinedLevel] = []

    def _memory(self, picture: torch.Tensor, places: tuple[torch.Tensor, ...]) -> dict[str, torch.Tensor]:
        """What the electors at places were in the frame before, and how much they look like it."""
        if len(self._before) <= len(self.levels):
            return {}
        before = self._before[len(self.levels)]
        unlike = (picture[places] - before.picture[places]).square().sum(-1)
        remembered = before.inverse[places] * self._median[0, 0, 0]
        return {"remembered": remembered, "alike": 1 / (1 + unlike / SAME_PIXEL**2).square()}

    def _noted(self, done: _Map) -> _Map:
        """The map, which the next frame will remember."""
        self.levels.append(RefinedLevel(done.picture.half(), (done.inverse / self._median).half()))
        return done

    def without_ramps(self, soft: _Map, ramps: torch.Tensor) -> tuple[_Map, torch.Tensor]:
        """The map with its ramps (B, H, W) given to the surfaces beside them, and where that was (B, H, W)."""
        beside = widened(ramps, 1)
        trust = torch.where(ramps, torch.where(on_ridges(soft.inverse), RIDGE_TRUST, 0.0), 1.0)
        purity = torch.where(beside, TRACED, 1.0)
        frames, rows, columns = places = torch.nonzero(beside, as_tuple=True)
        electors = Electors(
            rows.to(soft.inverse.dtype),
            columns.to(soft.inverse.dtype),
            soft.picture[places],
            frames=frames,
            measured=soft.inverse[places],
            unsure=ramps[places],
            **self._memory(soft.picture, places),
        )
        voters = soft.voters(slopes(soft.inverse, joined(soft.inverse), ~ramps, ~beside, SLOPE_RADIUS), trust, purity)
        verdict = decide(voters, electors, RAMP_RADIUS, RAMP_SPREAD)
        return self._noted(soft.with_verdict(places, verdict)), beside

    def enlarged(self, sharp: _Map, picture: torch.Tensor) -> _Map:
        """A map without ramps at the size of a picture (B, H, W, 3), its edges on those of the picture."""
        size = picture_size(picture)
        links = joined(sharp.inverse)
        ends = ends_of(links)
        beside = F.interpolate(ends[:, None].float(), size, mode="bilinear", align_corners=False)[:, 0] > 0
        places = torch.nonzero(beside, as_tuple=True)
        at = [(place + 0.5) * (n / m) - 0.5 for place, n, m in zip(places[1:], sharp.size, size)]
        electors = Electors(at[0], at[1], picture[places], frames=places[0], **self._memory(picture, places))
        whole = torch.ones_like(sharp.inverse)
        voters = sharp.voters(slopes(sharp.inverse, links, ~ends, ~ends, 1), whole, whole)
        verdict = decide(voters, electors, STEP_RADIUS, STEP_SPREAD)
        return self._noted(_resized(sharp, picture).with_verdict(places, verdict))


def _resized(whole: _Map, picture: torch.Tensor) -> _Map:
    """A map at the size of a picture (B, H, W, 3), which becomes its own."""
    valid = whole.inverse > 0
    resize = GeometryResize(inverse_depth(whole.inverse, valid), valid, picture_size(picture))
    normals = None if whole.normals is None else F.normalize(resize(whole.normals), dim=-1)
    return _Map(resize(whole.inverse), picture, normals)


def _shrunk(size: Size, stride: int) -> Size:
    height, width = (max(1, round(n / stride)) for n in size)
    return height, width


def _pictures(picture: torch.Tensor, sizes: list[Size]) -> list[torch.Tensor]:
    """A picture (B, H, W, 3) at each of the sizes, which grow; each is made of the next larger one."""
    made = []
    for size in reversed(sizes):
        picture = resize_image(picture, size)
        made.append(picture)
    return made[::-1]


def _sharp_at_own_size(soft: _Map, frames: _FramesInWork, stride: int) -> _Map:
    """The map without ramps at its own size: the pixels off the ramps are its own."""
    if stride == 1:
        return frames.without_ramps(soft, on_ramps(soft.inverse))[0]
    first = _shrunk(soft.size, stride)
    smallest, *larger = _pictures(soft.picture, [first, *_sizes_between(first, soft.size)])
    small = _resized(soft, smallest)
    sharp, mended = frames.without_ramps(small, on_ramps(small.inverse) | falling_into_sky(small.inverse))
    for picture in larger:
        sharp, own = frames.enlarged(sharp, picture), _resized(soft, picture)
        mended = F.interpolate(mended[:, None].float(), own.size, mode="bilinear", align_corners=False)[:, 0] > 0
        sharp = own.replaced(mended, sharp)
    return sharp


def _median(inverse: torch.Tensor) -> torch.Tensor:
    """The median (B, 1, 1) of each frame's inverse depth where there is any, else 1."""
    stride = max(1, round(max(picture_size(inverse)) / MEDIAN_SIDE))
    kept = [frame[frame > 0] for frame in inverse[:, ::stride, ::stride]]
    medians = [seen.median() if seen.numel() else inverse.new_ones(()) for seen in kept]
    return torch.stack(medians)[:, None, None]


def _refined_frames(
    soft: _Map, picture: torch.Tensor, before: tuple[RefinedLevel, ...], stride: int
) -> tuple[_Map, tuple[RefinedLevel, ...]]:
    """The map of frames at the size of their picture (B, H, W, 3), and the levels to go on from; of a single one if there is one before."""
    frames = _FramesInWork(before, _median(soft.inverse))
    sizes = _sizes_between(soft.size, picture_size(picture))
    own, *larger = _pictures(picture, [soft.size, *sizes])
    sharp = _sharp_at_own_size(replace(soft, picture=own), frames, stride)
    for larger_picture in larger:
        sharp = frames.enlarged(sharp, larger_picture)
    return sharp, tuple(frames.levels)


def _continues(state: RefineState | None, pointmap: Pointmap, size: Size) -> RefineState | None:
    """The state, or None where its frame is not like the new ones."""
    if state is None or picture_size(state.levels[-1].picture) != size:
        return None
    first = _shrunk(_least(pointmap.size, size), state.stride)
    return state if picture_size(state.levels[0].picture) == first else None


def _least(own: Size, wanted: Size) -> Size:
    """The pointmap's size, or the one wanted where that is smaller."""
    return wanted if max(wanted) < max(own) else own


def _pointmap_of(sharp: _Map, frame: Pointmap, source_size: Size) -> Pointmap:
    """Frames with a map's depths on the rays of their pixels."""
    mask = sharp.inverse > 0
    normals = None if sharp.normals is None else sharp.normals * mask[..., None]
    return replace(
        frame,
        points=unproject(inverse_depth(sharp.inverse, mask), frame.intrinsics),
        mask=mask,
        image=sharp.picture,
        normals=normals,
        source_size=source_size,
        unrefined=packed(frame) if frame.unrefined is None else frame.unrefined,
    )


def refined_each(pointmap: Pointmap) -> Pointmap:
    """A pointmap with its depth edges on those of its picture, at its own size, each frame for itself: `refine_depth_edges` of each."""
    soft = _Map(inverse_depth(pointmap.depth, pointmap.mask), without_nan(pointmap.image.float()), pointmap.normals)
    strides = ramp_strides(soft.inverse)
    at_once = max(1, PIXELS_AT_ONCE // (pointmap.size[0] * pointmap.size[1]))
    order, results = [], []
    for stride in sorted(set(strides)):
        alike = [i for i, of_frame in enumerate(strides) if of_frame == stride]
        for start in range(0, len(alike), at_once):
            part = alike[start : start + at_once]
            sharp, _ = _refined_frames(soft[part], soft.picture[part], (), stride)
            results.append(_pointmap_of(sharp, pointmap[part], pointmap.source_size))
            order += part
    refined = results[0] if len(results) == 1 else Pointmap.cat(results)
    return refined if order == sorted(order) else refined[torch.tensor(order).argsort().to(pointmap.device)]


def refine_depth_edges(
    pointmap: Pointmap,
    image: torch.Tensor | None = None,
    long_edge: int = 0,
    state: RefineState | None = None,
    *,
    cut_threshold: float = CUT_THRESHOLD,
    on_progress: OnProgress | None = None,
) -> tuple[Pointmap, RefineState]:
    """A pointmap with its depth edges on the photo's, and the state that a stream continues with.

    image      photo (1 or B, H, W, 3 or more) in [0, 1], whose colours decide; without it the pointmap's own picture
    long_edge  of the result in pixels, which keeps the photo's shape and is never larger than it; 0 for the photo's size
    Points stay on their pixel's rays; what was away from edges is what `pointmap_at_size` gives; the mask follows the photo too. A
    pixel that looks the same in the next frame leans towards the surface that it was on, up to a cut (`cut_threshold`).
    `on_progress(done, total)` is called for each frame and may raise to stop.
    """
    require_photo(pointmap, image)
    if long_edge < 0:
        raise ValueError(
            f"Input long_edge came as {long_edge}; 0 for the photo's size, or a number of pixels is needed."
        )
    photos = pointmap.image if image is None else image[..., :3]
    size = size_for_long_edge(picture_size(photos), long_edge or max(picture_size(photos)))
    looks = thumbnails(pointmap.image).cpu()
    state = _continues(state, pointmap, size)
    found = find_cuts(looks, None if state is None else state.look, cut_threshold)
    levels, stride = ((), 0) if state is None else (state.levels, state.stride)
    results = []
    for i, cut in enumerate(found.cuts.tolist()):
        frame = pointmap[i]
        photo = without_nan(photos[[i if len(photos) > 1 else 0]].to(frame.device).float())
        soft = _Map(inverse_depth(frame.depth, frame.mask), frame.image, frame.normals)
        if max(size) < max(frame.size):
            soft = _resized(soft, resize_image(photo, size))
        if cut or not levels:
            levels, (stride,) = (), ramp_strides(soft.inverse)
        sharp, levels = _refined_frames(soft, resize_image(photo, size), levels, stride)
        results.append(_pointmap_of(sharp, frame, picture_size(photo) if image is not None else frame.source_size))
        if on_progress is not None:
            on_progress(i + 1, len(pointmap))
    return results[0] if len(results) == 1 else Pointmap.cat(results), RefineState(levels, stride, found.look)
