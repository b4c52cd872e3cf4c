"""Hostile input through every public function: the outcome is a right answer or one of our errors.

A door is a function of the library together with what may be handed to it. Trying a door draws arguments,
calls it under warnings as errors and ``np.errstate(all="raise")``, and compares what comes out with a
reference of another make. What counts as a failure: an exception that is not a ``JacobpropError``, a wrong
number, an argument that was changed, a warning, a refusal of what is right or an answer to what is wrong.

``test_doors.py`` tries each door a few times; ``python -m tests.hostile`` is the long run.
"""
