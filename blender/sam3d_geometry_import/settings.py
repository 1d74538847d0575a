# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person asks for: how the geometry is computed, and what it becomes in Blender."""

from __future__ import annotations

from dataclasses import dataclass

MESH, PLANE, POINTS = "MESH", "PLANE", "POINTS"
EMISSION, PRINCIPLED = "EMISSION", "PRINCIPLED"
DEPTH16, NORMALS, EXR = "depth16", "normals", "exr"  # files of the pack, by the names that its records give them
PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".heic", ".avif")


@dataclass(frozen=True)
class Geometry:
    """How the pack computes a photo.

    model        a name of its catalogue, or a file
    resolution   long edge in pixels at which the geometry is computed
    fov_degrees  horizontal field of view, 0 where it is to be found from the photo
    """

    model: str = "auto"
    resolution: int = 512
    fov_degrees: float = 0.0


@dataclass(frozen=True)
class Look:
    """What the result becomes in Blender.

    form          MESH, the true surface; PLANE, a flat one that a Displace modifier pushes out by the depth; or POINTS
    shading       EMISSION, which shows the photo as it is, or PRINCIPLED, which lights it
    distance      in metres, of the middle of the scene from the camera, where the photo's scale is not known
    level         turn the scene upright by its ground, where that is found
    scene         make the photo's camera the scene's, with its resolution and the photo's colours
    asset         mark the result as an asset
    normal_map    PRINCIPLED takes the light's angle from the pack's normal map, which is finer than the surface
    compositor    photo and EXR depth become nodes of the compositor, which hide what stands behind the photo's things
    subdivisions  squares a side of the plane
    """

    form: str = MESH
    shading: str = EMISSION
    distance: float = 3.0
    level: bool = True
    scene: bool = True
    asset: bool = False
    normal_map: bool = False
    compositor: bool = False
    subdivisions: int = 128

    @property
    def extras(self) -> tuple[str, ...]:
        """The files of the pack that it needs besides the mesh."""
        needed = {
            DEPTH16: self.form == PLANE,
            NORMALS: self.normal_map and self.shading == PRINCIPLED,
            EXR: self.compositor and self.scene,
        }
        return tuple(kind for kind, is_needed in needed.items() if is_needed)
