"""The counterparts for a laptop: one process that speaks only HTTP and imports nothing of the platform.

Every answer follows from the seed, what the request says and what was told before; never from the order of
calls or the clock. Three exceptions, because they are the point: a webhook's age is judged by the clock, a
sign-in is random and short-lived, and the robots are people at work.
"""
