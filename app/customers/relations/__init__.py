"""Whom customers belong with: households, relatives, colleagues and referrals."""
