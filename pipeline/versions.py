"""Versions of what computes: hashes of the source files concerned, not numbers somebody must remember to raise.

The files concerned are found by following the imports of our own packages from the module that computes, so a version
changes exactly when code it can reach changes. Checks and settling are reached from none of them: they are re-run for
nothing and no stored reading depends on them.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipeline.forms import FormType
from pipeline.store.rows import Placed

__all__ = [
    "Versions",
    "current_versions",
    "import_statements",
    "ingest_version",
    "reader_version",
    "reading_keys",
    "segment_version",
]

_ROOT = Path(__file__).resolve().parent.parent
_OWN = ("pipeline", "schemas", "prompts")
_ASKED = frozenset({"llm"})
"""Readers that ask a model."""
_LENGTH = 16
"""Hexadecimal digits of a version: 64 bits tell the versions of one store apart."""
_KEY_LENGTH = 32
"""Hexadecimal digits of a reading's key: there may be millions."""


@dataclass(frozen=True)
class Versions:
    """The versions a command computes with. Picklable: the executor's workers get it.

    `segmentation` covers every form type, since each decides where the others' sections end; `segment` and `reader`
    hold what a reading of one form type depends on, the latter by (reader, form type). `settling` is of rules and
    checks: no reading depends on it, and the index of the queue does.
    """

    ingest: str
    segmentation: str
    segment: Mapping[str, str]
    reader: Mapping[tuple[str, str], str]
    settling: str = ""

    @property
    def basis(self) -> str:
        """A hash of all of them: what settles by the same basis, with the same decisions, settles the same."""
        parts = [self.ingest, self.segmentation, self.settling]
        parts += [f"{reader} {name} {version}" for (reader, name), version in sorted(self.reader.items())]
        return _digest((part.encode() for part in parts), _KEY_LENGTH)


def current_versions(
    form_types: Sequence[FormType], readers: Iterable[str], question: Callable[[FormType], str] | None = None
) -> Versions:
    """The versions of the installed code for these form types and readers.

    `question` says what a reading depends on, beside code, where a model is asked: prompt, schema, parameters.
    """
    segment = {form_type.name: segment_version(form_type) for form_type in form_types}
    asked = question or (lambda form_type: "")
    return Versions(
        ingest=ingest_version(),
        segmentation=_digest(f"{name}={segment[name]}".encode() for name in sorted(segment)),
        segment=segment,
        reader={
            (name, form_type.name): reader_version(name, form_type, asked(form_type) if name in _ASKED else "")
            for name in readers
            for form_type in form_types
        },
        settling=_sources_digest("pipeline.dossier", *(f"schemas.{form_type.name}" for form_type in form_types)),
    )


def reading_keys(placed: Placed, ingest: str, versions: Versions, readers: Sequence[str]) -> list[str]:
    """Keys of the readings of a section, one a reader: the same content read by the same code has the same key.

    `ingest` is the version that made the document. There are none for other text, which nothing reads, and
    for a form type that is not known any more.
    """
    form_type = placed.section.form_type
    if form_type is None:
        return []
    if form_type not in versions.segment:
        return []
    segment = versions.segment[form_type]
    return [
        _digest(
            (
                part.encode()
                for part in (placed.digest, form_type, ingest, segment, reader, versions.reader[reader, form_type])
            ),
            _KEY_LENGTH,
        )
        for reader in readers
    ]


def ingest_version() -> str:
    """Version of making cells out of bytes."""
    return _sources_digest("pipeline.ingest")


def segment_version(form_type: FormType) -> str:
    """Version of finding the sections of a form type: the segmenter and the form type's vocabulary."""
    return _sources_digest("pipeline.segment", _vocabulary_module(form_type))


def reader_version(reader: str, form_type: FormType, question: str = "") -> str:
    """Version of a reader for a form type: the reader's code, the vocabulary, and the leaves it is asked for.

    For a reader that asks a model it is that of the code that understands answers, and of the question.
    """
    leaves = "\n".join(f"{path} {kind}" for path, kind in form_type.leaves.items())
    sources = _sources_digest(f"pipeline.readers.{reader}", _vocabulary_module(form_type))
    return _digest([sources.encode(), leaves.encode(), *([question.encode()] if question else [])])


def _vocabulary_module(form_type: FormType) -> str:
    return f"schemas.{form_type.name}.labels"


@cache
def _sources_digest(*modules: str) -> str:
    reached: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        path = _source_file(module)
        if path is not None and module not in reached:
            reached[module] = path
            waiting.extend(_own_imports(module, path))
    return _digest(part for module in sorted(reached) for part in (module.encode(), _source(reached[module])))


@cache
def _source(path: Path) -> bytes:
    """Source of a file, with the line ends that git may have changed made equal."""
    return path.read_bytes().replace(b"\r\n", b"\n")


def _source_file(module: str) -> Path | None:
    """Where one of our modules or packages has its source; None for what is no module of ours."""
    if module.split(".", 1)[0] not in _OWN:
        return None
    base = _ROOT.joinpath(*module.split("."))
    for path in (base.with_name(base.name + ".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


@cache
def _own_imports(module: str, path: Path) -> frozenset[str]:
    """What a file imports, by full names; names in a module are among them, and the caller drops those."""
    return frozenset(_imports(module, path))


_IMPORT = re.compile(r"^[ \t]*((?:from|import)[ \t][^\n(]*(?:\([^)]*\))?[^\n]*)", re.MULTILINE)
"""An import statement, wherever it stands. Parsing these alone takes a tenth of the time of parsing the files."""


def _imports(module: str, path: Path) -> Iterator[str]:
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in import_statements(_source(path).decode()):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parent = package.rsplit(".", node.level - 1)[0] if node.level > 1 else package
                base = f"{parent}.{base}" if base else parent
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def import_statements(source: str) -> Iterator[ast.stmt]:
    """Every import statement of a source, wherever it stands."""
    for found in _IMPORT.finditer(source):
        try:
            yield from ast.parse(found[1]).body
        except SyntaxError:
            continue  # a sentence that begins with one of these words


def _digest(parts: Iterable[bytes], length: int = _LENGTH) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[:length]
