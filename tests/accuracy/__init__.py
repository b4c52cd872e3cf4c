"""How accurate every activation, derivative, softmax, Jacobian and loss row is, against certified values.

The tables
----------
``tables/*.npz`` hold points and true values, made by python-flint (the extra ``dev``)::

    python -m tests.accuracy generate     # 5 seconds; the same bytes again, whatever the machine
    python -m tests.accuracy climb        # looks for hard points anew: a minute and a half

A reference is the midpoint of a ball that surely holds the true value. It is accepted only when both ends
of the ball round to the same float64, and to the same rest in units of 2^-16 ulp; until they do, the
precision is doubled, from 128 bits to 16,384. Two cases need no unique side: a ball far below the
smallest subnormal number is 0, and one that is narrower than 2^-8000 counts as its middle. `formulas`
says what is computed, `balls` when it is accepted, `points` where.

The hard points (``hard.npz``) were found by hill climbing: from 150 random starts in 60 ever smaller steps
towards a larger error in ulp, of the library's own code and of the textbook form. Where these summits lie
depends on the exp and tanh of the machine that climbed, so they are kept as an input of `generate`.

The tests
---------
test_tables   the promised ulp at every certified point, through both doors; limits; the tables themselves
test_sweeps   all of float16, 1 % of float32 and points of float64 that are new on each run
test_suite    ``python -m benchmarks accuracy``, which reads the same tables and needs no python-flint

float32 and float16 are held against `witnesses`, other forms in float64 than the kernels' own, which the
tables certify to 2^-21 ulp of float32. All 2^32 float32, activation by activation::

    python -m tests.accuracy --exhaustive [names] [--part 0.1]

`textbook` has the usual forms. Each of them is fed to the same comparison, and fails.
"""
