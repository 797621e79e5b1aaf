"""The gateway: a request reaches Flask whole, within limits, on a thread that waits for nobody's network.

The web server (granian, RSGI) calls `Gateway` on an event loop. Requests are read there and answers are written there,
however slowly the other side reads or writes; only a complete request takes one of the threads.
"""
