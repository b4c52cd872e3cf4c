"""The long run refuses what would try nothing, and call it good."""

import pytest

from . import __main__ as long_run


@pytest.mark.parametrize("option", ["--examples", "--cores"])
@pytest.mark.parametrize("count", ["0", "-5", "many"])
def test_a_run_of_nothing_is_refused(option, count, capsys):
    with pytest.raises(SystemExit) as stopped:
        long_run.main([option, count, "--door", "plan", "--once"])
    assert stopped.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"argument {option}: " in err
    assert ("at least 1" in err) == (count != "many")
