"""Seals: coloured stamps over a page, which break ruling lines and cover figures.

Ink of a seal is bright in the channel of its colour while black is dark in all of them, so where a seal lies the grey
of the page is taken from that channel.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

__all__ = ["grey_of"]

_Picture = np.ndarray[Any, np.dtype[np.uint8]]

_COLOURED = 36
"""By how much one channel exceeds the others in the ink of a seal; JPEG colour noise on black text stays below."""
_LEAST = 1 / 16
"""A seal is at least this large a part of the page's width: 10 mm on A4."""


def grey_of(image: _Picture) -> tuple[_Picture, _Picture]:
    """The grey of an RGB picture without its seals, and a mask (255) of where ink of a seal was taken away."""
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
    covered: _Picture = np.zeros(grey.shape, np.uint8)
    if min(grey.shape) < 40:
        return grey, covered
    # Colour is judged on a small picture: most pages have none and are done here.
    small = cv2.resize(image, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA).astype(np.int16)
    red, green, blue = small[..., 0], small[..., 1], small[..., 2]
    for channel, excess in ((0, red - np.maximum(green, blue)), (2, blue - np.maximum(red, green))):
        found = (excess > _COLOURED * 0.7).astype(np.uint8)
        if int(found.sum()) < 60:
            continue
        region = _seal_regions(found, grey.shape)
        if region is None:
            continue
        _take_channel(grey, covered, image, channel, region)
    return grey, covered


def _seal_regions(found: _Picture, shape: tuple[int, ...]) -> _Picture | None:
    """Where coloured ink lies in a patch as large and as compact as a seal, at full size; None if nowhere.

    A line of coloured text is wide and low and stays: it is text.
    """
    joined = cv2.morphologyEx(found, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    least = max(min(found.shape) * _LEAST, 12)
    region = np.zeros(found.shape, np.uint8)
    for x, y, width, height, area in stats[1:count]:
        if min(width, height) >= least and max(width, height) < 3 * min(width, height) and area > 0.04 * width * height:
            cv2.rectangle(region, (int(x) - 2, int(y) - 2), (int(x + width) + 2, int(y + height) + 2), 255, -1)
    if not region.any():
        return None
    return np.asarray(cv2.resize(region, (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST), np.uint8)


def _take_channel(grey: _Picture, covered: _Picture, image: _Picture, channel: int, region: _Picture) -> None:
    """Put the colour's own channel, stretched to the paper's white, in place of the grey in the region."""
    x, y, width, height = cv2.boundingRect(region)
    part = (slice(y, y + height), slice(x, x + width))
    inside = region[part] > 0
    own = image[part][..., channel].astype(np.float32)
    others = image[part].astype(np.float32)
    excess = own - np.delete(others, channel, axis=2).max(axis=2)
    stamped = (excess > _COLOURED * 0.5) & inside
    if not stamped.any():
        return
    paper = float(np.percentile(own[inside], 90))
    ink = float(np.percentile(own[stamped], 60))
    # The seal's own ink becomes white: what is much darker than it in its own channel is black text below it. Stretched
    # by more than a quarter, thin rulings below the seal would go with it.
    light = np.clip(own * min(paper / max(ink, 1.0), 1.25), 0, paper)
    near = cv2.dilate(stamped.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    target = grey[part]
    target[inside] = np.where(near, light, own)[inside].astype(np.uint8)
    covered[part][near & inside] = 255
