"""Networks built by hand, exact on what they are built for: Boolean functions, regions, sums of bumps.

Boolean     table_network, dnf_network, expression_network, xor_network and its shortcut; parity three ways
regions     polygon_network, half_spaces_network, union_network, circle_network, circles_network
functions   pulse_network, pulse_sum_network, prism_sum_network, bump_network, falling_body_network
numbers     count_hidden_units, count_connections, depth_of, circle_profile, the error bounds
"""

from .boolean_networks import dnf_network, expression_network, table_network
from .boolean_terms import boolean_inputs, expression_terms, table_terms
from .bumps import bump_network
from .circle_sums import circles_network, fitted_heights
from .circles import circle_network, circle_profile, share_between
from .exclusive_or import xor_network, xor_shortcut_network, xor_without_bias_network
from .falling_body import falling_body_error_bound, falling_body_network
from .graph import count_connections, count_hidden_units, depth_of
from .parity import counting_parity_network, deep_parity_network, shallow_parity_network
from .polygons import half_spaces_network, polygon_network, union_network
from .prisms import cells_for, prism_error_bound, prism_sum_network
from .product import product_network
from .pulses import pulse_error_bound, pulse_network, pulse_sum_network

__all__ = [
    "boolean_inputs",
    "bump_network",
    "cells_for",
    "circle_network",
    "circle_profile",
    "circles_network",
    "count_connections",
    "count_hidden_units",
    "counting_parity_network",
    "deep_parity_network",
    "depth_of",
    "dnf_network",
    "expression_network",
    "expression_terms",
    "falling_body_error_bound",
    "falling_body_network",
    "fitted_heights",
    "half_spaces_network",
    "polygon_network",
    "prism_error_bound",
    "prism_sum_network",
    "product_network",
    "pulse_error_bound",
    "pulse_network",
    "pulse_sum_network",
    "shallow_parity_network",
    "share_between",
    "table_network",
    "table_terms",
    "union_network",
    "xor_network",
    "xor_shortcut_network",
    "xor_without_bias_network",
]
