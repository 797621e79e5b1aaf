"""What would come of a file: looked through as an import would read it, and nothing written."""
