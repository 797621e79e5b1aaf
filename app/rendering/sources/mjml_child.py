"""The program that turns MJML into HTML in a process of its own, run by `mjml_mail` through the kernel's sandbox.

The renderer is written in another language and recurses with its input: what overflows its stack ends a process.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # Started by its path, it does not know where our packages are.
    sys.path[0:0] = [str(Path(__file__).resolve().parents[3])]

import mrml

from app.kernel.processes import sandbox

DONE, REFUSED, BROKEN = b"d", b"r", b"b"
_OPTIONS = mrml.RenderOptions(fonts={})


def answer(request: bytes) -> bytes:
    """Return the HTML, the renderer's reason against it, or that it gave up; the first octet says which."""
    try:
        return DONE + mrml.to_html(request.decode(), render_options=_OPTIONS).content.encode()
    except OSError as error:
        return REFUSED + str(error).encode()
    except BaseException:  # noqa: BLE001 - the renderer's panics are no Exception
        return BROKEN


if __name__ == "__main__":
    sandbox.serve(answer)
