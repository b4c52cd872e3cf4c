"""What each amount of structure is worth, measured: competing routes to the same answer, side by side.

``python -m benchmarks`` from the root of a checkout: correctness first, then paired timing.
"""
