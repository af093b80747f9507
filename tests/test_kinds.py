"""What kind of file some bytes are: content first, the name only between what the content leaves open."""

from __future__ import annotations

import io
import zipfile

import pytest

from pipeline.ingest.kinds import Kind, kind_of

TYPES = (
    '<Types><Override PartName="/x" ContentType="application/vnd.openxmlformats-officedocument.{}.main+xml"/></Types>'
)
MHTML = (
    b"From: <Saved by WPS>\nSubject: =?gb2312?B?1/bM4g==?=\nMIME-Version: 1.0\n"
    b'Content-Type: multipart/related;\n\tboundary="x"\n\n'
)


def packed(**members: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr({"types": "[Content_Types].xml", "ofd": "OFD.xml"}.get(name, name), content)
    return out.getvalue()


DOCX = packed(types=TYPES.format("wordprocessingml.document"))
XLSX = packed(types=TYPES.format("spreadsheetml.sheet"))


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b"%PDF-1.7\n", "a.txt", Kind.PDF),
        (b"\r\n%PDF-1.4\n", "a.bin", Kind.PDF),
        ("报告附有 %PDF-1.4 文件".encode(), "a.txt", Kind.TEXT),
        (b"\xff\xd8\xff\xe0", "a.pdf", Kind.PICTURE),
        (b"II*\x00\x08", "a.jpg", Kind.TIFF),
        (b"\x28\xb5\x2f\xfd\x00", "a.zst", Kind.ZIP),
        (b"Rar!\x1a\x07\x01\x00", "a.zip", Kind.ZIP),
        (b"\x1f\x8b\x08\x00", "a.tar.gz", Kind.ZIP),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a.docx", Kind.LEGACY),
        (b"{\\rtf1\\ansi}", "a.doc", Kind.LEGACY),
        (DOCX, "a.doc", Kind.WORD),
        (DOCX, "a.xlsx", Kind.WORD),
        (XLSX, "a.xls", Kind.EXCEL),
        (packed(types=TYPES.format("presentationml.presentation")), "a.docx", Kind.OTHER),
        (packed(mimetype="application/vnd.oasis.opendocument.text"), "a.docx", Kind.LEGACY),
        (packed(ofd="<OFD/>"), "a.pdf", Kind.LEGACY),
        (packed(**{"word/a.txt": "x"}), "a.zip", Kind.ZIP),
        (packed(), "a.docx", Kind.ZIP),
        (b"<table><tr><td>1</td></tr></table>", "a.xls", Kind.HTML),
        (b"\xef\xbb\xbf<!DOCTYPE html><p>x", "a.txt", Kind.HTML),
        ("<html><body>表</body></html>".encode("utf-16"), "a.xls", Kind.HTML),
        (MHTML, "a.doc", Kind.HTML),
        ("<p>项目名称</p>\t河道".encode(), "a.txt", Kind.TEXT),
        ("<p>项目名称</p>".encode("gb18030"), "a", Kind.HTML),
        ("项目名称\t河道\n".encode("gb18030"), "a.xls", Kind.TEXT),
        (b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook/>', "a.xls", Kind.LEGACY),
        (b'<html xmlns:x="urn:schemas-microsoft-com:office:excel"><body><table>', "a.xls", Kind.HTML),
        (b"", "a.docx", Kind.TEXT),
        (b"MZ\x90\x00\x03\x00", "a.docx", Kind.OTHER),
    ],
)
def test_the_content_says_what_a_file_is(data: bytes, name: str, kind: Kind) -> None:
    assert kind_of(data, name) is kind


def test_a_document_that_is_cut_off_is_still_a_document() -> None:
    whole = packed(types=TYPES.format("wordprocessingml.document"), **{"word/document.xml": "x" * 4000})
    assert kind_of(whole[:3000], "a.docx") is Kind.WORD
