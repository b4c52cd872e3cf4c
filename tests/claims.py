"""Which test settles which row of the seeds: read from the marks while a session collects."""

from pathlib import Path

TESTS = Path(__file__).parent


def may_pass(item):
    """Whether it runs and has to pass; an empty parametrisation has the mark of a skipped test.

    A skip that the test decides while it runs cannot be seen here.
    """
    conditions = [
        condition
        for mark in item.iter_markers("skipif")
        for condition in (*mark.args, mark.kwargs.get("condition"))
    ]
    return not (any(conditions) or any(item.iter_markers("skip")) or any(item.iter_markers("xfail")))


class Claims:
    """A pytest plugin: {row: names of the tests that carry its mark and run}, from the collected files."""

    def __init__(self):
        self.found = {}
        self.files = set()

    def pytest_pycollect_makemodule(self, module_path):
        self.files.add(module_path)

    def pytest_itemcollected(self, item):
        if not may_pass(item):
            return
        for mark in item.iter_markers("seed"):
            for row in mark.args:
                self.found.setdefault(row, []).append(item.nodeid)

    def of_all_tests(self, config):
        """Whether every file of the tests was collected, and none by the names of some of its tests.

        What `-k`, `-m` and `--deselect` leave out has been collected before.
        """
        whole = not any("::" in name for name in config.args)
        return whole and set(TESTS.rglob("test_*.py")) <= self.files
