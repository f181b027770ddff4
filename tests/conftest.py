"""What every test shares: the rule about skips, and how far hypothesis goes."""

import os
from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings

from tests.figures import TRIALS, Figures
from tests.running import Server, running

# No deadline: two workers on two cores make one example's time mean nothing.
settings.register_profile("keystead", deadline=None, print_blob=True)
settings.register_profile("trials", settings.get_profile("keystead"), max_examples=2000)
settings.load_profile("trials" if os.environ.get("KEYSTEAD_TRIALS") else "keystead")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One running server for all tests of a process that leave others' things alone."""
    with running(tmp_path_factory.mktemp("server") / "data") as found:
        yield found


@pytest.fixture(scope="session")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The same with two workers."""
    with running(tmp_path_factory.mktemp("workers") / "data", "--workers", "2") as found:
        yield found


@pytest.fixture
def figures() -> Figures:
    """Where a trial writes what it measured; in an ordinary run, nowhere."""
    return Figures(TRIALS if os.environ.get("KEYSTEAD_TRIALS") else None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the trials out of an ordinary run: they are deselected, which is not a skip."""
    if os.environ.get("KEYSTEAD_TRIALS") or "trial" in str(config.getoption("markexpr")):
        return
    trials = [item for item in items if item.get_closest_marker("trial")]
    if trials:
        config.hook.pytest_deselected(items=trials)
        items[:] = [item for item in items if not item.get_closest_marker("trial")]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make a skip a failure where the environment says that every server must be there."""
    report = yield
    if not hasattr(report, "wasxfail"):
        _require(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole module that skips itself."""
    report = yield
    _require(report)
    return report


def _require(report: pytest.TestReport | pytest.CollectReport) -> None:
    if os.environ.get("KEYSTEAD_TEST_REQUIRE") == "all" and report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"KEYSTEAD_TEST_REQUIRE=all allows no skip: {reason}"
