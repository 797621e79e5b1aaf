"""Files of activities: what customers did, as another program recorded it."""
