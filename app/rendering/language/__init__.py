"""The merge language: checker, program, code generator, fallback and filters."""
