"""Which records are probably the same person? Compares what is known of people; staff merge them or tell them apart."""
