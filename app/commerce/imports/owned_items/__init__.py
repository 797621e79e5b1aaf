"""Files of what customers own: which products or things, since when, with which warranties and contracts."""
