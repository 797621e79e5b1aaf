"""The kinds of journey steps, one file a kind: what a step holds, what is checked, and what happens at it."""
