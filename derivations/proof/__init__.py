"""What a derivation is, what its formulas mean, and how each equals sign is verified."""
