"""The pages of the brand kit and of images, and the address images are served at."""

from __future__ import annotations

from app.brands.views import files, images, kit
from app.brands.views.blueprint import bp

__all__ = ["bp", "files", "images", "kit"]
