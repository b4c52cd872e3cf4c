"""Training: what comes before it, gradient descent with all that it takes, and what to watch meanwhile.

before      split, MinMaxScaler, StandardScaler, one_hot, encode_targets, default_architecture, validate
descent     fit with schedules (StepDecay, ExponentialDecay, InverseTimeDecay, CosineDecay),
            optimizers (Momentum, Adam), l2, EarlyStopping, callbacks
going on    Fit.state: fit(..., state=run.state); run.state.save(path), TrainingState.load(path)
watching    Monitor, saturation_report, jacobian_norms, symmetric_units, check_gradients
padding     pad, Masked
"""

from ..histories import History
from .defaults import default_architecture
from .descent import Fit, fit
from .encoding import decode_targets, encode_targets, one_hot
from .gradient_check import GradientCheck, check_gradients, flatten, unflatten
from .masking import Masked
from .monitor import Monitor
from .norms import JacobianNorms, jacobian_norms
from .optimizers import Adam, Momentum, Optimizer
from .padding import Padded, pad
from .saturation import SaturationReport, saturation_report
from .scaling import MinMaxScaler, Scaling, StandardScaler
from .schedules import CosineDecay, ExponentialDecay, InverseTimeDecay, StepDecay
from .splitting import Split, split
from .state import TrainingState
from .stopping import EarlyStopping
from .symmetry import symmetric_units
from .validation import Finding, validate

__all__ = [
    "Adam",
    "CosineDecay",
    "EarlyStopping",
    "ExponentialDecay",
    "Finding",
    "Fit",
    "GradientCheck",
    "History",
    "InverseTimeDecay",
    "JacobianNorms",
    "Masked",
    "MinMaxScaler",
    "Momentum",
    "Monitor",
    "Optimizer",
    "Padded",
    "SaturationReport",
    "Scaling",
    "Split",
    "StandardScaler",
    "StepDecay",
    "TrainingState",
    "check_gradients",
    "decode_targets",
    "default_architecture",
    "encode_targets",
    "fit",
    "flatten",
    "jacobian_norms",
    "one_hot",
    "pad",
    "saturation_report",
    "split",
    "symmetric_units",
    "unflatten",
    "validate",
]
