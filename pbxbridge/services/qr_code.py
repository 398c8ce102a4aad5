"""QR codes to put into a page (ISO/IEC 18004). Pure."""

from __future__ import annotations

import segno


def qr_code(uri: str) -> str:
    """Return a URI as a QR code: an SVG element without styles, so that a strict CSP shows it.

    Black on white with the margin that ISO/IEC 18004 asks for, also on a dark page: many apps do
    not read it the other way round.
    """
    code = segno.make(uri, error="m", micro=False)
    return code.svg_inline(
        scale=4, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None
    )
