"""A clip of rooms and boxes for the nodes that make masks, and what all their masks must be."""

import closed_form
import torch

SIZE, PHOTO = (36, 48), (72, 96)


def rooms(frames=5):
    """A box room and a box in front of a wall in turn, the room first; the photo is twice the pointmap's size."""
    depths = torch.cat([closed_form.box_room(*SIZE)[0], closed_form.box_before_wall(*SIZE)[0]] * frames)[:frames]
    return closed_form.pointmap(depths, source_size=PHOTO)


def nothing():
    """One frame without any geometry."""
    return closed_form.pointmap(torch.zeros(1, *SIZE), source_size=PHOTO)


def assert_masks_at_photo(masks, frames):
    """Every mask has a frame for each of the pointmap's, the photo's size and values from 0 to 1."""
    for mask in masks:
        assert mask.shape == (frames, *PHOTO) and torch.isfinite(mask).all()
        assert mask.min() >= 0 and mask.max() <= 1
