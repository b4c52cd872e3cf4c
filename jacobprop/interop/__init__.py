"""Networks that come from elsewhere: fitted by scikit-learn, or built of torch's modules."""

from .scikit_learn import from_sklearn
from .torch_networks import from_torch

__all__ = ["from_sklearn", "from_torch"]
