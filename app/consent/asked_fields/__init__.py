"""Which profile fields sign-up forms and the preference page ask for, what was answered, and what is still unknown."""
