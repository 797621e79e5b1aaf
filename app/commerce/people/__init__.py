"""Which of our tables say something about a person, and what becomes of it when they are merged or erased?"""
