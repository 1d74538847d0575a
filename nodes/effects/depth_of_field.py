from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.effects.lens.aperture import Aperture
from ...sam3d_geometry.effects.lens.depth_of_field import depth_of_field
from ...sam3d_geometry.effects.lens.focus import Focus
from ...sam3d_geometry.effects.lens.thin_lens import Blur
from ...sam3d_geometry.geometry.resize import require_photo
from .. import host_chunks
from ..fields import field, result
from ..photo_surface import surface_at_photo
from ..shared_inputs import photo_input, render_quality_input
from ..sockets import CATEGORY, schema


class DepthOfField(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_DepthOfField",
            display_name="Depth Of Field",
            category=f"{CATEGORY}/effects",
            description="Photographs the scene again through a lens with a wide opening: one distance sharp, the rest in discs.",
            search_aliases=[
                "depth of field",
                "dof",
                "bokeh",
                "lens blur",
                "defocus",
                "blur background",
                "portrait",
                "focus",
            ],
            inputs=[
                field("pointmap", "From Pointmap Inference."),
                field(
                    "focus",
                    "What is sharp. point: what is seen at x, y; distance: focus_distance; subject: the median distance under the "
                    "mask wired to subject.",
                ),
                field("x"),
                field("y"),
                field("unit"),
                field(
                    "focus_distance",
                    "For focus distance: distance along the view axis that is sharp (0.001 or more). To focus as another Depth Of "
                    "Field, wire its output focus_distance here and set unit to pointmap unit.",
                ),
                field(
                    "follow_focus",
                    "For clips. On: each frame focuses on its own place or subject. Off: one distance, the median, for the whole "
                    "clip.",
                    is_advanced=True,
                ),
                field(
                    "blur_by",
                    "What sets the blur. percent: blur_percent, works with every model; f-number: a real lens, needs a metric "
                    "pointmap.",
                ),
                field(
                    "blur_percent",
                    "For blur_by percent: diameter of the disc that a very distant light becomes, in percent of the picture's "
                    "width (0 to 20). 1 is slight, 2 a portrait, 5 extreme.",
                ),
                field(
                    "f_number",
                    "For blur_by f-number: opening of the lens (0.5 to 64). Smaller blurs more: 1.4 wide open, 16 nearly all "
                    "sharp.",
                ),
                field(
                    "focal_mm",
                    "For blur_by f-number: focal length in mm (0 to 2000). 0 takes the lens that sees the picture's own field of "
                    "view; longer ones blur more.",
                    default=0.0,
                    is_advanced=True,
                ),
                field(
                    "sensor_width_mm",
                    "For blur_by f-number: width of the sensor in mm (1 to 500). 36 full frame, 23.5 APS-C, 7 a phone: small ones "
                    "blur less.",
                    is_advanced=True,
                ),
                field(
                    "max_blur_percent",
                    "Diameter in percent of the picture's width at which discs stop growing (0.1 to 50), for things right in front "
                    "of the lens. The output blur is 1 there.",
                    is_advanced=True,
                ),
                field(
                    "aperture",
                    "Shape of the opening, seen in lights out of focus. disc: as wide open; polygon: as stopped down, with "
                    "straight blades.",
                ),
                field(
                    "blades",
                    "Sides of the polygon (3 to 16). With an odd number of blades the shape is upside down in front of the focus "
                    "plane.",
                    is_advanced=True,
                ),
                field("rotation_degrees", "Turns the polygon clockwise, in degrees (-180 to 180).", is_advanced=True),
                field(
                    "cats_eye",
                    "How much the barrel of the lens cuts from the discs towards the corners (0 to 1); 0.5 is usual for a fast "
                    "lens.",
                    is_advanced=True,
                ),
                field(
                    "highlights",
                    "How many times brighter than the picture's white the lights in it really were (1 to 50). Raise it for bright "
                    "discs from lamps and glints; 1 takes the picture as it is.",
                ),
                photo_input(),
                field(
                    "subject",
                    "For focus subject: white on the subject. Any size; one for each frame or one for all.",
                    optional=True,
                ),
                render_quality_input(),
            ],
            outputs=[
                result("image", "The picture through that lens, at the size of the image."),
                result("blur", "How large each pixel's disc is: 0 sharp, 1 max_blur_percent of the width."),
                result(
                    "focus_distance",
                    "The distance along the view axis that is sharp, in the pointmap's unit; of a clip the median of its frames.",
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        pointmap,
        focus,
        x,
        y,
        unit,
        focus_distance,
        follow_focus,
        blur_by,
        blur_percent,
        f_number,
        focal_mm,
        sensor_width_mm,
        max_blur_percent,
        aperture,
        blades,
        rotation_degrees,
        cats_eye,
        highlights,
        image=None,
        subject=None,
        render_quality="final",
    ) -> io.NodeOutput:
        require_photo(pointmap, image)
        opening = Aperture(aperture, blades, rotation_degrees, cats_eye)
        sharp = Focus(focus, (x, y), focus_distance, unit, subject, follow_focus).depth(pointmap)
        at_infinity = Blur(blur_by, blur_percent, f_number, focal_mm, sensor_width_mm).at_infinity(pointmap, sharp)

        def pictures(frames, part):
            full = surface_at_photo(pointmap, frames, part, image, render_quality)
            return depth_of_field(full, sharp[part], at_infinity[part], opening, highlights, max_blur_percent / 100)

        picture, blur = host_chunks.by_chunk(pointmap, pictures)
        return io.NodeOutput(picture, blur, float(sharp.median()))
