"""Presentation: the chain as tables, text, LaTeX and pictures. It computes nothing."""
