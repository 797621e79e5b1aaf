"""What every request and response passes: conflicts, characters, compression, CSRF, security headers."""
