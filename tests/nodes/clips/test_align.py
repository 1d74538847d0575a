"""Align Sequence as a node: its camera path is that of the whole clip, and of a stream the one found frame by frame."""

import films
import torch
from node_runs import run

from pack.nodes.clips.align import AlignSequence
from sam3d_geometry.clips.align import align_sequence
from sam3d_geometry.effects.camera.camera_path import keys_from_json
from sam3d_geometry.views.clip_path import adjusted_path


def test_the_path_of_a_whole_clip_is_adjusted_and_that_of_a_stream_is_not():
    film = films.noisy_pointmap(15)
    aligned, _, done = align_sequence(film)
    adjusted = adjusted_path(aligned, done)
    found = keys_from_json(run(AlignSequence, pointmap=film)[-1]).world_from_camera
    assert torch.allclose(found, adjusted, atol=1e-6)
    assert not torch.allclose(found, done.world_from_camera, atol=1e-5)
    _, _, streamed = align_sequence(film, streaming=True)
    found = keys_from_json(run(AlignSequence, pointmap=film, stream="a", restart=True)[-1]).world_from_camera
    assert torch.allclose(found, streamed.world_from_camera, atol=1e-6)
