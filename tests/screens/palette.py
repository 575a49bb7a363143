"""PNG pictures with a palette: a page has few colours, and a byte for each point is a third of three.

The browser itself reads the picture and counts its colours, as nothing here can; the file is written by hand
(PNG specification, third edition, chapters 5 and 11).
"""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

from playwright.async_api import Page

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DEPTH, _INDEXED = 8, 3
_READ = """async (data) => {
    const bytes = Uint8Array.from(atob(data), one => one.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], {type: "image/png"}));
    const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
    context.drawImage(image, 0, 0);
    const points = context.getImageData(0, 0, image.width, image.height).data;
    const seen = new Map();
    for (let at = 0; at < points.length; at += 4) {
        const colour = points[at] << 16 | points[at + 1] << 8 | points[at + 2];
        seen.set(colour, (seen.get(colour) || 0) + 1);
    }
    const kept = [...seen].sort((one, other) => other[1] - one[1]).slice(0, 256).map(one => one[0]);
    const far = (one, other) => [16, 8, 0].reduce(
        (sum, bits) => sum + ((one >> bits & 255) - (other >> bits & 255)) ** 2, 0);
    const place = new Map();
    for (const colour of seen.keys()) {
        let best = kept.indexOf(colour);
        if (best < 0) {
            best = 0;
            kept.forEach((one, at) => { if (far(one, colour) < far(kept[best], colour)) best = at; });
        }
        place.set(colour, best);
    }
    let indices = "";
    for (let at = 0; at < points.length; at += 4)
        indices += String.fromCharCode(place.get(points[at] << 16 | points[at + 1] << 8 | points[at + 2]));
    return {width: image.width, height: image.height, palette: kept, indices: btoa(indices)};
}"""


async def reduced(page: Page, picture: bytes) -> bytes:
    """The same picture in at most 256 colours. `page` is an empty one, to think in."""
    found: dict[str, Any] = await page.evaluate(_READ, base64.b64encode(picture).decode())
    width, height = found["width"], found["height"]
    indices = base64.b64decode(found["indices"])
    rows = b"".join(b"\0" + indices[at : at + width] for at in range(0, width * height, width))
    return b"".join(
        (
            _SIGNATURE,
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, _DEPTH, _INDEXED, 0, 0, 0)),
            _chunk(b"PLTE", b"".join(colour.to_bytes(3, "big") for colour in found["palette"])),
            _chunk(b"IDAT", zlib.compress(rows, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
