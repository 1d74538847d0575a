"""What was done to a clip is said in figures: one line a frame, a dash where there was nothing to compare."""

import torch

from sam3d_geometry.clips.alignment import Alignment

NAN = float("nan")


def alignment(before, after, cut):
    frames = len(before)
    return Alignment(
        scale=torch.linspace(1, 2, frames),
        shift=torch.zeros(frames),
        residual=torch.full((frames,), 0.01),
        flicker_before=torch.tensor(before),
        flicker_after=torch.tensor(after),
        cut=torch.tensor(cut),
        gradual=torch.zeros(frames, dtype=torch.bool),
        world_from_camera=torch.eye(4).expand(frames, 4, 4),
    )


def test_the_flicker_is_the_mean_of_the_frames_that_have_one():
    done = alignment([NAN, 0.04, 0.02], [NAN, 0.01, NAN], [True, False, False])
    assert torch.allclose(torch.tensor(done.flicker), torch.tensor([0.03, 0.01]))
    assert alignment([NAN], [NAN], [True]).flicker == (0, 0)


def test_the_report_has_a_line_for_each_frame_and_says_where_shots_start():
    lines = alignment([NAN, 0.04, NAN], [NAN, 0.01, NAN], [True, False, True]).report().splitlines()
    assert len(lines) == 2 + 3
    assert "4.0" in lines[0] and "1.0" in lines[0] and "before" in lines[0] and "after" in lines[0]
    assert [("new shot" in line) for line in lines[2:]] == [True, False, True]
    assert lines[3].split()[:2] == ["1", "1.5000"]
    assert "nan" not in "\n".join(lines)


def test_the_report_says_so_where_nothing_could_be_compared():
    assert "nothing could be compared" in alignment([NAN], [NAN], [True]).report().splitlines()[0]
