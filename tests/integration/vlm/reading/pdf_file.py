"""PDFs written by hand, since nobody else writes what a hostile one has."""

from __future__ import annotations

import io

from PIL import Image


def pdf_of_pictures(pages: list[Image.Image]) -> bytes:
    """A page for each picture, at 150 pixels an inch."""
    stream = io.BytesIO()
    first, *others = (page.convert("RGB") for page in pages)
    first.save(stream, "PDF", save_all=True, append_images=others, resolution=150)
    return stream.getvalue()


def pdf_of_text(content: str, *, trailer: str = "", objects: tuple[str, ...] = ()) -> bytes:
    """One page of A4 with a content stream in Helvetica (`/F`).

    Args:
        trailer: what its dictionary has beside the root.
        objects: more of them, numbered from 6.
    """
    body = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        (
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
            "/Resources<</Font<</F 5 0 R>>>>>>"
        ),
        f"<</Length {len(content)}>>stream\n{content}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        *objects,
    ]
    told, places = "%PDF-1.4\n", []
    for number, one in enumerate(body, 1):
        places.append(len(told))
        told += f"{number} 0 obj{one}endobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size, start = len(body) + 1, len(told)
    told += f"xref\n0 {size}\n0000000000 65535 f \n{table}"
    told += f"trailer<</Size {size}/Root 1 0 R{trailer}>>\nstartxref\n{start}\n%%EOF"
    return told.encode("latin-1")


def written(
    text: str, at: tuple[int, int], *, mode: int = 0, grey: float = 0, size: int = 20
) -> str:
    """Operators that write a text; mode 3 shows nothing (ISO 32000-1, 9.3.6)."""
    return f"BT /F {size} Tf {mode} Tr {grey} g {at[0]} {at[1]} Td ({text}) Tj ET\n"


def locked_pdf() -> bytes:
    """Encrypted (V 1, R 2) for a password that nobody knows."""
    secret = "5a" * 32
    lock = f"<</Filter/Standard/V 1/R 2/O<{secret}>/U<{secret}>/P -44>>"
    ids = f"/Encrypt 6 0 R/ID[<{'11' * 16}><{'11' * 16}>]"
    return pdf_of_text(written("Secret", (50, 700)), trailer=ids, objects=(lock,))
