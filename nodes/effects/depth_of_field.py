from __future__ import annotations

from comfy_api.latest import io

from ...sam3d_geometry.effects.lens import focus as focusing
from ...sam3d_geometry.effects.lens.aperture import SHAPES, Aperture
from ...sam3d_geometry.effects.lens.depth_of_field import depth_of_field
from ...sam3d_geometry.effects.lens.thin_lens import blur_at_infinity
from ...sam3d_geometry.geometry.resize import pointmap_at_image
from .. import host
from ..fields import advanced
from ..sockets import CATEGORY, PointmapType, require_frames, require_option, schema

FOCUS = ["point", "distance", "subject mask"]
STRENGTH = ["blur amount", "f-number"]


class DepthOfField(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return schema(
            node_id="SAM3DGeometry_DepthOfField",
            display_name="Depth Of Field",
            category=f"{CATEGORY}/Effects",
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
                PointmapType.Input("pointmap", tooltip="From Pointmap Inference."),
                io.Combo.Input(
                    "focus",
                    options=FOCUS,
                    default=FOCUS[0],
                    tooltip="What is sharp. point: what is seen at focus_x, focus_y; distance: focus_distance; subject mask: the "
                    "middle distance under the mask wired below.",
                ),
                io.Float.Input(
                    "focus_x",
                    default=0.5,
                    min=0.0,
                    max=32768.0,
                    step=0.01,
                    tooltip="For focus point: where in the picture, from the left: 0 to 1 is a share of the width, more than 1 is "
                    "pixels.",
                ),
                io.Float.Input(
                    "focus_y",
                    default=0.5,
                    min=0.0,
                    max=32768.0,
                    step=0.01,
                    tooltip="For focus point: where in the picture, from the top: 0 to 1 is a share of the height, more than 1 is "
                    "pixels.",
                ),
                io.Float.Input(
                    "focus_distance",
                    default=2.0,
                    min=0.001,
                    max=1e6,
                    step=0.01,
                    tooltip="For focus distance: depth along the view axis, in metres for metric models, otherwise in the model's "
                    "unit. Wire focus_in_use of another Depth Of Field here to focus alike.",
                ),
                io.Combo.Input(
                    "strength",
                    options=STRENGTH,
                    default=STRENGTH[0],
                    tooltip="What sets the blur. blur amount: blur_percent, works with every model; f-number: a real lens, needs a "
                    "model that gives metres.",
                ),
                io.Float.Input(
                    "blur_percent",
                    default=2.0,
                    min=0.0,
                    max=20.0,
                    step=0.1,
                    tooltip="For blur amount: diameter of the disc that a very distant light becomes, in percent of the picture's "
                    "width (0 to 20). 1 is slight, 2 a portrait, 5 extreme.",
                ),
                io.Float.Input(
                    "f_number",
                    default=2.0,
                    min=0.5,
                    max=64.0,
                    step=0.1,
                    tooltip="For f-number: the lens's opening (0.5 to 64). Smaller blurs more: 1.4 wide open, 16 nearly all sharp.",
                ),
                io.Combo.Input(
                    "shape",
                    options=list(SHAPES),
                    default=SHAPES[0],
                    tooltip="Shape of the opening, seen in lights out of focus. disc: as wide open; polygon: as stopped down, with "
                    "straight blades.",
                ),
                io.Float.Input(
                    "highlights",
                    default=3.0,
                    min=1.0,
                    max=50.0,
                    step=0.5,
                    tooltip="How many times brighter than the picture's white the lights in it really were (1 to 50). Raise it for "
                    "bright discs from lamps and glints; 1 takes the picture as it is.",
                ),
                advanced(
                    io.Int.Input(
                        "blades",
                        default=6,
                        min=3,
                        max=16,
                        tooltip="Sides of the polygon (3 to 16). Odd numbers stand on their head in front of the focus.",
                    )
                ),
                advanced(
                    io.Float.Input(
                        "rotation_degrees",
                        default=0.0,
                        min=-180.0,
                        max=180.0,
                        step=1.0,
                        tooltip="Turns the polygon clockwise, in degrees.",
                    )
                ),
                advanced(
                    io.Float.Input(
                        "cats_eye",
                        default=0.0,
                        min=0.0,
                        max=1.0,
                        step=0.05,
                        tooltip="How much the barrel of the lens cuts from the discs towards the corners (0 to 1); 0.5 is usual for a "
                        "fast lens.",
                    )
                ),
                advanced(
                    io.Float.Input(
                        "focal_mm",
                        default=0.0,
                        min=0.0,
                        max=2000.0,
                        step=1.0,
                        tooltip="For f-number: focal length of the lens in mm. 0 takes the lens that sees the picture's own field of "
                        "view; longer ones blur more.",
                    )
                ),
                advanced(
                    io.Float.Input(
                        "sensor_width_mm",
                        default=36.0,
                        min=1.0,
                        max=500.0,
                        step=0.1,
                        tooltip="For f-number: width of the sensor in mm. 36 full frame, 23.5 APS-C, 7 a phone: small ones blur less.",
                    )
                ),
                advanced(
                    io.Float.Input(
                        "max_blur_percent",
                        default=8.0,
                        min=0.1,
                        max=50.0,
                        step=0.1,
                        tooltip="Diameter in percent of the picture's width at which discs stop growing (0.1 to 50), for things right "
                        "before the lens. The blur output is 1 there.",
                    )
                ),
                advanced(
                    io.Boolean.Input(
                        "hold_focus",
                        default=False,
                        tooltip="For clips. Off: every frame focuses anew and follows the point or subject. On: one distance, the "
                        "middle one, for all frames; only for models whose unit does not change from frame to frame.",
                    )
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="The photo or clip at full size. Without it the pointmap's own picture is enlarged, which is less sharp.",
                ),
                io.Mask.Input(
                    "subject",
                    optional=True,
                    tooltip="For focus subject mask: white on the subject; one or one a frame; any size.",
                ),
            ],
            outputs=[
                io.Image.Output(display_name="image", tooltip="The picture through that lens, at the size of image."),
                io.Mask.Output(
                    display_name="blur",
                    tooltip="How large each pixel's disc is: 0 sharp, 1 max_blur_percent of the width.",
                ),
                io.Float.Output(
                    display_name="focus_in_use",
                    tooltip="The distance that is sharp, in the unit of focus_distance; the middle one of a clip's frames.",
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        pointmap,
        focus,
        focus_x,
        focus_y,
        focus_distance,
        strength,
        blur_percent,
        f_number,
        shape,
        highlights,
        blades,
        rotation_degrees,
        cats_eye,
        focal_mm,
        sensor_width_mm,
        max_blur_percent,
        hold_focus,
        image=None,
        subject=None,
    ) -> io.NodeOutput:
        require_option("focus", focus, FOCUS)
        require_option("strength", strength, STRENGTH)
        require_frames("image", image, len(pointmap))
        aperture = Aperture(shape, blades, rotation_degrees, cats_eye)
        if focus == "point":
            sharp = focusing.focus_at_point(pointmap, focus_x, focus_y)
        elif focus == "distance":
            sharp = focusing.focus_at_distance(pointmap, focus_distance)
        else:
            sharp = focusing.focus_on_mask(pointmap, subject)
        sharp = sharp.median().expand(len(pointmap)) if hold_focus else sharp
        if strength == "blur amount":
            at_infinity = sharp.new_full((len(pointmap),), blur_percent / 100)
        else:
            at_infinity = blur_at_infinity(pointmap, sharp, f_number, focal_mm, sensor_width_mm)

        def pictures(frames, part):
            full = pointmap_at_image(frames, host.frames_of(image, part, frames.device))
            return depth_of_field(full, sharp[part], at_infinity[part], aperture, highlights, max_blur_percent / 100)

        picture, blur = host.by_chunk(pointmap, pictures)
        return io.NodeOutput(picture, blur, float(sharp.median()))
