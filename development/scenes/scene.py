"""What a procedural scene is made of: bodies, materials, light, sky, and the camera that looks at it.

World axes are those of an OpenCV camera at the origin: x right, y down, z forward; gravity points along +y. A camera
at the identity pose therefore looks along +z, and its camera axes are the world axes. Lengths are metres, times are
seconds.
All types are frozen and describe only; `development.scenes.renderer.render` makes pictures and geometry from them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

SHAPES = ("plane", "box", "ellipsoid", "cylinder", "capsule", "terrain")
UP = (0.0, -1.0, 0.0)


def rotation_from_axis_angle(axis_angle: Sequence[float]) -> np.ndarray:
    """Rotation (3, 3) about the direction of `axis_angle` by its length in radians (Rodrigues' formula)."""
    vector = np.asarray(axis_angle, dtype=np.float64)
    angle = float(np.linalg.norm(vector))
    if angle == 0:
        return np.eye(3)
    x, y, z = vector / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross


@dataclass(frozen=True)
class Camera:
    """A pinhole camera with square pixels.

    world_from_camera (4, 4) takes points in OpenCV camera axes to the world; fov_x_degrees is the horizontal field of
    view; principal_point is normalised by the image size.
    """

    world_from_camera: np.ndarray = field(default_factory=lambda: np.eye(4))
    fov_x_degrees: float = 60.0
    principal_point: tuple[float, float] = (0.5, 0.5)

    def __post_init__(self) -> None:
        pose = np.asarray(self.world_from_camera, dtype=np.float64)
        if pose.shape != (4, 4) or not np.allclose(pose[:3, :3] @ pose[:3, :3].T, np.eye(3), atol=1e-6):
            raise ValueError(f"world_from_camera came as {pose.tolist()}; a (4, 4) rigid transform is needed.")
        if not 0 < self.fov_x_degrees < 180:
            raise ValueError(f"fov_x_degrees came as {self.fov_x_degrees}; an angle between 0 and 180 is needed.")
        object.__setattr__(self, "world_from_camera", pose)

    @classmethod
    def look_at(
        cls,
        position: Sequence[float],
        target: Sequence[float],
        fov_x_degrees: float = 60.0,
        roll_degrees: float = 0.0,
        up: Sequence[float] = UP,
    ) -> Camera:
        """The camera at `position` whose optical axis goes through `target`; a positive roll turns it clockwise."""
        position, target = np.asarray(position, float), np.asarray(target, float)
        forward = target - position
        right = np.cross(forward, np.asarray(up, float))
        if np.linalg.norm(right) < 1e-9 * max(np.linalg.norm(forward), 1e-9):
            raise ValueError("look_at needs a target that lies apart from the position and not straight along `up`.")
        forward, right = forward / np.linalg.norm(forward), right / np.linalg.norm(right)
        pose = np.eye(4)
        pose[:3, :3] = np.stack([right, np.cross(forward, right), forward], 1)
        pose[:3, :3] = pose[:3, :3] @ rotation_from_axis_angle([0, 0, math.radians(roll_degrees)])
        pose[:3, 3] = position
        return cls(pose, fov_x_degrees)

    def moved(
        self,
        right: float = 0.0,
        down: float = 0.0,
        forward: float = 0.0,
        yaw_degrees: float = 0.0,
        pitch_degrees: float = 0.0,
        roll_degrees: float = 0.0,
    ) -> Camera:
        """This camera shifted and then turned in its own axes, e.g. `moved(right=0.06)` is the right eye of a pair.

        Positive yaw looks to the right, positive pitch looks up.
        """
        step = np.eye(4)
        step[:3, :3] = (
            rotation_from_axis_angle([0, math.radians(yaw_degrees), 0])
            @ rotation_from_axis_angle([math.radians(pitch_degrees), 0, 0])
            @ rotation_from_axis_angle([0, 0, math.radians(roll_degrees)])
        )
        step[:3, 3] = (right, down, forward)
        return replace(self, world_from_camera=self.world_from_camera @ step)

    def intrinsics(self, height: int, width: int) -> np.ndarray:
        """Intrinsics (3, 3) normalised by the size of a `height` x `width` image."""
        fx = 0.5 / math.tan(math.radians(self.fov_x_degrees) / 2)
        cx, cy = self.principal_point
        return np.array([[fx, 0, cx], [0, fx * width / height, cy], [0, 0, 1]])


@dataclass(frozen=True)
class Material:
    """The look of a surface, evaluated in body axes so that the pattern moves with the body.

    texture    one of `development.scenes.textures.TEXTURES`
    colour     linear RGB; colour_2 is the other colour of a two-coloured texture
    scale      repetitions per metre
    photo      index of a photo texture; photo_weight in [0, 1] says how much of it is seen
    bump       strength of the relief that only the shading sees (the geometry stays exact)
    holes      share in [0, 1) of the surface that is missing, as in foliage; hole_frequency per metre
    emission   light given off, in units of the picture's white
    """

    texture: str = "plain"
    colour: tuple[float, float, float] = (0.6, 0.6, 0.6)
    colour_2: tuple[float, float, float] = (0.3, 0.3, 0.3)
    scale: float = 1.0
    photo: int = 0
    photo_weight: float = 0.0
    dirt: float = 0.0
    bump: float = 0.0
    bump_frequency: float = 10.0
    gloss: float = 0.0
    emission: float = 0.0
    holes: float = 0.0
    hole_frequency: float = 4.0
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Body:
    """One solid or surface.

    shape          "plane" (z = 0 in body axes, |x|, |y| within half_size, which may be inf), "box", "ellipsoid",
                   "cylinder" (axis z; radius at height z is 1 + taper * z / half_size[2] times half_size[:2]),
                   "capsule" (radius half_size[0], centres of the caps at z = +-half_size[2]),
                   "terrain" (z = half_size[2] * bilinear `heights` over |x|, |y| <= half_size[:2], mirrored outside)
    position       world position of the body's origin at time 0; velocity (m/s) and spin (axis times radians/s, world
                   axes) move it
    object_id      what the rendering's object_ids hold; None: the body's index in the scene. Bodies may share one.
    """

    shape: str
    position: tuple[float, float, float] = (0.0, 0.0, 0.0)
    half_size: tuple[float, float, float] = (1.0, 1.0, 1.0)
    world_from_body: np.ndarray = field(default_factory=lambda: np.eye(3))
    material: Material = field(default_factory=Material)
    taper: float = 0.0
    heights: np.ndarray | None = None
    velocity: tuple[float, float, float] = (0.0, 0.0, 0.0)
    spin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    object_id: int | None = None

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise ValueError(f"Body shape came as {self.shape!r}; one of {', '.join(SHAPES)} is needed.")
        if not all(size > 0 for size in self.half_size):
            raise ValueError(f"Body half_size came as {self.half_size}; three lengths greater than 0 are needed.")
        if (self.shape == "terrain") != (self.heights is not None):
            raise ValueError(f"heights are needed for a terrain and for nothing else; the body is a {self.shape}.")

    def pose(self, time: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Rotation (3, 3) world_from_body and position (3,) in the world at `time` seconds."""
        rotation = rotation_from_axis_angle(np.asarray(self.spin) * time) @ np.asarray(self.world_from_body, float)
        return rotation, np.asarray(self.position, float) + np.asarray(self.velocity, float) * time

    @property
    def bounding_radius(self) -> float:
        """Radius of a sphere about the position that holds the body; inf for planes without an edge and terrain."""
        x, y, z = self.half_size
        if self.shape == "plane":
            return math.hypot(x, y)
        if self.shape == "terrain":
            return math.inf
        if self.shape == "ellipsoid":
            return max(x, y, z)
        if self.shape == "capsule":
            return x + z
        if self.shape == "cylinder":
            return math.hypot(max(x, y) * (1 + abs(self.taper)), z)
        return math.sqrt(x * x + y * y + z * z)


@dataclass(frozen=True)
class Light:
    """One lamp or sun, and the light that comes from everywhere.

    towards is the direction to the sun, or the position of a lamp when `is_lamp`. ambient_up and ambient_down are the
    light on surfaces that face up and down. Corners darken within occlusion_radius; fog is a density per metre.
    """

    towards: tuple[float, float, float] = (-0.4, -0.8, -0.45)
    is_lamp: bool = False
    colour: tuple[float, float, float] = (0.9, 0.88, 0.8)
    ambient_up: tuple[float, float, float] = (0.45, 0.48, 0.52)
    ambient_down: tuple[float, float, float] = (0.25, 0.24, 0.22)
    occlusion_radius: float = 0.5
    shadows: bool = True
    fog: float = 0.0


@dataclass(frozen=True)
class Sky:
    """The colour of rays that meet nothing: zenith to horizon, with clouds of a cover in [0, 1]."""

    zenith: tuple[float, float, float] = (0.25, 0.45, 0.85)
    horizon: tuple[float, float, float] = (0.75, 0.82, 0.9)
    clouds: float = 0.0
    cloud_scale: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class Scene:
    """Bodies under a light and a sky, with the camera the scene was composed for."""

    bodies: tuple[Body, ...]
    camera: Camera = field(default_factory=Camera)
    light: Light = field(default_factory=Light)
    sky: Sky = field(default_factory=Sky)
    name: str = "scene"
