"""Values of what pages are built of: charts, states, and the samples of the style page."""
