"""Values of JSON that comes from outside, as far as a database can hold them."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

# NUL, and halves of surrogate pairs.
UNSTORABLE = re.compile("[\\x00\\ud800-\\udfff]")


def storable(text: str) -> str:
    """Refuse what no database can hold: raise ValueError."""
    if UNSTORABLE.search(text):
        raise ValueError("must not hold NUL or half a character")
    return text


Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Number = Annotated[int, Field(ge=-(2**53), le=2**53)] | Annotated[float, Field(allow_inf_nan=False)]
