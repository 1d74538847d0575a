"""Mannequins in known places, for the tests."""

from sam3d_geometry.bodies.mannequin import mannequins

SIZE = (480, 640)  # height, width of the picture
FOCAL = 560.0
WALKING = {
    "root": (15.0, 0.0, 0.0),
    "l_upleg": (0.0, -30.0, 0.0),
    "l_lowleg": (0.0, 25.0, 0.0),
    "r_upleg": (0.0, 20.0, 0.0),
    "r_uparm": (0.0, 10.0, 35.0),
    "l_uparm": (0.0, -10.0, -35.0),
}


def two_people(frames=1):
    """An adult who walks to the right and one who stands, before one camera at a height of 0.9 m above their floor."""
    return mannequins(
        [[(WALKING, (-0.7 + 0.05 * t, 0.9, 4.0), 1.0), ({}, (0.8, 0.9, 4.6), 1.05)] for t in range(frames)],
        focal=FOCAL,
        image_size=SIZE,
    )
