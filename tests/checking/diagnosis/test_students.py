"""The corpus of mistakes holds one mistake each, and the right ones none."""

import dataclasses

import pytest

from tests.checking.diagnosis import students


@pytest.mark.parametrize("case", [*students.CASES, *students.PAIRS], ids=lambda case: case.name)
def test_the_code_holds_its_mistake_and_no_other(case):
    students.assert_one_mistake(case)


@pytest.mark.parametrize("case", students.RIGHT, ids=lambda case: case.name)
def test_the_right_ones_are_right(case):
    students.assert_right(case)


def test_a_mistake_without_effect_is_refused():
    idle = dataclasses.replace(students.CASES[0], mistakes=frozenset({"none at all"}))
    with pytest.raises(AssertionError, match="makes no difference"):
        students.assert_one_mistake(idle)


def test_a_code_with_another_mistake_is_refused():
    case = students.CASES[0]
    tainted = dataclasses.replace(case, code=lambda p, m: case.code(p, m | {"no f'1"}))
    with pytest.raises(AssertionError, match="wrong even without its mistake"):
        students.assert_one_mistake(tainted)
    with pytest.raises(AssertionError):
        students.assert_right(tainted)
