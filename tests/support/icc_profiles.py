"""Colour profiles that Pillow cannot make by itself."""

import struct

from PIL import ImageCms


def display_p3():
    """The bytes of a Display P3 profile, made of sRGB's by its primaries (ICC: s15Fixed16 XYZ, adapted to D50)."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    primaries = {
        b"rXYZ": (0.51512, 0.2412, -0.00105),
        b"gXYZ": (0.29198, 0.69225, 0.04189),
        b"bXYZ": (0.1571, 0.06657, 0.78407),
    }
    for i in range(int.from_bytes(profile[128:132], "big")):
        tag, offset, size = struct.unpack(">4sII", profile[132 + 12 * i : 144 + 12 * i])
        if tag in primaries:
            struct.pack_into(">iii", profile, offset + 8, *(round(value * 65536) for value in primaries[tag]))
        if tag == b"desc":  # its name says sRGB
            profile[offset + 8 : offset + size] = bytes(profile[offset + 8 : offset + size]).replace(
                "sRGB".encode("utf-16-be"), "wide".encode("utf-16-be")
            )
    return bytes(profile)
