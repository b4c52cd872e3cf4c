"""Which test settles which row of the seeds: read from the marks while a session collects."""

from pathlib import Path

TESTS = Path(__file__).parent


class Claims:
    """A pytest plugin: {row: names of the tests that carry its mark}, from the files that were collected."""

    def __init__(self):
        self.found = {}
        self.files = set()

    def pytest_pycollect_makemodule(self, module_path):
        self.files.add(module_path)

    def pytest_itemcollected(self, item):
        for mark in item.iter_markers("seed"):
            for row in mark.args:
                self.found.setdefault(row, []).append(item.nodeid)

    def of_all_tests(self, config):
        """Whether every file of the tests was collected, and none by the names of some of its tests.

        What `-k`, `-m` and `--deselect` leave out has been collected before.
        """
        whole = not any("::" in name for name in config.args)
        return whole and set(TESTS.rglob("test_*.py")) <= self.files
