"""The mathematical signs that the derivations are written with: in ASCII, and in LaTeX."""

SIGNS = {
    "∂": ("d", r"\partial "),
    "∇": ("grad", r"\nabla "),
    "Σ": ("sum", r"\sum "),
    "Π": ("prod", r"\Pi "),
    "α": ("alpha", r"\alpha "),
    "δ": ("d", r"\delta "),
    "·": (".", r"\cdot "),
    "•": ("o", r"\bullet "),
    "∘": ("o", r"\circ "),
    "×": ("x", r"\times "),
    "⊗": ("(x)", r"\otimes "),
    "⊕": ("(+)", r"\oplus "),
    "−": ("-", "-"),
    "≠": ("/=", r"\neq "),
    "≤": ("<=", r"\le "),
    "←": (":=", r"\gets "),
    "→": ("->", r"\to "),
    "²": ("^2", "^2"),
    "⁺": ("+", "^{+}"),
    "ᵀ": ("^T", r"^{\mathsf T}"),
    "½": ("1/2", r"\tfrac12 "),
    "Ĵ": ("J^", r"\hat J"),
    "ŷ": ("y^", r"\hat y"),
    "…": ("...", r"\dots "),
    "Δ": ("Delta", r"\Delta "),
    "Θ": ("Theta", r"\Theta "),
    "ε": ("eps", r"\varepsilon "),
    "η": ("eta", r"\eta "),
    "λ": ("lambda", r"\lambda "),
    "π": ("pi", r"\pi "),
    "ρ": ("rho", r"\rho "),
    "σ": ("sigma", r"\sigma "),
    "τ": ("tau", r"\tau "),
    "φ": ("phi", r"\varphi "),
    "ψ": ("psi", r"\psi "),
    "✓": ("+", r"\checkmark "),
    "✗": ("x", r"\times "),
}
ASCII = str.maketrans({sign: ascii_form for sign, (ascii_form, _) in SIGNS.items()})
LATEX = {sign: latex_form for sign, (_, latex_form) in SIGNS.items()}

GREEK = {
    **{name: rf"\{name} " for name in ("beta", "eta", "kappa", "lambda", "pi", "psi", "rho", "sigma", "tau")},
    **{name: rf"\{name} " for name in ("Theta", "Delta")},
    "eps": r"\varepsilon ",
    "phi": r"\varphi ",
    "delta": r"\mathrm{delta}",  # a letter δ with two indices is Kronecker's
}
"""Greek letters that are written as words."""

RELATIONS = {
    "<=": r"\le ",
    ">=": r"\ge ",
    "->": r"\to ",
    "<-": r"\gets ",
    "···": r"\cdots ",
    ".*": r"\mathbin{.*}",
}
"""Relations and operations that are written with several characters."""
