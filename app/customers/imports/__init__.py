"""Imports: a file becomes customers, or what a room above keeps of them; nothing is lost, guessed or done twice.

A file is stored in pieces, read as a stream, checked row by row, copied into a temporary table and taken over set by
set, fifty thousand rows a transaction. The position moves with the rows, so a killed import goes on exactly
where it was.
"""
