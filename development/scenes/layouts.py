"""Random scenes of six kinds, each fixed by its seed: room, street, table top, portrait, landscape, abstract."""

from __future__ import annotations

from .builder import SceneBuilder
from .indoor import room
from .outdoor import landscape, street
from .scene import Scene
from .subjects import abstract, portrait, table_top

# kind -> how it is composed, and its share in the mixture
KINDS = {
    "room": (room, 0.31),
    "street": (street, 0.20),
    "table top": (table_top, 0.19),
    "portrait": (portrait, 0.16),
    "landscape": (landscape, 0.09),
    "abstract": (abstract, 0.05),
}


def random_scene(seed: int, kind: str | None = None, photo_count: int = 128) -> Scene:
    """The scene of a seed; `kind` is one of KINDS, or None for a mixture of all."""
    return build(seed, kind, photo_count).scene(kind or "mixed")


def build(seed: int, kind: str | None = None, photo_count: int = 128) -> SceneBuilder:
    """As random_scene, but the builder, which also knows where the photographer would focus."""
    b = SceneBuilder(seed, photo_count)
    if kind is None:
        kind = str(b.random.choice(list(KINDS), p=[share for _, share in KINDS.values()]))
    if kind not in KINDS:
        raise ValueError(f"Scene kind came as {kind!r}; one of {', '.join(KINDS)} is needed.")
    KINDS[kind][0](b)
    return b
