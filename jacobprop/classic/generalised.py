"""The generalised delta rule: all three factors, which makes it the gradient.

dw_i = learning_rate (d - y) f'(z) x_i: J_N^L, J_Sum^Z and J_W^Z are all kept, and dW = -rate dL/dW.

L is half the squared error. The slide calls this "exactly backpropagation in multilayer nets if f(z) is the
entire network between z and y", which holds for one output. With several, what stands for f' is the Jacobian
J_z^y of that network, and the sum runs over the outputs (E-50): dw_ij = rate x_i sum_k (d_k - y_k) dy_k/dz_j.
So it is here: ``layer=`` names the layer that learns, and the layers above it are f.

The slides write delta = d - y here and delta = dL/dz for backpropagation, of opposite sign (E-17).

Examples
--------
>>> from jacobprop import Dense, Network, SquaredError
>>> net = Network([Dense(2, 3, "tanh"), Dense(3, 2, "sigmoid")], SquaredError())
>>> x, d = [1.0, -2.0], [1.0, 0.0]
>>> moved = GENERALISED_DELTA.update(net, x, d, learning_rate=0.5, layer=1).parameters["W1"]
>>> gradient = net.forward(x, d).gradients()["W1"]
>>> bool(abs(moved - net.parameters["W1"] + 0.5 * gradient).max() < 1e-15)
True

Source: seed rows D-25, H-44, S-14, E-17, E-50.
"""

from .learning_rule import LearningRule
from .widrow_hoff import difference

GENERALISED_DELTA = LearningRule(
    "generalised delta",
    error=difference,
    fates=(
        "kept: y - d",
        "kept: f'(z), or the Jacobian of all that lies between z and the output",
        "kept: I (x) x",
    ),
)
"""dw_i = learning_rate (d - y) f'(z) x_i."""
