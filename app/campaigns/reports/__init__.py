"""What came of campaigns: results, rates with their denominators, and the list of all."""
