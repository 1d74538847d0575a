"""Pictures and masks in the forms that other code gives them, brought to the one form that everything here takes."""

from __future__ import annotations

import torch

IMAGE_FORM = "(B, H, W, 3), one or more frames of height x width pixels in red, green and blue"
MASK_FORM = "(B, H, W), one or more frames of height x width pixels"
CHANNELS = (1, 2, 3, 4)  # gray, gray and alpha, color, color and alpha


def _refused(name: str, tensor: torch.Tensor, form: str, advice: str) -> ValueError:
    kind = str(tensor.dtype).removeprefix("torch.")
    return ValueError(f"Input {name} came as {kind} of shape {tuple(tensor.shape)}; {form} is needed: {advice}.")


def _require_tensor(name: str, given: object, form: str) -> torch.Tensor:
    if not isinstance(given, torch.Tensor):
        raise ValueError(
            f"Input {name} came as {type(given).__name__}; {form} is needed: wire a node to it that gives one."
        )
    if given.layout != torch.strided or given.is_complex() or given.is_quantized:
        raise _refused(name, given, form, "turn it into plain float32 first")
    if given.numel() == 0:
        raise _refused(name, given, form, "what is wired to it gives nothing")
    return given.detach() if given.requires_grad else given


def _as_float(name: str, tensor: torch.Tensor, form: str, whole: float) -> torch.Tensor:
    """Any number format as float32; whole numbers are shares of `whole`, and refused where it is 0 or they go beyond."""
    if tensor.dtype == torch.float32:
        return tensor
    if tensor.is_floating_point() or tensor.dtype == torch.bool:
        return tensor.float()
    if not whole or not bool(((tensor >= 0) & (tensor <= whole)).all()):
        raise _refused(name, tensor, form, "turn its whole numbers into float32 from 0 to 1 first")
    return tensor.float() / whole


def _image_frames(name: str, image: torch.Tensor) -> torch.Tensor:
    """(B, H, W, C) of any of the shapes that say clearly which side is which."""
    if image.dim() == 2:
        return image[None, ..., None]
    if image.dim() == 3:
        return image[None] if image.shape[-1] in CHANNELS else image[..., None]
    if image.dim() == 4 and image.shape[-1] in CHANNELS:
        return image
    if image.dim() == 4 and image.shape[1] in CHANNELS:
        return image.movedim(1, -1)
    if image.dim() == 4:
        advice = f"a picture has 1 to 4 channels and this one {image.shape[-1]}; wire a picture, not layers or a latent"
    else:
        advice = f"give it without its {'missing' if image.dim() < 2 else 'further'} dimensions"
    raise _refused(name, image, IMAGE_FORM, advice)


def plain_image(name: str, image: object) -> torch.Tensor:
    """A picture or clip in another form -> (B, H, W, 3 or 4) float32, a fourth channel being alpha; no copy of what has that form.

    Taken are (H, W) and (B, H, W) in gray, (H, W, C) of one picture, one to four channels, channels first (B, C, H, W), and any
    float, bool (0 and 1) and uint8 (0 to 255). ValueError, one sentence, for what can be read in several ways.
    """
    image = _image_frames(name, _require_tensor(name, image, IMAGE_FORM))
    image = _as_float(name, image, IMAGE_FORM, 255.0 if image.dtype == torch.uint8 else 0.0)
    if image.shape[-1] == 1:
        return image.expand(-1, -1, -1, 3)
    if image.shape[-1] == 2:
        return image[..., [0, 0, 0, 1]]
    return image


def _mask_frames(name: str, mask: torch.Tensor) -> torch.Tensor:
    """(B, H, W) of any of the shapes that say clearly which side is which."""
    if mask.dim() == 2:
        return mask[None]
    if mask.dim() == 3:
        return mask[None, ..., 0] if mask.shape[2] == 1 and min(mask.shape[:2]) > 1 else mask
    if mask.dim() == 4 and mask.shape[-1] == 1:
        return mask[..., 0]
    if mask.dim() == 4 and mask.shape[1] == 1:
        return mask[:, 0]
    if mask.dim() == 4:
        advice = "it has the channels of an image; put Convert Image to Mask in between"
    else:
        advice = f"give it without its {'missing' if mask.dim() < 2 else 'further'} dimensions"
    raise _refused(name, mask, MASK_FORM, advice)


def plain_mask(name: str, mask: object) -> torch.Tensor:
    """A mask in another form -> (B, H, W) float32; no copy of what has that form.

    Taken are (H, W), (H, W, 1), (B, 1, H, W), (B, H, W, 1), any float, bool, and whole numbers that are 0 and 1, or 0 to 255 in
    uint8. ValueError, one sentence, for what can be read in several ways.
    """
    mask = _mask_frames(name, _require_tensor(name, mask, MASK_FORM))
    bytes_of_light = mask.dtype == torch.uint8 and bool((mask > 1).any())
    return _as_float(name, mask, MASK_FORM, 255.0 if bytes_of_light else 1.0)
