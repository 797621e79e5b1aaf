"""Merge tags of other mail tools, and their translation into ours."""
