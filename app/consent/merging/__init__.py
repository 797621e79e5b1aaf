"""What do two people who become one allow? The stricter of both; and each their own answer when they are two again."""
