"""Making files: `make_file`, and documents in bulk with their gold records."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from samples.files.made import MadeFile, TruePage, true_page
from samples.files.story import Story, defects_of_kind, tell

__all__ = ["PICTURES", "make_file", "planted"]

PICTURES = ("scan", "bad-scan", "photo")
"""Kinds that are recognised."""
_SUFFIXES = {"pdf": "pdf", "docx": "docx", "xlsx": "xlsx", "html": "html"}


def make_file(
    seed: int,
    kind: str,
    *,
    forms: int = 1,
    defects: Mapping[int, str] | None = None,
    name: str | None = None,
    rows: int | None = None,
    template: str | None = None,
) -> MadeFile:
    """Make a document of that kind with that many forms; the same arguments always give the same file.

    `defects` maps places of forms (from 0) to one of `defects_of_kind(kind)`, `name` is the file's name without suffix,
    `rows` (3 to 24) and `template` choose what the forms look like. Raises ValueError for what cannot be. Fonts differ
    between machines, and with them the bytes of printed pages, but never the records.
    """
    allowed = defects_of_kind(kind)
    for place, defect in (defects or {}).items():
        if defect not in allowed or not 0 <= place < forms:
            raise ValueError(f"no defect {defect} in form {place} of a {kind}: choose one of {', '.join(allowed)}")
    stem = name or f"{kind}-{seed}"
    if kind == "zip":
        from samples.files.archive import make_archive

        return make_archive(seed, stem, forms=forms, defects=defects or {})
    story = tell(seed, kind, forms=forms, defects=defects or {}, rows=rows, template=template)
    if kind == "pdf":
        made = _pdf(seed, stem, story)
    elif kind in PICTURES:
        made = _pictures(seed, stem, story, kind)
    else:
        made = MadeFile(
            f"{stem}.{_SUFFIXES[kind]}", kind, [(f"{stem}.{_SUFFIXES[kind]}", _written(seed, story, kind))], []
        )
    made.forms = story.forms
    for form in made.forms:
        form.document = made.name
    return made


def planted(rng: Random, kind: str, forms: int, share: float) -> dict[int, str]:
    """Defects for that share of the forms of a document."""
    return {place: rng.choice(defects_of_kind(kind)) for place in range(forms) if rng.random() < share}


def _written(seed: int, story: Story, kind: str) -> bytes:
    if kind == "docx":
        from samples.files.word import docx_bytes

        return docx_bytes(seed, story)
    if kind == "xlsx":
        from samples.files.workbook import xlsx_bytes

        return xlsx_bytes(seed, story)
    from samples.files.web import html_bytes

    return html_bytes(seed, story)


def _pdf(seed: int, stem: str, story: Story) -> MadeFile:
    from samples.files.paper import print_story
    from samples.files.pdf import pdf_bytes

    printed = print_story(story, seed, embedded=True)
    data, _ = pdf_bytes(printed, Random(f"pdf {seed}"))
    pages = [true_page(page, n, None, page.width, page.height) for n, page in enumerate(printed.pages, 1)]
    return MadeFile(f"{stem}.pdf", "pdf", [(f"{stem}.pdf", data)], [], pages)


def _pictures(seed: int, stem: str, story: Story, kind: str) -> MadeFile:
    from samples.files import pictures as p
    from samples.files.paper import print_story

    rng = Random(f"{kind} {seed}")
    printed = print_story(story, seed, embedded=False)
    taken = p.render(printed, 200 if kind != "photo" else 220)
    if kind == "bad-scan":
        body = story.forms[0].record["implementing_unit"] or story.title
        seal = p.seal_of(printed, body, 200) if rng.random() < 0.4 else None
        spots = [_seal_spot(rng, page.width, page.height) for page in printed.pages]
        stamped = rng.randrange(len(taken))
        taken = [
            p.scan_badly(rng, picture, seal if n == stamped or rng.random() < 0.3 else None, spots[n])
            for n, picture in enumerate(taken)
        ]
    elif kind == "photo":
        taken = [p.photograph(rng, picture) for picture in taken]
    pages: list[TruePage] = []
    for n, (page, picture) in enumerate(zip(printed.pages, taken, strict=True), 1):
        height, width = picture.pixels.shape[:2]
        pages.append(true_page(page, n, picture.matrix, width, height))
    way = rng.random()
    if kind == "scan" and way < 0.25:
        files = [(f"{stem}.tif", p.as_tiff(taken))]
    elif kind == "scan" and way < 0.5:
        files = _numbered(stem, [p.as_png(picture) for picture in taken], "png")
    elif kind == "photo" or (kind == "bad-scan" and way < 0.4):
        files = _numbered(stem, [p.as_jpeg(picture, 60 if kind == "bad-scan" else 85) for picture in taken], "jpg")
    else:
        files = [(f"{stem}.pdf", p.as_pdf(taken, 60 if kind == "bad-scan" else 90))]
    return MadeFile(files[0][0] if len(files) == 1 else stem, kind, files, [], pages)


def _numbered(stem: str, pictures: list[bytes], suffix: str) -> list[tuple[str, bytes]]:
    """One file called like the document, or several as a camera calls them."""
    if len(pictures) == 1:
        return [(f"{stem}.{suffix}", pictures[0])]
    return [(f"IMG_{n:03d}.{suffix}", data) for n, data in enumerate(pictures, 1)]


def _seal_spot(rng: Random, width: float, height: float) -> tuple[float, float]:
    """Where a seal is set: on the name of the body at the head, or on the signature further down."""
    return rng.uniform(0.25, 0.8) * width, rng.choice((rng.uniform(0.12, 0.25), rng.uniform(0.55, 0.85))) * height
