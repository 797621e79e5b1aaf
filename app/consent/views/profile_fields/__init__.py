"""Profile fields on pages: staff choose them, customers are asked for them and correct what is kept."""

from app.consent.views.profile_fields import choosing

__all__ = ["choosing"]
