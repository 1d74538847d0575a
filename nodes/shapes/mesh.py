from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.maps.depth import CURVES, depth_range
from ...sam3d_geometry.shapes.closing import BACKS
from ...sam3d_geometry.shapes.displaced_plane import displaced_plane
from ...sam3d_geometry.shapes.surface import PAINTS, only_masked, surface_from_pointmap
from .. import host
from ..fields import advanced
from ..mesh_socket import MeshBatch
from ..sockets import CATEGORY, PointmapType, schema

PHOTO = io.Image.Input(
    "image",
    optional=True,
    tooltip="The photo at full size for the texture, one for each frame or one for all. Without it the pointmap's own, smaller "
    "one is used.",
)
OBJECT = io.Mask.Input(
    "mask",
    optional=True,
    tooltip="Keeps what is white, so that an object comes out alone. One for each frame or one for all; any size.",
)


class PointmapToMesh(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_PointmapToMesh",
            display_name="Pointmap To Mesh",
            category=f"{CATEGORY}/3D",
            description="The true surface of what the photo shows as a textured mesh, cut where one thing hides another.",
            search_aliases=[
                "mesh",
                "3d",
                "surface",
                "triangulate",
                "glb",
                "obj",
                "depth to mesh",
                "moge",
                "photo to 3d",
            ],
            inputs=[
                PointmapType.Input(
                    "pointmap", tooltip="From Pointmap Inference. Every frame becomes a mesh of its own."
                ),
                io.Float.Input(
                    "depth_edge",
                    default=0.05,
                    min=0.001,
                    max=1.0,
                    step=0.005,
                    tooltip="Jump of depth, relative to it and beyond what the slope explains, at which the surface is cut "
                    "(0.001 to 1). Lower it when objects stay joined to what is behind them; raise it when thin things fall "
                    "apart.",
                ),
                io.Int.Input(
                    "smallest_island",
                    default=100,
                    min=0,
                    max=1000000,
                    tooltip="Loose pieces of fewer triangles than this are left out. 0 keeps all of them.",
                ),
                io.Int.Input(
                    "triangles",
                    default=0,
                    min=0,
                    max=10000000,
                    step=1000,
                    tooltip="How many triangles to reduce the surface to, before a back is added; 0 keeps two for every pixel. Borders stay in "
                    "place, so there may be more. Needs the Python package fast-simplification.",
                ),
                io.Combo.Input(
                    "paint",
                    options=list(PAINTS),
                    default=PAINTS[0],
                    tooltip="How the mesh carries the photo. texture: sharp, for files and renderers; vertex colours: for programs "
                    "that do not show textures; none: plain.",
                ),
                io.Combo.Input(
                    "back",
                    options=list(BACKS),
                    default=BACKS[0],
                    tooltip="open: only what the camera saw. flat: a flat back and side walls; shell: a back that follows the front. "
                    "Both are watertight, for 3D printing.",
                ),
                advanced(
                    io.Float.Input(
                        "thickness",
                        default=0.05,
                        min=0.001,
                        max=1.0,
                        step=0.01,
                        tooltip="Distance from front to back, relative to the depth, when back is flat or shell.",
                    )
                ),
                advanced(
                    io.Float.Input(
                        "grazing_degrees",
                        default=85.0,
                        min=45.0,
                        max=90.0,
                        step=0.5,
                        tooltip="Surfaces seen at a flatter angle than this (degrees from facing the camera) are cut unless they "
                        "are straight, as floors are. Lower it when edges have stretched skirts; 90 turns the test off.",
                    )
                ),
                PHOTO,
                OBJECT,
            ],
            outputs=[
                io.Mesh.Output(
                    display_name="mesh",
                    tooltip="One mesh per frame, y up, the camera at the origin; for Save 3D and ComfyUI's own mesh nodes.",
                )
            ],
        )

    @classmethod
    def execute(
        cls,
        pointmap,
        depth_edge,
        smallest_island,
        triangles,
        paint,
        back,
        thickness,
        grazing_degrees,
        image=None,
        mask=None,
    ) -> io.NodeOutput:
        def surface(frame, photo):
            return surface_from_pointmap(
                frame, photo, paint, depth_edge, grazing_degrees, smallest_island, triangles, back, thickness
            )

        return io.NodeOutput(MeshBatch(host.by_frame(only_masked(pointmap, mask), surface, image)))


class DisplacedPlane(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_DisplacedPlane",
            display_name="Displaced Plane",
            category=f"{CATEGORY}/3D",
            description="A subdivided plane with the photo on it, pushed forward where the photo is near: the classic relief.",
            search_aliases=["displacement", "relief", "plane", "bas-relief", "2.5d", "parallax", "heightmap", "mesh"],
            inputs=[
                PointmapType.Input(
                    "pointmap", tooltip="From Pointmap Inference. Every frame becomes a plane of its own."
                ),
                io.Int.Input(
                    "subdivisions",
                    default=128,
                    min=1,
                    max=2048,
                    tooltip="Squares along each side of the plane (1 to 2048).",
                ),
                io.Float.Input(
                    "height",
                    default=0.5,
                    min=0.0,
                    max=10.0,
                    step=0.01,
                    tooltip="How far the nearest point stands out, relative to the plane's width (0 to 10).",
                ),
                io.Combo.Input(
                    "curve",
                    options=list(CURVES),
                    default=CURVES[0],
                    tooltip="What the height follows. disparity (1 / distance) gives near things most of the relief; linear: "
                    "distance itself; log: between the two.",
                ),
                advanced(
                    io.Boolean.Input(
                        "drop_invalid",
                        default=False,
                        tooltip="Off: the plane stays whole and is flat where there is no geometry (sky, outside the mask). On: "
                        "such parts are left out.",
                    )
                ),
                PHOTO,
                OBJECT,
            ],
            outputs=[
                io.Mesh.Output(
                    display_name="mesh",
                    tooltip="One plane per frame, 1 wide, facing the viewer; for Save 3D and ComfyUI's own mesh nodes.",
                )
            ],
        )

    @classmethod
    def execute(cls, pointmap, subdivisions, height, curve, drop_invalid, image=None, mask=None) -> io.NodeOutput:
        pointmap = only_masked(pointmap, mask)
        shown = depth_range(pointmap)[:1]  # one range for all frames

        def plane(frame, photo):
            return displaced_plane(frame, shown, photo, subdivisions, height, curve, drop_invalid)

        return io.NodeOutput(MeshBatch(host.by_frame(pointmap, plane, image)))
