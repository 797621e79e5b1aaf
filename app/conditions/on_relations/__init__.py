"""Conditions on whom somebody belongs with: organisations and referrals."""
