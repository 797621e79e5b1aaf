"""What an uploaded file may be besides CSV: a workbook, JSON Lines, or one of them compressed."""
