"""A stand-in for a network, whose depth is the brightness of a picture."""

import torch

from sam3d_geometry.estimate.inference import AT_PHOTO
from sam3d_geometry.geometry.camera import unproject
from sam3d_geometry.geometry.pointmap import Pointmap
from sam3d_geometry.video.engine import GeometryChunk, read_chunks

INTRINSICS = torch.tensor([[1.0, 0, 0.5], [0, 1.5, 0.5], [0, 0, 1]])


class BrightnessEngine:
    """The depth is 1 + red, so a linear, inverted depth picture of 1 to 2 is the red channel."""

    model_name = "brightness"
    device = torch.device("cpu")

    def infer(self, images):
        depth = 1 + images[..., 0].float() / 255
        intrinsics = INTRINSICS.expand(len(images), 3, 3)
        size = tuple(images.shape[1:3])
        photos = images.float() / 255
        return Pointmap(
            unproject(depth, intrinsics), depth > 0, intrinsics, photos, normals=None, metric=False, source_size=size
        )

    def sample(self, clip, settings):
        return Pointmap.cat([self.infer(torch.from_numpy(pixels)[None]) for pixels in clip.samples(16)])

    def geometry(self, clip, settings, survey, after, pipeline):
        for chunk in read_chunks(clip, settings.frames_per_chunk, after):
            photos = chunk.images if settings.refine_edges == AT_PHOTO else None
            yield GeometryChunk(chunk.positions, self.infer(chunk.images), photos=photos)
