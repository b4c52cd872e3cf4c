"""All agreements, in the order of the table, and the formulas that the library has no call for."""

from . import batch_norm, dropout, heads, layers, products, rbf, residual
from .agreement import Agreement

AGREEMENTS: tuple[Agreement, ...] = (
    *layers.AGREEMENTS,
    *rbf.AGREEMENTS,
    *residual.AGREEMENTS,
    *batch_norm.AGREEMENTS,
    *dropout.AGREEMENTS,
    *products.AGREEMENTS,
    *heads.AGREEMENTS,
)

WITHOUT_A_CALL = {
    "CE_residual": "a residual is of floats: the tests of curvature compare S rho with the row",
    "CE_smooth": "smoothed targets are soft targets, whose row is CE_soft",
    "CE_softmax": "targets that sum to 1 are a case of CE_soft",
    "CE_weighted": "weighted classes are soft targets, whose row is CE_soft",
    "J_elu": "one half of a function with a parameter: the activations' tests compare both with sympy",
    "J_leaky_relu": "one half of a function with a parameter: the activations' tests compare both with sympy",
    "J_softsign": "one half of an odd function: the activations' tests compare both with sympy",
    "L2": "penalties are not part of a loss",
    "L2_W": "penalties are not part of a loss",
    "L2_b": "penalties are not part of a loss",
    "MSE_cases": "a record reduces over the cases when it makes a gradient, as in batch_mean",
    "CE_mean": "a record reduces over the cases when it makes a gradient, as in batch_mean",
    "adjoint": "the adjoint identity of one layer, with the entries of J_Y_Z",
    "aug_row_0": "the bias is a vector of its own; as a row it is dialects.convert, which has its own tests",
    "drop_mean": "a mean over all masks: the layer's tests take it over masks that are drawn",
    "drop_spread": "a variance over all masks: the layer's tests take it over masks that are drawn",
    "norm_mean": "the mean of the batch is inside the layer: its derivative is a part of norm_J",
    "norm_spread": "the spread of the batch is inside the layer: its derivative is a part of norm_J",
    "aug_rows": "the bias is a vector of its own; as a row it is dialects.convert, which has its own tests",
}
