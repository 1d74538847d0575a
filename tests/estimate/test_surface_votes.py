"""Votes: colour decides between surfaces, planes are extended exactly, and nothing comes out between two of them."""

import pytest
import torch

from sam3d_geometry.estimate.surface_votes import Electors, Voters, decide, disc

SIZE = (9, 11)
RED, GREEN = torch.tensor([0.8, 0.1, 0.1]), torch.tensor([0.1, 0.7, 0.2])


def voters(inverse, slope=None, colours=None, trust=None, purity=None, carried=None):
    """Voters of a map (H, W)."""
    height, width = inverse.shape
    maps = [
        inverse[..., None],
        torch.zeros(height, width, 2) if slope is None else slope,
        torch.zeros(height, width, 3) if colours is None else colours,
        torch.ones(height, width, 1) if trust is None else trust[..., None],
        torch.ones(height, width, 1) if purity is None else purity[..., None],
    ]
    if carried is not None:
        maps.append(carried)
    return Voters((height, width), torch.cat(maps, -1).flatten(0, 1).T.contiguous())


def at(row, column, colour=RED, **more):
    return Electors(torch.tensor([row]), torch.tensor([column]), colour[None], **more)


def halves():
    """Left half near and red, right half far and green."""
    left = torch.arange(SIZE[1]).expand(SIZE) < 5
    return torch.where(left, 0.5, 0.2), torch.where(left[..., None], RED, GREEN)


@pytest.mark.parametrize("column", [3.0, 4.4, 5.6])
@pytest.mark.parametrize(("colour", "inverse"), [(RED, 0.5), (GREEN, 0.2)])
def test_the_colour_decides_wherever_the_pixel_is(column, colour, inverse):
    values, colours = halves()
    verdict = decide(voters(values, colours=colours), at(4.0, column, colour), 4, 2.0)
    assert verdict.inverse.item() == pytest.approx(inverse) and bool(verdict.found)


def test_without_colours_the_nearer_voters_decide_or_what_was_measured():
    values, _ = halves()
    assert decide(voters(values), at(4.0, 3.2), 4, 2.0).inverse.item() == pytest.approx(0.5)
    middle = [
        decide(voters(values), at(4.0, 4.5, measured=torch.tensor([w])), 4, 2.0).inverse.item() for w in (0.45, 0.25)
    ]
    assert middle == pytest.approx([0.5, 0.2])


def test_a_plane_is_extended_to_where_nobody_of_it_is():
    rows, columns = torch.meshgrid(torch.arange(9.0), torch.arange(11.0), indexing="ij")
    plane = 0.4 + 0.01 * rows - 0.004 * columns
    slope = torch.tensor([0.01, -0.004]).expand(*SIZE, 2)
    known = (columns < 6).float()
    verdict = decide(voters(plane * known, slope, trust=known), at(4.3, 7.7, unsure=torch.tensor([True])), 4, 2.0)
    assert verdict.inverse.item() == pytest.approx(0.4 + 0.043 - 0.0308, rel=1e-5)


def test_one_surface_alone_leaves_what_there_is():
    flat = torch.full(SIZE, 0.3)
    assert not bool(decide(voters(flat), at(4.2, 5.1), 2, 1.6).found)
    assert bool(decide(voters(flat), at(4.2, 5.1, unsure=torch.tensor([True])), 2, 1.6).found)
    nobody = voters(flat, trust=torch.zeros(SIZE))
    assert not bool(decide(nobody, at(4.2, 5.1, unsure=torch.tensor([True])), 2, 1.6).found)


def test_of_three_surfaces_the_result_is_one():
    values = torch.full(SIZE, 0.1)
    values[:, :4], values[:, 4:7] = 0.8, 0.3
    for column in torch.linspace(0, 10, 41).tolist():
        found = decide(voters(values), at(4.0, column), 4, 2.0)
        if bool(found.found):
            assert min(abs(found.inverse.item() - w) for w in (0.1, 0.3, 0.8)) < 1e-5


def test_the_sky_is_a_surface():
    values, colours = halves()
    sky = torch.where(values > 0.3, values, 0)
    assert decide(voters(sky, colours=colours), at(4.0, 4.6, GREEN), 2, 1.6).inverse.item() == 0
    assert decide(voters(sky, colours=colours), at(4.0, 5.3, RED), 2, 1.6).inverse.item() == pytest.approx(0.5)


def test_the_last_frame_tips_the_scale_and_no_more():
    values, colours = halves()

    def remembering(inverse, alike, colour=RED, **more):
        memory = {"remembered": torch.tensor([inverse]), "alike": torch.tensor([alike])}
        return decide(voters(values, **more), at(4.0, 4.5, colour, **memory), 2, 1.6).inverse.item()

    # what it was may have become a little nearer or farther
    assert [remembering(w, 1.0) for w in (0.5, 0.52, 0.2, 0.18)] == pytest.approx([0.5, 0.5, 0.2, 0.2])
    assert remembering(0.5, 0.0) == remembering(0.2, 0.0)
    assert remembering(0.5, 1.0, GREEN, colours=colours) == pytest.approx(0.2)


def test_purity_weighs_depth_and_not_the_vote():
    values, colours = halves()
    values[:, 4] = 0.49
    purity = torch.ones(SIZE)
    purity[:, 4] = 0
    verdict = decide(voters(values, colours=colours, purity=purity), at(4.0, 4.0), 2, 1.6)
    assert verdict.inverse.item() == pytest.approx(0.5)


def test_the_winners_hand_on_what_they_carry():
    values, colours = halves()
    carried = torch.where((values > 0.3)[..., None], torch.tensor([1.0, 0, 0]), torch.tensor([0, 0, 1.0]))
    verdict = decide(voters(values, colours=colours, carried=carried), at(4.0, 4.6, GREEN), 2, 1.6)
    assert torch.allclose(verdict.carried, torch.tensor([[0, 0, 1.0]]))


def test_many_and_no_electors():
    values, colours = halves()
    rows, columns = torch.rand(2, 40000) * 8
    electors = Electors(rows, columns, torch.rand(40000, 3))
    whole = decide(voters(values, colours=colours), electors, 2, 1.6)
    last = decide(voters(values, colours=colours), electors.part(slice(39990, None)), 2, 1.6)
    assert torch.allclose(whole.inverse[-10:], last.inverse)
    assert decide(voters(values), electors.part(slice(0, 0)), 2, 1.6).inverse.shape == (0,)


def test_electors_of_several_frames_are_decided_by_their_own():
    (values, colours), frames = halves(), torch.tensor([1, 0, 1])
    both = [voters(values, colours=colours), voters(values + 0.1, colours=colours.flip(0, 1))]
    together = Voters(both[0].size, torch.cat([one.planes for one in both], 1))
    places, looks = torch.tensor([[1.0, 4.0, 6.0], [2.0, 4.6, 7.0]]), torch.rand(3, 3)
    verdict = decide(together, Electors(*places, looks, frames=frames), 2, 1.6)
    for i, frame in enumerate(frames.tolist()):
        alone = decide(both[frame], Electors(*places[:, [i]], looks[[i]]), 2, 1.6)
        assert torch.equal(verdict.inverse[[i]], alone.inverse)


def test_a_disc_is_round():
    rows, columns = disc(4, torch.device("cpu"))
    assert len(rows) == 49 and int((rows.square() + columns.square()).max()) == 16
