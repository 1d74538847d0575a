"""What is put into a scene: a picture as a flat card, or meshes; one for each frame of a clip, or one for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ...geometry.pointmap import Pointmap
from ...geometry.resize import resize_image
from .composite import Compositing, composite
from .layer import AS_IS, Layer, LayerPlacement, PlacedLayer, card_layer, mesh_layer, place_layer
from .lights import PlacedLight


def _frames(values: torch.Tensor, part: slice, device: torch.device) -> torch.Tensor:
    """The chosen frames of a tensor that has one for each, or the only one."""
    return (values if len(values) == 1 else values[part]).to(device)


@dataclass(frozen=True)
class Picture:
    """A picture that stands in the scene as a flat card, in its own colours.

    image   (1 or B, h, w, 3 or 4) sRGB, with straight alpha if it has four channels
    mask    (1 or B, any size) in [0, 1]: which part is visible; None: all that alpha shows
    invert  the mask says what is not visible
    """

    image: torch.Tensor
    mask: torch.Tensor | None = None
    invert: bool = False

    def rgba(self, part: slice, device: torch.device) -> torch.Tensor:
        """The chosen frames (1 or N, h, w, 4) with all that hides the picture in alpha."""
        image = _frames(self.image, part, device)
        alpha = image[..., 3:4] if image.shape[-1] == 4 else torch.ones_like(image[..., :1])
        if self.mask is not None:
            cover = resize_image(_frames(self.mask, part, device)[..., None], (image.shape[1], image.shape[2]))
            alpha = alpha * ((1 - cover) if self.invert else cover)
        frames = max(len(image), len(alpha))
        return torch.cat([image[..., :3].expand(frames, -1, -1, -1), alpha.expand(frames, -1, -1, -1)], -1)

    def place(self, placement: LayerPlacement, pointmap: Pointmap, each_frame: bool = False) -> PlacedLayer:
        """`place_layer`; a picture has no coordinates of its own, so "as is" is refused."""
        if placement.where == AS_IS:
            raise ValueError(
                "placement came as 'as is' and layer as a picture, which has no place of its own; set placement to surface or "
                "distance, or wire a mesh to layer."
            )
        return place_layer(placement, pointmap, each_frame)

    def seen(
        self,
        part: slice,
        placed: PlacedLayer,
        surface: Pointmap,
        lights: Sequence[PlacedLight] = (),
        ambient: float = 0.0,
    ) -> Layer:
        """The chosen frames as the camera sees them. A card takes no light."""
        return card_layer(self.rgba(part, surface.device), placed, surface)


@dataclass(frozen=True)
class Meshes:
    """Meshes in glTF axes: vertices (1 or B, N, 3), faces (1 or B, M, 3), linear vertex colours (1 or B, N, 3 or 4) or None."""

    vertices: torch.Tensor
    faces: torch.Tensor
    colours: torch.Tensor | None = None

    def place(self, placement: LayerPlacement, pointmap: Pointmap, each_frame: bool = False) -> PlacedLayer:
        """`place_layer`."""
        return place_layer(placement, pointmap, each_frame)

    def seen(
        self,
        part: slice,
        placed: PlacedLayer,
        surface: Pointmap,
        lights: Sequence[PlacedLight] = (),
        ambient: float = 0.4,
    ) -> Layer:
        """The chosen frames as the camera sees them, under `lights` and `ambient` light from everywhere."""
        vertices, faces = (_frames(values, part, surface.device) for values in (self.vertices, self.faces))
        colours = None if self.colours is None else _frames(self.colours, part, surface.device)
        return mesh_layer(vertices, faces, placed, surface, colours=colours, lights=lights, ambient=ambient)


@dataclass(frozen=True)
class Insertion:
    """A layer that has its place in a clip, with all that decides how it looks there; lights and places are the whole clip's.

    ambient  light from everywhere on meshes that lights shine on
    """

    source: Picture | Meshes
    placed: PlacedLayer
    how: Compositing
    lights: Sequence[PlacedLight] = ()
    ambient: float = 0.4

    def onto(
        self, surface: Pointmap, part: slice = slice(None)
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """The layer in the frames `part` of a clip, of which this is the surface at the photo's size (`surface_at_image`).

        Picture (N, H, W, 3), visible coverage, shadow and the layer's distance along the view axis (N, H, W), which is 0 where
        the layer is not and counts also where it is covered.
        """
        placed = self.placed[part].to(surface.device)
        lights = [light[part].to(surface.device) for light in self.lights]
        layer = self.source.seen(part, placed, surface, lights, self.ambient)
        return (*composite(surface, layer, placed, self.how, lights), layer.depth)
