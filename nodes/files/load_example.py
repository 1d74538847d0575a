from __future__ import annotations

from comfy_api.latest import io, ui

from ...sam3d_geometry.files.example_photos import EXAMPLE_PHOTOS, read_example
from ..fields import field, result
from ..sockets import CATEGORY, schema


class LoadExample(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_LoadExample",
            display_name="Load Example",
            category=f"{CATEGORY}/files",
            description="A photo that comes with the pack, for the example workflows; put Load Image in its place for your own.",
            search_aliases=["example photo", "sample image", "demo", "test picture", "template"],
            inputs=[
                field(
                    "example",
                    "temple, astronaut, cat, coffee and rocket are photos; balloon is a drawing with transparency, to be put "
                    "into a scene; mannequins is the picture of the people that Load Bodies gives as its example; mug is twelve "
                    "pictures from all around a mug, which is what is not transparent, and single mug the second of them.",
                    options=list(EXAMPLE_PHOTOS),
                )
            ],
            outputs=[
                result("image", "The picture, or all twelve of the mug."),
                result("transparency", "White where the picture is transparent, as the mask of Load Image is."),
            ],
        )

    @classmethod
    def execute(cls, example) -> io.NodeOutput:
        image, transparency = read_example(example)
        return io.NodeOutput(image, transparency, ui=ui.PreviewImage(image, cls=cls))
