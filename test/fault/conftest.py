"""Homes for tests of faults: one for many cases, since making one takes longer than a case."""
import pytest

from harness.placet import Placet
from home import FaultHome


@pytest.fixture(scope="module")
def make_faults(request, tmp_path_factory):
    """make_faults(engine, {case: how many people}): a FaultHome, ended with the module's tests."""
    made = []

    def make(engine, cases):
        folder, database = tmp_path_factory.mktemp("faults"), None
        if engine == "postgresql":
            server = request.getfixturevalue("postgres")
            database = server.database(next(server.names))
        made.append(Placet(folder, database))
        return FaultHome(made[-1], folder, cases)
    yield make
    for placet in made:
        placet.stop_all()
