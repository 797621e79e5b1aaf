"""The application as a test meets it: other extensions, forms on its pages, a neighbouring workspace, partitions."""
