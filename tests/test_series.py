"""Numbered pictures as the pages of one document, and what it is called."""

from __future__ import annotations

import pytest

from pipeline.series import collect


def _collected(*names: str, root: str = "scans") -> dict[str, list[str]]:
    return {name: list(files) for name, files in collect((name, root, name) for name in names)}


def test_numbered_pictures_are_pages_in_the_order_of_their_numbers() -> None:
    assert _collected("a/IMG_10.jpg", "a/IMG_9.jpg", "a/IMG_11.jpg") == {
        "a": ["a/IMG_9.jpg", "a/IMG_10.jpg", "a/IMG_11.jpg"]
    }


@pytest.mark.parametrize(
    ("names", "called"),
    [
        (("1.png", "2.png"), "scans"),
        (("x/scan0001.tif", "x/scan0002.tif"), "x"),
        (("水务局 (1).jpg", "水务局 (2).jpg"), "水务局"),
        (("x/水务局-1.jpg", "x/水务局-2.jpg"), "x/水务局"),
        (("扫描件_01.PNG", "扫描件_02.PNG"), "scans"),
    ],
)
def test_a_series_is_called_by_what_its_names_share_or_by_its_folder(names: tuple[str, ...], called: str) -> None:
    assert list(_collected(*names)) == [called]


def test_what_is_no_series_stays_as_it_is() -> None:
    names = ["a/1.jpg", "b/2.jpg", "c/1.pdf", "c/2.pdf", "d/1.jpg", "d/01.jpg", "e/plan.png", "e/2.png"]
    assert _collected(*names) == {name: [name] for name in names}


def test_two_series_in_one_folder_are_two_documents() -> None:
    assert _collected("甲1.jpg", "乙1.jpg", "甲2.jpg", "乙2.jpg") == {
        "甲": ["甲1.jpg", "甲2.jpg"],
        "乙": ["乙1.jpg", "乙2.jpg"],
    }
