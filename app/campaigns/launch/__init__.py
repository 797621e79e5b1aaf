"""How a draft becomes sends: its audience, readiness and split, the schedule, and the launch itself."""
