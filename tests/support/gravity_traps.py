"""Scenes that mislead a finder of up: no floor in view, slopes that look like one, tilted things, many levels, people close by."""

import math

from gravity_scenes import Ball, Box, Plane, Scene, below


def tilted(degrees, yaw, point):
    """A plane through `point` that is turned from level by `degrees` towards `yaw`: its normal points up and that way."""
    angle, turn = math.radians(degrees), math.radians(yaw)
    normal = (math.sin(angle) * math.sin(turn), -math.cos(angle), math.sin(angle) * math.cos(turn))
    return Plane(normal, sum(n * p for n, p in zip(normal, point)))


def high_room(pitch):
    """The upper part of a room through a long lens: walls, a cupboard and shelves, no floor."""
    room = Box((0.3, 0.2, 1.5), (2.6, 1.4, 3.0), 20.0, inside=True)
    shelves = tuple(Box((-0.9, -0.6 + 0.35 * i, 3.2), (0.6, 0.02, 0.15), 20.0) for i in range(4))
    return Scene(boxes=(room, Box((1.6, 0.1, 3.0), (0.4, 1.1, 0.3), 20.0), *shelves))


def corridor(pitch):
    """A passage 1.6 wide and 18 long, with doors that stand out of its walls."""
    doors = tuple(Box((side * 0.8, 0.4, 3.0 + 3 * i), (0.06, 1.05, 0.45)) for i in range(5) for side in (-1, 1))
    return Scene(boxes=(Box((0, 0.1, 8), (0.8, 1.35, 9.5), 2.0, inside=True), *doors))


def stairs_down(pitch):
    """Steps that go down away from the camera to a hall, between two walls."""
    steps = tuple(Box((0, 1.7 + 0.17 * i, 1.0 + 0.28 * i), (1.3, 0.09, 0.15)) for i in range(14))
    hall = (Plane((0, 1, 0), 4.1), Plane((0, 0, 1), 9.0))
    return Scene(planes=(Plane((1, 0, 0), 1.3), Plane((-1, 0, 0), 1.3), *hall), boxes=steps)


def stairwell(pitch):
    """Steps that climb to the side under the slanted underside of the flight above."""
    steps = tuple(Box((-1.4 + 0.28 * i, 1.4 - 0.17 * i, 2.6), (0.15, 0.09, 0.9)) for i in range(12))
    return Scene(planes=(tilted(31.0, 90.0, (0, -1.2, 2.6)), Plane((0, 0, 1), 3.5)), boxes=steps)


def desk(pitch):
    """Nothing but a table seen from above, with books in a stack, a cup and a laptop whose screen leans back."""
    _, _, z = below(pitch, 0.9, 0.55)
    books = tuple(Box((0.25, 0.53 - 0.04 * i, z), (0.12, 0.02, 0.16), 10.0 * i) for i in range(3))
    laptop = (
        Box((-0.2, 0.54, z), (0.17, 0.01, 0.12), 8.0),
        Box((-0.2, 0.42, z + 0.16), (0.17, 0.12, 0.005), 8.0, pitch=20.0),
    )
    return Scene(planes=(Plane((0, 1, 0), 0.55),), boxes=(*books, *laptop), balls=(Ball((0.05, 0.5, z + 0.15), 0.05),))


def roof(pitch):
    """A slanted roof fills the lower half, with a chimney and a dormer; a house stands behind it."""
    chimney, dormer = Box((1.2, 1.0, 6.0), (0.3, 1.0, 0.3)), Box((-1.5, 1.2, 6.5), (0.8, 0.8, 0.8))
    return Scene(
        planes=(tilted(38.0, 180.0, (0, 2.0, 5.0)),), boxes=(chimney, dormer, Box((0, 0, 26), (7, 6, 3), 12.0))
    )


def roof_alone(pitch):
    """A slanted roof and a chimney, and nothing else but sky."""
    return Scene(planes=(tilted(40.0, 160.0, (0, 1.2, 4.0)),), boxes=(Box((0.8, 0.3, 4.5), (0.25, 1.0, 0.25)),))


def leaning_shelf(pitch):
    """A bookcase that leans back by 15 degrees in front of a wall; no floor is in view."""
    boards = tuple(
        Box((0.2, -0.6 + 0.4 * i * math.cos(0.26), 2.0 - 0.4 * i * math.sin(0.26)), (0.7, 0.02, 0.15), 5.0, pitch=15.0)
        for i in range(5)
    )
    return Scene(planes=(Plane((0.1, 0, 0.995), 3.0),), boxes=boards)


def person_close(pitch):
    """A body that fills half of the picture in front of a wall with a window sill."""
    parts = (Ball((0.1, -0.05, 0.9), 0.16), Ball((0.1, 0.5, 1.0), 0.38), Ball((-0.25, 0.35, 0.9), 0.15))
    return Scene(
        planes=(Plane((0.35, 0, 0.937), 2.6),), boxes=(Box((-0.6, 0.3, 2.5), (0.9, 0.02, 0.2), 20.0),), balls=parts
    )


def crowd(pitch):
    """Three heads and bodies, and little of a wall and a ceiling behind them."""
    parts = tuple(
        Ball((x, y, z), r) for x, z in ((-0.6, 1.4), (0.1, 1.1), (0.7, 1.6)) for y, r in ((-0.1, 0.15), (0.55, 0.42))
    )
    return Scene(boxes=(Box((0, 0, 1.5), (2.4, 1.4, 3.0), -25.0, inside=True),), balls=parts)


def attic(pitch):
    """A room under a roof: two slanted walls, a gable and a floor."""
    walls = (tilted(130.0, 90.0, (1.9, 0, 0)), tilted(130.0, -90.0, (-1.9, 0, 0)))
    return Scene(
        planes=(*walls, Plane((0, 0, 1), 4.5), Plane((0, 1, 0), 1.4)),
        boxes=(Box((0.5, 1.1, 3.0), (0.5, 0.3, 0.5), 20.0),),
    )


def facade(pitch):
    """A house front with balconies, looked up at."""
    balconies = tuple(Box((x, -3.0 * i, 7.4), (1.0, 0.08, 0.6), 10.0) for i in range(6) for x in (-2.0, 2.0))
    return Scene(planes=(Plane((0.17, 0, 0.985), 8.0),), boxes=balconies)


def bonnet(pitch):
    """A road seen from a car, over its bonnet, which slopes by 12 degrees."""
    hood = Box((0.0, 0.75, 1.3), (0.8, 0.05, 0.7), 0.0, pitch=-12.0)
    return Scene(
        planes=(Plane((0, 1, 0), 1.2),),
        boxes=(hood, Box((6, -2, 18), (2, 4, 20)), Box((-2.0, 0.6, 9.0), (0.9, 0.7, 1.8))),
    )


def held_book(pitch):
    """A page that is held aslant fills half of the picture; behind it is a room."""
    page = Box((-0.1, 0.1, 0.5), (0.17, 0.22, 0.004), 12.0, pitch=40.0)
    return Scene(boxes=(Box((0.3, 0.1, 1.4), (2.5, 1.3, 3.0), 15.0, inside=True), page))


def relief(pitch):
    """A frontal wall with frames and a shelf on it: its edges in depth are all that tells."""
    frames = tuple(Box((x, y, 2.97), (0.3, 0.2, 0.03)) for x in (-0.8, 0.0, 0.8) for y in (-0.5, 0.3))
    return Scene(planes=(Plane((0, 0, 1), 3.0),), boxes=frames)


def hill(pitch):
    """A meadow of 20 degrees and a tree trunk."""
    return Scene(planes=(tilted(20.0, 140.0, (0, 1.6, 0)),), boxes=(Box((1.0, 0.0, 6.0), (0.2, 3.0, 0.2), 30.0),))


def crates(pitch):
    """Crates in a heap, each turned another way, on a floor that is hardly seen."""
    heap = tuple(
        Box((x, y, z), (0.35, 0.3, 0.3), yaw, pitch=lean)
        for x, y, z, yaw, lean in (
            (-0.7, 1.0, 2.4, 10, 0), (0.1, 1.0, 2.3, 40, 0), (0.8, 1.0, 2.5, -20, 0), (-0.3, 0.45, 2.5, 25, 9), (0.5, 0.4, 2.6, -10, -14),
        )
    )  # fmt: skip
    return Scene(planes=(Plane((0, 1, 0), 1.3), Plane((0.2, 0, 0.98), 4.0)), boxes=heap)


ANY, AHEAD, LOW = (-80, -60, -40, -20, 0, 20, 40), (-20, -10, 0, 10, 20), (-80, -60, -40, -20)
TRAPS = {
    "high_room": AHEAD,
    "corridor": ANY,
    "stairs_down": LOW,
    "stairwell": AHEAD,
    "desk": LOW,
    "roof": (-40, -20, -10, 0, 10),
    "roof_alone": (-40, -20, -10, 0, 10),
    "leaning_shelf": AHEAD,
    "person_close": AHEAD,
    "crowd": AHEAD,
    "attic": ANY,
    "facade": (0, 10, 20, 40),
    "bonnet": (-20, -10, 0),
    "held_book": (-60, -40, -20, 0),
    "relief": AHEAD,
    "hill": (-40, -20, 0, 10),
    "crates": (-40, -20, -10, 0),
}
