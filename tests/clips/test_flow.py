"""Flow finds a known shift, agrees with itself where things are seen twice, and carries values exactly."""

import numpy
import torch

from sam3d_geometry.clips.flow import (
    flows_agree,
    grey_frames,
    inside,
    optical_flow,
    pixel_positions,
    refined,
    sample_at,
)

HEIGHT, WIDTH = 96, 128


def texture(height, width, seed=0):
    """(1, H, W, 3) smooth noise."""
    noise = torch.rand(1, 3, height // 6, width // 6, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(noise, (height, width), mode="bicubic").clamp(0, 1).movedim(1, -1)


def test_a_shifted_picture_gives_its_shift():
    wide = texture(HEIGHT, WIDTH + 12)
    first, second = grey_frames(torch.cat([wide[:, :, 6 : 6 + WIDTH], wide[:, :, 2 : 2 + WIDTH]]))
    flow = optical_flow(first, second)[12:-12, 12:-12]
    assert (flow[..., 0] - 4).abs().median() < 0.1
    assert flow[..., 1].abs().median() < 0.1


def test_what_a_thing_hides_is_not_believed():
    before, square = texture(HEIGHT, WIDTH), texture(40, 40, seed=1)
    first, second = before.clone(), before.clone()
    first[:, 30:70, 30:70] = square
    second[:, 30:70, 36:76] = square
    first, second = grey_frames(torch.cat([first, second]))
    there, back = optical_flow(first, second), optical_flow(second, first)
    agree = flows_agree(there, back)
    assert agree[35:65, 35:60].float().mean() > 0.9  # the square itself
    assert agree[35:65, 71:75].float().mean() < 0.3  # wall that it comes to hide
    assert agree[:20].float().mean() > 0.95


def test_values_are_read_at_the_centres_of_pixels_and_held_outside():
    values = torch.rand(5, 7, 2)
    positions = pixel_positions(5, 7)
    assert torch.allclose(sample_at(values, positions), values, atol=1e-5)
    assert torch.allclose(
        sample_at(values, torch.tensor([[2.5, 1.0]]))[0], (values[1, 2] + values[1, 3]) / 2, atol=1e-5
    )
    assert torch.allclose(sample_at(values, torch.tensor([[-3.0, 9.0]]))[0], values[4, 0], atol=1e-5)


def test_inside_is_between_the_outermost_centres():
    positions = torch.tensor([[0.0, 0.0], [6.0, 4.0], [6.1, 4.0], [-0.1, 0.0]])
    assert inside(positions, (5, 7)).tolist() == [True, True, False, False]


def test_tiny_frames_have_no_flow():
    frames = grey_frames(torch.rand(2, 3, 40, 3))
    assert not optical_flow(frames[0], frames[1]).any()


def test_refined_matches_are_exact_to_a_fiftieth_of_a_pixel_where_there_is_something_to_see():
    """A picture moved by a part of a pixel in the frequency domain; a flat part of it tells nothing."""
    big = texture(96, 128)[0, :, :, 0]
    y, x = torch.fft.fftfreq(96)[:, None], torch.fft.fftfreq(128)
    moved = torch.fft.ifft2(torch.fft.fft2(big) * torch.exp(-2j * torch.pi * (0.37 * x - 0.21 * y))).real
    source, target = (
        grey_frames(picture.clamp(0, 1)[None, ..., None].expand(-1, -1, -1, 3))[0] for picture in (big, moved)
    )
    at = torch.tensor([[x, y] for y in range(20, 80, 7) for x in range(20, 110, 7)], dtype=torch.float32)
    true = at + torch.tensor([0.37, -0.21])
    exact, seen = refined(source, target, at, at.clone())
    assert seen.float().mean() > 0.9
    assert (exact - true)[seen].norm(dim=1).median() < 0.02
    flat = numpy.full_like(source, 90)
    found, seen = refined(flat, flat, at, true)
    assert torch.equal(found, true) and not seen.any()
    found, seen = refined(source[:6], target[:6], at, true)  # smaller than the window
    assert torch.equal(found, true) and seen.all()
