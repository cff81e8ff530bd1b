"""Pictures of the documentation: as wide as they are shown, with as many colours as their size allows."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

COLOURS, FEWEST, LARGEST = 64, 16, 39_000  # bytes


def smaller(picture: Path | BinaryIO, width: int) -> bytes:
    """A picture as a png of this width that is smaller than 40 kB: with fewer colours, then with less width."""
    from PIL import Image

    image = Image.open(picture).convert("RGB")
    image = image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)
    colours = COLOURS
    while True:
        saved = io.BytesIO()
        image.quantize(colours).save(saved, format="png", optimize=True)
        if saved.tell() < LARGEST:
            return saved.getvalue()
        if colours > FEWEST:
            colours //= 2
        else:
            image = image.resize((image.width * 9 // 10, image.height * 9 // 10), Image.Resampling.LANCZOS)
