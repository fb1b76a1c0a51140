"""Small PNGs: at most 256 colours, one byte a pixel."""

import zlib

import numpy as np
from numpy.typing import NDArray

COLOURS = 256


def png(pixels_HWC: NDArray[np.uint8]) -> bytes:
    """Return the picture as PNG; rarer colours than the first 256 become the nearest of those.

    pixels_HWC  rows, columns, and red, green, blue
    """
    height, width, _ = pixels_HWC.shape
    colours_NC, place, count = np.unique(
        pixels_HWC.reshape(-1, 3), axis=0, return_inverse=True, return_counts=True
    )
    kept_KC = colours_NC[np.argsort(-count, kind="stable")[:COLOURS]]
    nearest = [
        int(((kept_KC.astype(int) - colour) ** 2).sum(axis=1).argmin()) for colour in colours_NC
    ]
    index_HW = np.array(nearest, np.uint8)[place.reshape(-1)].reshape(height, width)
    rows = b"".join(b"\x00" + row.tobytes() for row in index_HW)  # 0: no filter
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes((8, 3, 0, 0, 0))
    chunks = (
        (b"IHDR", head),
        (b"PLTE", kept_KC.tobytes()),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
        for kind, data in chunks
    )
