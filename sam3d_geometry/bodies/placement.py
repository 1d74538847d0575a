"""People put where they are in the scene: enlarged along their rays, which moves nothing in the picture, onto the pointmap."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch

from ..geometry.medians import weighted_median
from ..geometry.pointmap import Pointmap
from ..geometry.progress import OnProgress
from ..geometry.resize import resize_mask
from ..geometry.scene_scale import require_metres
from ..geometry.transform import scale_pointmap
from .bodies import Bodies
from .camera_change import cameras_of, in_camera_of
from .contact import Level, find_level, standing_gaps, standing_ratio
from .depth_fit import CLOTH_M, BodyPixels, DepthFit, fit_depths, inner, own_edges
from .placement_report import PersonPlace, Placed, focal_disagreement
from .size import statures
from .surface import facing_of, person_mask, raster_of

AUTO_SIZE, SCENE_SIZE, ADULT_SIZE, KNOWN_HEIGHT = SIZE_FROM = ("auto", "scene", "adult bodies", "known height")
OWN_CAMERA, POINTMAP_CAMERA = CAMERA_SOURCES = ("bodies", "pointmap")
GROUND_M = 0.02  # how exactly the ground and a sole are found
AVERAGED_WITHIN = 2.0  # standard deviations by which depth and ground may differ and still be averaged
ADULT_RANGE = 1.15  # the largest over the smallest unit that adults of one scene tell
ADULT_SHARE = 0.15  # of all pixels of people that the adults must have
SHAPE_DIFFERENCE = 0.01  # by which the pictures of people and pointmap may differ in shape


@dataclass(frozen=True, kw_only=True)
class Placing:
    """How people are placed.

    size_from       SCENE_SIZE: the pointmap's metres give each person's size; ADULT_SIZE: grown-ups keep theirs and give the pointmap
                    its metres; KNOWN_HEIGHT: the person number `person` is `height_m` tall; AUTO_SIZE: SCENE_SIZE where it is metric, else ADULT_SIZE
    ground_contact  the ground under the feet helps where it agrees with the depth
    camera          OWN_CAMERA: people keep the rays they were found with; POINTMAP_CAMERA: they are moved into the pointmap's camera first
    """

    size_from: str = AUTO_SIZE
    height_m: float = 1.7
    person: int = 0
    ground_contact: bool = True
    camera: str = OWN_CAMERA

    def __post_init__(self) -> None:
        for name, value, known in (("size_from", self.size_from, SIZE_FROM), ("camera", self.camera, CAMERA_SOURCES)):
            if value not in known:
                raise ValueError(f"Input {name} came as {value!r}; choose one of {', '.join(known)}.")
        if not 0.3 <= self.height_m <= 3:
            raise ValueError(f"Input height_m came as {self.height_m:g} m; a person's height, 0.3 to 3 m, is needed.")


def place_bodies(
    bodies: Bodies,
    pointmap: Pointmap,
    placing: Placing | None = None,
    *,
    selection: torch.Tensor | None = None,
    world_from_camera: torch.Tensor | None = None,
    shared_ground: bool = True,
    on_progress: OnProgress | None = None,
) -> Placed:
    """People on the pointmap of the same frames, one size for each over the clip, and the pointmap in metres.

    Depth of the rasterised person against the pointmap's on the same pixels gives the ratio, robustly; a person is then
    scaled about the camera. `selection` (1 or T, H, W) says where people are, beside the masks that came with them.
    `world_from_camera` (T, 3, 3) says which way is up; the ground is found with it, once for all frames where it is shared.
    """
    placing = placing or Placing()
    require_same_pictures(bodies, pointmap, selection)
    size_from = placing.size_from if placing.size_from != AUTO_SIZE else SCENE_SIZE if pointmap.metric else ADULT_SIZE
    if size_from == SCENE_SIZE:
        require_metres(pointmap)
    disagreement = focal_disagreement(bodies, pointmap)
    shift = 0.0
    if placing.camera == POINTMAP_CAMERA:
        bodies, shift = in_camera_of(bodies, pointmap)
    fits = measure(bodies, pointmap, selection, in_metres=size_from == SCENE_SIZE, on_progress=on_progress)
    own = statures(bodies)
    scene_sizes = _scene_sizes(fits, own)
    level = None
    if placing.ground_contact:  # where people are seen to stand, which a field of view that is wrong does not move
        level = find_level(pointmap, world_from_camera, shared_ground, cameras_of(bodies, pointmap))
    if level is not None:
        scene_sizes = _on_ground(bodies, scene_sizes, own, fits, level)
    metres = 1.0 if size_from == SCENE_SIZE else _metres_per_unit(scene_sizes, own, fits, placing, size_from)
    factors = _factors(scene_sizes, own, bodies.present, metres)
    placed = bodies.scaled(factors)
    metric = replace(scale_pointmap(pointmap, metres), metric=True)
    level = None if level is None else level.scaled(metres)
    if level is not None:
        placed = replace(placed, world_from_camera=level.rigid())
    people = [_person_place(p, bodies, placed, fits, metres, level) for p in range(bodies.persons)]
    return Placed(
        bodies=placed,
        pointmap=metric,
        scene_scale=metres,
        people=people,
        disagreement_degrees=disagreement,
        level=level,
        size_from=size_from,
        shift_pixels=shift,
    )


def require_same_pictures(bodies: Bodies, pointmap: Pointmap, selection: torch.Tensor | None = None) -> None:
    """ValueError where people and pointmap are not of the same frames or of pictures of the same shape."""
    if len(bodies) != len(pointmap):
        raise ValueError(
            f"The people are in {len(bodies)} frames and the pointmap has {len(pointmap)}; make both from the same clip."
        )
    if selection is not None and len(selection) not in (1, len(bodies)):
        raise ValueError(
            f"The selection has {len(selection)} frames and the people {len(bodies)}; give as many, or one."
        )
    (height, width), (rows, columns) = bodies.image_size, pointmap.source_size
    if abs(math.log(width / height * rows / columns)) > SHAPE_DIFFERENCE:
        raise ValueError(
            f"The people are of a picture of {width} x {height} pixels and the pointmap of one of {columns} x {rows}; both must "
            "show the same picture, uncropped."
        )


def measure(
    bodies: Bodies,
    pointmap: Pointmap,
    selection: torch.Tensor | None = None,
    *,
    in_metres: bool = True,
    on_progress: OnProgress | None = None,
) -> dict[tuple[int, int], tuple[DepthFit, float]]:
    """For each frame and person that the pointmap shows, the ratio of depths, clothes taken off, and the body's depth."""
    found = {}
    for t in range(len(bodies)):
        chosen = None
        if selection is not None:
            part = selection[min(t, len(selection) - 1)][None]
            chosen = resize_mask(part, pointmap.size)[0].to(pointmap.device)
        for p, pixels in _pixels(bodies, pointmap, t, chosen).items():
            fit = fit_depths(pixels, in_metres)
            if fit is not None:
                found[t, p] = fit, float(pixels.body.median())
        if on_progress is not None:
            on_progress(t + 1, len(bodies))
    return found


def _pixels(bodies: Bodies, pointmap: Pointmap, t: int, chosen: torch.Tensor | None) -> dict[int, BodyPixels]:
    """For each person of a frame the pixels that show that person."""
    rasters = {p: raster_of(bodies, t, p, pointmap.size) for p in bodies.here(t)}
    people = torch.zeros(pointmap.size, device=pointmap.device)
    for raster in rasters.values():
        people = people + (raster.face >= 0)
    found = {}
    for p, raster in rasters.items():
        silhouette = raster.face >= 0
        mask = person_mask(bodies, t, p, pointmap.size)
        alone = mask if mask is not None else people == 1 if bool((silhouette & (people == 1)).any()) else people >= 1
        focal = float(bodies.intrinsics(t, p)[1, 1]) * pointmap.size[0]
        shown = silhouette & alone & ~own_edges(torch.where(silhouette, raster.depth, 0), focal)
        seen = inner(shown if chosen is None else shown & chosen) & pointmap.mask[t]
        found[p] = BodyPixels.of(pointmap.depth[t], raster.depth, facing_of(bodies, t, p, raster), seen)
    return found


Fits = dict[tuple[int, int], tuple[DepthFit, float]]


def _scene_sizes(fits: Fits, own: torch.Tensor) -> dict[int, float]:
    """Each measured person's stature in the scene's unit: the median over the frames, by how many pixels tell it."""
    sizes = {}
    for p in sorted({p for _, p in fits}):
        at = [(t, fit) for (t, q), (fit, _) in fits.items() if q == p]
        values = torch.tensor([float(own[t, p]) * math.exp(fit.log_ratio) for t, fit in at], dtype=torch.float64)
        sizes[p] = weighted_median(values, torch.tensor([float(fit.pixels) for _, fit in at]))
    return sizes


def _on_ground(
    bodies: Bodies, sizes: dict[int, float], own: torch.Tensor, fits: Fits, level: Level
) -> dict[int, float]:
    """The statures, brought nearer to those with which feet stand on the ground, as far as both are uncertain."""
    placed = bodies.scaled(_factors(sizes, own, bodies.present, 1.0))
    found = {}
    for p, size in sizes.items():
        ratio = standing_ratio(standing_gaps(placed, level, p))
        depth = min(depth for (_, q), (_, depth) in fits.items() if q == p)
        of_depth, of_ground = CLOTH_M / depth, GROUND_M / max(_drop(bodies, level, p), GROUND_M)
        if ratio is not None and abs(math.log(ratio)) < AVERAGED_WITHIN * math.hypot(of_depth, of_ground):
            share = of_depth**2 / (of_depth**2 + of_ground**2)
            size *= ratio**share
        found[p] = size
    return found


def _drop(bodies: Bodies, level: Level, person: int) -> float:
    """About how far below the camera a person's feet are, in metres of the body."""
    frames = torch.nonzero(bodies.present[:, person]).flatten().tolist()
    ankles = [bodies.joints[t, person] + bodies.translations[t, person] for t in frames]
    down = [float((ankle @ level.world_from_camera[t, 1].to(ankle)).max()) for t, ankle in zip(frames, ankles)]
    return max(down)


def _metres_per_unit(sizes: dict[int, float], own: torch.Tensor, fits: Fits, placing: Placing, size_from: str) -> float:
    """How many metres the scene's unit has, by the people in it."""
    if not sizes:
        raise ValueError(
            "Nobody is seen on the pointmap, so nobody can give it its meters; look at its mask, or give another pointmap."
        )
    if size_from == KNOWN_HEIGHT:
        if placing.person not in sizes:
            raise ValueError(
                f"Person {placing.person}, whose height is known, is not seen on the pointmap; choose one of "
                f"{', '.join(map(str, sizes))}."
            )
        return placing.height_m / sizes[placing.person]
    people = sorted(sizes)
    units = torch.tensor([_own_size(own, p) / sizes[p] for p in people], dtype=torch.float64)
    weights = torch.tensor([float(sum(fit.pixels for (_, q), (fit, _) in fits.items() if q == p)) for p in people])
    # a child was taken for an adult who is farther away: the unit by it comes out too large
    for low in sorted(units.tolist()):
        adults = (units >= low) & (units <= low * ADULT_RANGE)
        if float(weights[adults].sum()) >= ADULT_SHARE * float(weights.sum()):
            return weighted_median(units[adults], weights[adults])
    return weighted_median(units, weights)


def _own_size(own: torch.Tensor, person: int) -> float:
    return float(own[:, person][own[:, person] > 0].median())


def _factors(sizes: dict[int, float], own: torch.Tensor, present: torch.Tensor, metres: float) -> torch.Tensor:
    """(T, P) by which each person is enlarged: to one stature over the clip; 1 for those whom the pointmap does not show."""
    factors = torch.ones_like(own)
    for p, size in sizes.items():
        factors[:, p] = torch.where(present[:, p], size * metres / own[:, p].clamp_min(1e-6), 1)
    return factors


def _person_place(
    p: int, bodies: Bodies, placed: Bodies, fits: Fits, metres: float, level: Level | None
) -> PersonPlace:
    at = [(t, fit, depth) for (t, q), (fit, depth) in fits.items() if q == p]
    own, now = statures(bodies), statures(placed)
    gap = None
    if level is not None:
        ratio = standing_ratio(standing_gaps(placed, level, p))
        height = float(level.camera_height.median())
        gap = None if ratio is None else 100 * height * (1 - 1 / ratio)
    factors = placed.sizes[:, p][placed.present[:, p]] / bodies.sizes[:, p][placed.present[:, p]]
    rest = []
    for t, fit, depth in at:
        factor = float(placed.sizes[t, p] / bodies.sizes[t, p])
        rest.append(100 * depth * factor * math.hypot(math.exp(fit.log_ratio) * metres / factor - 1, fit.spread))
    return PersonPlace(
        person=p,
        track_id=int(bodies.track_ids[p]),
        frames=int(bodies.present[:, p].sum()),
        measured_frames=len(at),
        factor=float(factors.median()) if len(factors) else 1.0,
        stature_before_m=_own_size(own, p),
        stature_m=_own_size(now, p),
        inliers=sum(fit.inliers for _, fit, _ in at) / len(at) if at else 0.0,
        residual_cm=sorted(rest)[len(rest) // 2] if rest else None,
        ground_gap_cm=gap,
    )
