"""Forms of pictures and masks: what says clearly what it is becomes the plain form, what does not is refused in a sentence."""

import pytest
import torch

from sam3d_geometry.geometry.picture_forms import plain_image, plain_mask


def test_channels_of_a_picture_come_out_as_they_went_in():
    image = torch.rand(2, 5, 6, 3)
    assert plain_image("image", image) is image
    assert torch.equal(plain_image("image", image.movedim(-1, 1)), image)
    assert torch.equal(plain_image("image", image[0]), image[:1])


def test_gray_is_in_all_three_channels_and_alpha_in_the_fourth():
    gray, alpha = torch.rand(2, 5, 6), torch.rand(2, 5, 6)
    for given in (gray, gray[..., None], gray[:, None]):
        assert torch.equal(plain_image("image", given), gray[..., None].expand(2, 5, 6, 3))
    both = plain_image("image", torch.stack([gray, alpha], -1))
    assert torch.equal(both[..., 3], alpha) and torch.equal(both[..., 1], gray)


def test_bytes_are_shares_of_255_in_pictures_and_in_masks_that_go_beyond_1():
    values = torch.tensor([[[0, 1, 128, 255]] * 2], dtype=torch.uint8)
    assert torch.allclose(plain_image("image", values[..., None])[0, 0, :, 0] * 255, torch.tensor([0, 1.0, 128, 255]))
    assert float(plain_mask("mask", values).max()) == 1 and float(plain_mask("mask", values // 255).max()) == 1


def test_a_mask_of_one_pixel_or_one_column_is_not_taken_for_another_form():
    assert plain_mask("mask", torch.ones(1, 1, 1)).shape == (1, 1, 1)
    assert plain_mask("mask", torch.ones(3, 1, 1)).shape == (3, 1, 1)
    assert plain_mask("mask", torch.ones(1, 7, 1)).shape == (1, 7, 1)


@pytest.mark.parametrize(
    ("reader", "given", "said"),
    [
        (plain_image, torch.rand(1, 8, 9, 9), r"9\); .* 1 to 4 channels and this one 9"),
        (plain_image, torch.rand(3), "without its missing dimensions"),
        (plain_image, torch.rand(1, 1, 4, 4, 3), "without its further dimensions"),
        (plain_image, torch.ones(1, 4, 4, 3, dtype=torch.int16), "int16 of shape .* whole numbers into float32"),
        (plain_image, torch.ones(4, 4, 3, dtype=torch.complex64), "plain float32"),
        (plain_mask, torch.rand(1, 4, 4, 3), "Convert Image to Mask"),
        (plain_mask, torch.full((1, 4, 4), 300), "whole numbers into float32"),
        (plain_mask, None, "came as NoneType"),
    ],
)
def test_what_is_unclear_is_refused_with_its_name_its_shape_and_what_to_do(reader, given, said):
    with pytest.raises(ValueError, match=said) as refused:
        reader("wire", given)
    assert str(refused.value).startswith("Input wire came as ") and "\n" not in str(refused.value)
