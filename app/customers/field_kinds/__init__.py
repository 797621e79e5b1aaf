"""What a workspace's own fields may hold: how each kind is read, kept, asked about in SQL, and written out again."""
