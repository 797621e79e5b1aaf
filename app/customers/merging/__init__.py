"""Are two of our customers one person? Makes one of them, keeps the way back, and lets the old number lead on."""
