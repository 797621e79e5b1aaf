"""Files of relations: who is what to whom, who is at which organisation, and who lives together."""
