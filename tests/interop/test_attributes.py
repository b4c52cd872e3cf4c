"""Attributes of objects that refuse, lie or are something else."""

import pytest

from jacobprop.errors import ShapeError
from jacobprop.interop.attributes import attribute, defined_in, is_a, located, text


class Refusing:
    """Every attribute raises."""

    def __getattribute__(self, name):
        raise RuntimeError(name)


class Base:
    def forward(self):
        """Here."""


class Kept(Base):
    pass


class Changed(Base):
    def forward(self):
        """And here."""


def test_an_attribute_is_read_or_is_the_default():
    assert attribute(3 + 4j, "imag") == 4
    assert attribute(3, "absent") is None
    assert attribute(Refusing(), "anything", "default") == "default"


def test_text_is_text_or_empty():
    assert text(Base, "__name__") == "Base"
    assert text(3 + 4j, "imag") == ""
    assert text(Refusing(), "anything") == ""


def test_the_type_decides_and_the_object_is_not_asked():
    assert is_a("x", str)
    assert is_a(Kept(), Base)
    assert not is_a(Refusing(), Base)
    with pytest.raises(RuntimeError):
        isinstance(Refusing(), Base)


def test_a_method_belongs_to_the_class_that_defines_it():
    here = Base.__module__
    assert defined_in(Base(), "forward") == (here, "Base")
    assert defined_in(Kept(), "forward") == (here, "Base")
    assert defined_in(Changed(), "forward") == (here, "Changed")
    patched = Base()
    patched.forward = print
    for without in (patched, Base, 3, Refusing()):
        assert defined_in(without, "forward") == ("", "")


@pytest.mark.parametrize(("inner", "outer"), [("Dense", "module '0': Dense"), ("", "module '0'")])
def test_an_error_says_first_where_in_the_object(inner, outer):
    with pytest.raises(ShapeError) as caught, located("module '0'"):
        raise ShapeError("W must be a matrix", where=inner)
    assert caught.value.where == outer
    with pytest.raises(KeyError), located("module '0'"):  # of anybody else: as it is
        raise KeyError("x")
