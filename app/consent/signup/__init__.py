"""Sign-up forms, double opt-in and their protection against abuse."""
