"""What does an operator ask on the command line? Each command is a few lines around functions of rooms."""
