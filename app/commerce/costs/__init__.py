"""What customers cost us beside what they bring, and what they buy from competitors."""
