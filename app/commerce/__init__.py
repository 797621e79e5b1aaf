"""What do we sell, and what did they buy?

Orders come one by one from programs, or with files. The sums beside a customer are written by `customers`, which this
room tells what to add.
"""
