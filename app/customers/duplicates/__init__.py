"""Which records are probably the same person? Compares people by what is known of them; joins nobody by itself."""
