"""The camera of a photo or clip, frame by frame, as files for other programs hold it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy
import torch

from ..effects.camera.camera_path import CameraPath, keys_from_json
from ..geometry.axes import target_from_source
from ..geometry.camera import CENTRED
from ..geometry.pointmap import Pointmap

LEAST_OBLONG = 0.005  # by which the sides of a pixel may differ: rounding of a small picture's size is less


@dataclass(frozen=True, kw_only=True)
class CameraTrack:
    """The camera of T frames.

    world_from_camera  (T, 4, 4) float64 rigid; the camera's axes and the world's are OpenCV's
    intrinsics         (T, 3, 3) float64, normalised by the picture's size
    size               (height, width) of the picture in pixels
    fps                frames per second
    metric             the world's unit is the metre
    """

    world_from_camera: torch.Tensor
    intrinsics: torch.Tensor
    size: tuple[int, int]
    fps: float
    metric: bool = True

    def __len__(self) -> int:
        return len(self.world_from_camera)

    @property
    def fov_y(self) -> torch.Tensor:
        """(T,) vertical field of view, radians."""
        return 2 * torch.atan(0.5 / self.intrinsics[:, 1, 1])

    @property
    def focal_pixels(self) -> torch.Tensor:
        """(T,) focal length in pixels of the picture, by its width."""
        return self.intrinsics[:, 0, 0] * self.size[1]

    @property
    def aspect(self) -> float:
        """Width / height of what is seen at the distance 1, which for square pixels is that of the picture."""
        return float(self.intrinsics[0, 1, 1] / self.intrinsics[0, 0, 0])

    @property
    def pixel_aspect(self) -> float:
        """Width / height of a pixel as the camera saw it, 1 of square ones."""
        height, width = self.size
        return self.aspect * height / width

    def poses_in(self, frame: str) -> torch.Tensor:
        """(T, 4, 4) `world_from_camera` with the camera's axes and the world's those of `frame`, a name of `axes.FRAMES`."""
        turn = torch.eye(4, dtype=torch.float64)
        turn[:3, :3] = target_from_source(frame, "opencv")
        return turn @ self.world_from_camera @ turn.mT

    def report(self) -> str:
        """Frames, lens, how far the camera goes, and `doubts`, a line each."""
        fov_x, fov_y = (torch.rad2deg(2 * torch.atan(0.5 / self.intrinsics[:, i, i])) for i in (0, 1))
        places = self.world_from_camera[:, :3, 3]
        way = float(places.diff(dim=0).norm(dim=1).sum())
        lens = f"field of view {float(fov_x[0]):.2f} x {float(fov_y[0]):.2f} degrees"
        frames = f"{len(self)} frame{'s' if len(self) > 1 else ''}"
        unit = "m" if self.metric else "of the pointmap's unit"
        return "\n".join(
            [
                f"{frames}, {lens}, {self.size[1]} x {self.size[0]} pixels.",
                f"Way of the camera: {way:.4g} {unit}.",
                *self.doubts(),
            ]
        )

    def doubts(self) -> list[str]:
        """What formats that know a centred lens of one focal length cannot hold, in sentences."""
        said = []
        off = (self.intrinsics[:, :2, 2] - 0.5).abs().amax(0)
        if bool((off > CENTRED).any()):
            said.append(
                f"The optical axis is off the picture's center by up to {float(off[0]):.1%} of its width and {float(off[1]):.1%} of its "
                "height, as in a crop; only json holds that."
            )
        if abs(self.pixel_aspect - 1) > LEAST_OBLONG:
            said.append(
                f"The pixels are {self.pixel_aspect:.4g} times as wide as high; glb and json hold that, a chan needs it as the pixel "
                "aspect of the format, and after effects takes square pixels."
            )
        if bool((self.intrinsics[:, 1, 1] / self.intrinsics[0, 1, 1] - 1).abs().max() > 1e-3):
            said.append("The focal length changes over the clip; a glb holds that of the first frame only.")
        return said


def camera_track(pointmap: Pointmap, path_json: str = "", fps: float = 24.0) -> CameraTrack:
    """The camera that took a pointmap, at its place in each frame of `path_json`, a path as `camera_path` reads it.

    Without a path the camera stands at the origin, as in the pointmap, which then must have one frame. A path of one photo
    may have any number of poses, that of a clip one for each frame. Raises ValueError, one sentence.
    """
    if not path_json.strip():
        if len(pointmap) > 1:
            raise ValueError(
                f"The pointmap came with {len(pointmap)} frames and without camera_path, so where the camera was is not known; wire "
                "camera_path of Align Sequence."
            )
        path = CameraPath(torch.eye(4, dtype=torch.float64)[None], torch.ones(1, dtype=torch.float64))
    else:
        path = keys_from_json(path_json)
    if len(pointmap) not in (1, len(path)):
        raise ValueError(
            f"camera_path came with {len(path)} poses for a pointmap of {len(pointmap)} frames; one for each frame is needed: wire both "
            "from the same Align Sequence."
        )
    intrinsics = pointmap.intrinsics.cpu().double().repeat(len(path) // len(pointmap), 1, 1)
    intrinsics[:, :2, :2] *= path.zoom[:, None, None]
    return CameraTrack(
        world_from_camera=path.world_from_camera,
        intrinsics=intrinsics,
        size=pointmap.source_size,
        fps=fps,
        metric=pointmap.metric,
    )


def unwrapped_angles(rotations: torch.Tensor, order: str) -> numpy.ndarray:
    """Rotations (T, 3, 3) -> angles (T, 3) about x, y and z in degrees that do not jump by whole turns from frame to frame.

    `order` names the axes from the left of the matrix product: "YXZ" is R = Ry Rx Rz.
    """
    from scipy.spatial.transform import Rotation

    angles = Rotation.from_matrix(rotations.numpy()).as_euler(order, degrees=True)
    return numpy.unwrap(angles, period=360, axis=0)[:, [order.index(axis) for axis in "XYZ"]]
