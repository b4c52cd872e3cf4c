"""What the derivations print."""
