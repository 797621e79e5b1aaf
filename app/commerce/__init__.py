"""Commerce: what the company sells, and what customers ordered and sent back.

Orders come one by one from programs, or with files. The sums beside a customer are written by `customers`, which this
room tells what to add.
"""
