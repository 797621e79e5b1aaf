"""Files that leave: what may be exported, as CSV, workbook or JSON Lines, made while they are downloaded."""
