"""Child processes: embedded servers, supervision and sandboxes."""
