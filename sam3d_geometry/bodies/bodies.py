"""Bodies: people over the frames of a photo or clip, as SAM 3D Body finds them, in one frozen type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

import torch

from ..geometry.camera import intrinsics_from_focal
from .rotation_maths import are_rotations
from .skeleton import JOINT_COUNT, KEYPOINT_COUNT

FACE_KEYPOINTS = 238
RIGID_DOUBT = 1e-3  # by which R R' of a rigid transform may miss the identity
# numbers of a person's pose and shape, by the keys of SAM 3D Body, and how many there are
PARAMETERS: dict[str, int] = {
    "global_rot": 3,
    "body_pose_params": 133,
    "hand_pose_params": 108,
    "scale_params": 28,
    "shape_params": 45,
    "expr_params": 72,
    "mhr_model_params": 204,
    "pred_pose_raw": 266,
}


@dataclass(frozen=True, kw_only=True)
class Bodies:
    """People in T frames; person p is the same one in all of them. Where `present` is False every value is 0.

    Lengths are metres in OpenCV axes (x right, y DOWN, z forward), relative to the person's own origin; a point plus its
    person's `translations` is in camera axes. The camera's principal point is the middle of the picture.

    present            (T, P) bool
    vertices           (T, P, V, 3) float32
    joints             (T, P, 127, 3) float32, by skeleton.JOINT_NAMES
    keypoints          (T, P, 70, 3) float32, by skeleton.KEYPOINT_NAMES
    keypoints_2d       (T, P, 70, 2) float32, pixels of the picture, (0, 0) the outer corner of its first pixel
    translations       (T, P, 3) float32
    focal              (T, P) float32, pixels of the picture
    boxes              (T, P, 4) float32, left, top, right, bottom in pixels of the picture
    rotations          (T, P, 127, 3, 3) float32, from each joint's own axes to the rig's, which are x right, y UP, z toward
                       the viewer, or None; those of the hands may be out of date
    face_keypoints     (T, P, 238, 3) float32, or None
    parameters         numbers (T, P, n) of PARAMETERS, those that are known; angles in radians
    faces              (F, 3) int64, counter-clockwise seen from outside, or None where the file told none
    image_size         (height, width) of the picture in pixels
    masks              each person's mask (H, W) in each frame, [t][p], as it came, or None where there is none
    track_ids          (P,) int64, what the persons are called by whoever followed them
    sizes              (T, P) float32, by how much a person has been enlarged over the rig's own size
    world_from_camera  (T, 4, 4) float64 rigid, from camera axes to a level world with x right, y down, z forward and its
                       floor at y = 0, or None where nobody has found it
    """

    present: torch.Tensor
    vertices: torch.Tensor
    joints: torch.Tensor
    keypoints: torch.Tensor
    keypoints_2d: torch.Tensor
    translations: torch.Tensor
    focal: torch.Tensor
    boxes: torch.Tensor
    image_size: tuple[int, int]
    track_ids: torch.Tensor
    sizes: torch.Tensor
    rotations: torch.Tensor | None = None
    face_keypoints: torch.Tensor | None = None
    parameters: Mapping[str, torch.Tensor] = field(default_factory=dict)
    faces: torch.Tensor | None = None
    masks: tuple[tuple[torch.Tensor | None, ...], ...] | None = None
    world_from_camera: torch.Tensor | None = None

    def __post_init__(self) -> None:
        if self.present.dim() != 2 or self.present.dtype != torch.bool:
            raise ValueError(
                f"Bodies present came as {tuple(self.present.shape)}; (frames, persons) of bool is needed."
            )
        for name, shape in self._shapes().items():
            value = getattr(self, name)
            if value is not None and tuple(value.shape) != shape:
                raise ValueError(f"Bodies {name} came as {tuple(value.shape)}; {shape} is needed.")
        for name, value in self.parameters.items():
            needed = (*self.present.shape, PARAMETERS.get(name, -1))
            if tuple(value.shape) != needed:
                raise ValueError(f"Bodies parameter {name} came as {tuple(value.shape)}; {needed} is needed.")
        if self.world_from_camera is not None and not _are_rigid(self.world_from_camera):
            raise ValueError("Bodies world_from_camera came as something else than rigid transforms; leave it out.")
        if self.faces is not None and len(self.faces):
            low, high = int(self.faces.min()), int(self.faces.max())
            if low < 0 or high >= self.vertex_count:
                raise ValueError(
                    f"The faces name vertices {low} to {high}, and the bodies have {self.vertex_count}; give the faces of the "
                    "same mesh."
                )

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        frames, persons = self.present.shape
        each = (frames, persons)
        return {
            "vertices": (*each, self.vertices.shape[2] if self.vertices.dim() == 4 else -1, 3),
            "joints": (*each, JOINT_COUNT, 3),
            "keypoints": (*each, KEYPOINT_COUNT, 3),
            "keypoints_2d": (*each, KEYPOINT_COUNT, 2),
            "translations": (*each, 3),
            "focal": each,
            "boxes": (*each, 4),
            "rotations": (*each, JOINT_COUNT, 3, 3),
            "face_keypoints": (*each, FACE_KEYPOINTS, 3),
            "faces": (len(self.faces) if self.faces is not None else 0, 3),
            "track_ids": (persons,),
            "sizes": each,
            "world_from_camera": (frames, 4, 4),
        }

    def __len__(self) -> int:
        """Number of frames."""
        return self.present.shape[0]

    @property
    def persons(self) -> int:
        return self.present.shape[1]

    @property
    def vertex_count(self) -> int:
        return self.vertices.shape[2]

    def here(self, frame: int) -> list[int]:
        """Numbers of the persons who are there in a frame."""
        return torch.nonzero(self.present[frame]).flatten().tolist()

    def points(self, frame: int, person: int) -> torch.Tensor:
        """Vertices (V, 3) of one person in one frame, in camera axes."""
        return self.vertices[frame, person] + self.translations[frame, person]

    def intrinsics(self, frame: int, person: int) -> torch.Tensor:
        """(3, 3) float32 camera that the person was found with, normalised by the picture's size."""
        height, width = self.image_size
        focal = self.focal[frame, person]
        return intrinsics_from_focal(focal / width, focal / height)

    def projected(self, points: torch.Tensor) -> torch.Tensor:
        """Points (T, P, N, 3) relative to their persons -> pixels (T, P, N, 2) of the picture; 0 at and behind the camera."""
        seen = points + self.translations[:, :, None]
        height, width = self.image_size
        ahead = seen[..., 2:] > 1e-6
        middle = seen.new_tensor([width / 2, height / 2])
        pixels = self.focal[..., None, None] * seen[..., :2] / torch.where(ahead, seen[..., 2:], 1) + middle
        return torch.where(ahead, pixels, 0)

    def seen_anew(self) -> Bodies:
        """The same with keypoints and boxes in the picture found anew from where everybody is."""
        here, corners = self.present[..., None], self.projected(self.vertices)
        boxes = torch.where(here, torch.cat([corners.amin(2), corners.amax(2)], -1), 0)
        keypoints_2d = torch.where(here[..., None], self.projected(self.keypoints), 0)
        return replace(self, keypoints_2d=keypoints_2d, boxes=boxes)

    def require_faces(self) -> torch.Tensor:
        """The faces; ValueError where there are none."""
        if self.faces is None:
            raise ValueError(
                "The bodies have no faces, so they have no surface: the official package keeps them as estimator.faces; save "
                "them beside the bodies as an .npz with the key faces, and name that file too."
            )
        return self.faces

    def scaled(self, factors: torch.Tensor) -> Bodies:
        """Every person enlarged about the camera by `factors` (T, P), so that nothing moves in the picture."""
        by_point, by_row = factors[..., None, None], factors[..., None]
        face = self.face_keypoints
        return replace(
            self,
            vertices=self.vertices * by_point,
            joints=self.joints * by_point,
            keypoints=self.keypoints * by_point,
            face_keypoints=None if face is None else face * by_point,
            translations=self.translations * by_row,
            sizes=self.sizes * factors,
        )

    def __getitem__(self, part: slice) -> Bodies:
        """The chosen frames."""
        by_person = ("faces", "track_ids")
        tensors = {
            f.name: getattr(self, f.name)[part]
            for f in fields(self)
            if isinstance(getattr(self, f.name), torch.Tensor) and f.name not in by_person
        }
        parameters = {name: value[part] for name, value in self.parameters.items()}
        return replace(self, **tensors, parameters=parameters, masks=None if self.masks is None else self.masks[part])

    def to(self, device: torch.device | str) -> Bodies:
        """The same bodies on another device; masks stay where they are."""
        tensors = {
            f.name: getattr(self, f.name).to(device)
            for f in fields(self)
            if isinstance(getattr(self, f.name), torch.Tensor) and f.name != "world_from_camera"
        }
        return replace(self, **tensors, parameters={name: value.to(device) for name, value in self.parameters.items()})


def _are_rigid(transforms: torch.Tensor) -> bool:
    """Whether all of (T, 4, 4) turn and move alone."""
    return bool(transforms.isfinite().all()) and are_rotations(transforms[:, :3, :3], RIGID_DOUBT)
