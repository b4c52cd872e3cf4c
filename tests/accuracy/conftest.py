"""Doctests are looked for in every module; those that make tables need python-flint to be imported."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("flint") else ["balls.py", "climbing.py", "generate.py"]
