"""Payloads: documents and readings survive them, and a reading depends on nothing but its section."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.codec import decode_document, decode_reading, encode_document, encode_reading, section_digest
from pipeline.ingest import ingest
from pipeline.reading import Claim, Doubt, Part, Reading, Ref, RefKind
from pipeline.source import Box, Cell, Document, Layout, Origin, Section, SectionKind, Span
from pipeline.work import installed_engine
from samples.generate import SHAPES, make_document


def _cells() -> st.SearchStrategy[list[Cell]]:
    @st.composite
    def cells(draw: st.DrawFn) -> list[Cell]:
        out: list[Cell] = []
        at = row = 0
        page = 1
        for number in range(draw(st.integers(0, 12))):
            at += draw(st.integers(0, 3))
            length = draw(st.integers(0, 5))
            row += draw(st.integers(0, 2))
            page += draw(st.integers(0, 1))
            own = draw(st.booleans())
            box = Box(1.5, 2.0, 3.0, 4.25, "points") if draw(st.booleans()) else None
            out.append(
                Cell(
                    number + 1,
                    draw(st.text(max_size=5)) if own else _TEXT[at : at + length],
                    Span(at, at + length),
                    row,
                    draw(st.integers(0, 9)),
                    draw(st.sampled_from(Layout)),
                    page,
                    draw(st.integers(1, 3)),
                    draw(st.integers(1, 3)),
                    box,
                    draw(st.none() | st.floats(0, 1)),
                )
            )
            at += length
        return out

    return cells()


_TEXT = "项目名称\t某某经费 12.50万元\r\n\udc80—\x00" * 5


@settings(suppress_health_check=[HealthCheck.too_slow])  # its tables of characters are made at the first use
@given(_cells())
def test_document_survives_its_payload(cells: list[Cell]) -> None:
    document = Document("a", "b", "c", Origin.RECOGNISED, _TEXT, tuple(cells))
    assert decode_document(encode_document(document), name="a", source="b", sha256="c") == document


_REFS = st.builds(
    lambda kind, parts, keyed: Ref(kind, keyed=keyed) if kind is RefKind.KEYED else Ref(kind, tuple(parts)),
    st.sampled_from(RefKind),
    st.lists(st.builds(Part, st.integers(11, 90), st.integers(0, 9), st.integers(0, 9)), max_size=3),
    st.text(max_size=4),
)


@given(
    st.dictionaries(st.text(max_size=8), _REFS, max_size=6),
    st.lists(st.builds(Doubt, st.text(max_size=4), st.text(max_size=4), st.text(max_size=4)), max_size=2),
    st.lists(st.builds(Claim, st.builds(Part, st.integers(11, 90), st.integers(0, 9), st.integers(0, 9)), st.text())),
    st.dictionaries(st.text(max_size=3), _REFS, max_size=2),
)
def test_reading_survives_its_payload(
    leaves: dict[str, Ref], doubts: list[Doubt], claims: list[Claim], extra: dict[str, Ref]
) -> None:
    reading = Reading("table", "national", 3, leaves, tuple(doubts), tuple(claims), ((0, 2),), extra)
    section = Section(SectionKind.FORM, "x", 1, Span(0, 9), 10, 90)
    again = decode_reading(encode_reading(reading, section), section)
    assert again == reading
    assert list(again.leaves) == list(leaves)


def test_reading_of_a_moved_section_is_the_reading_moved() -> None:
    reading = Reading("table", "national", 1, {"title": Ref(RefKind.AT, (Part(11, 0, 4),))})
    here = Section(SectionKind.FORM, "x", 1, Span(0, 9), 10, 20)
    there = Section(SectionKind.FORM, "x", 2, Span(50, 59), 110, 120)
    assert decode_reading(encode_reading(reading, here), there).leaves["title"].parts == (Part(111, 0, 4),)


@pytest.mark.parametrize("shape", SHAPES)
def test_reader_looks_at_nothing_but_its_section(shape: str) -> None:
    """Readings are kept by the content of their section, so a reader must not look around."""
    engine = installed_engine()
    document = ingest("a.txt", "a.txt", [make_document(7, 3, shape, prose_in_front=True).text.encode()])
    [form_type] = engine.form_types
    forms = [section for section in engine.segment(document, engine.form_types) if section.form_type]
    assert len(forms) == 3
    for section in forms:
        alone, only = _cut(document, section)
        assert section_digest(alone, only) == section_digest(document, section)
        read = engine.readers["table"]
        there = encode_reading(read(document, section, form_type), section)
        assert encode_reading(read(alone, only, form_type), only) == there


def _cut(document: Document, section: Section) -> tuple[Document, Section]:
    """A document that holds nothing but the section."""
    start, end = section.span
    first = section.cells(document)[0]
    cells = tuple(
        replace(
            cell,
            id=number,
            span=Span(cell.span.start - start, cell.span.end - start),
            row=cell.row - first.row,
            page=cell.page - first.page,
        )
        for number, cell in enumerate(section.cells(document), 1)
    )
    alone = Document("other", "other", "0" * 64, document.origin, document.text[start:end], cells)
    return alone, Section(section.kind, section.form_type, 1, Span(0, end - start), 0, len(cells))
