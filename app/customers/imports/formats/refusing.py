"""The refusal of files that cannot be read, shared by whoever stores and unpacks them."""

from __future__ import annotations

from app.kernel.refusals import Refusal
from app.kernel.translatable import N_

PIECE = 1 << 20
# As much as one file may hold, compressed or unpacked.
LARGEST = 512 * PIECE


class FileRefused(Refusal):
    """The file is empty, too large, or not a table of text."""

    status = 422
    message = N_("This file cannot be read as a table.")
