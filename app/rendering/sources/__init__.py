"""The formats a mail is written in, and their conversion to HTML and text."""
