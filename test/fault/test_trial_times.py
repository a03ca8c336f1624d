"""Times of a trial home are not for real ones."""
import pytest


@pytest.mark.parametrize("name,value", [("PLACET_SMTP_TIMEOUTS", "900,40"), ("PLACET_CLOCK", "+2h")])
def test_a_live_home_knows_one_time(placet, name, value):
    placet.init("--postmaster", "post@uni.example", trial=False)
    placet.run("mailing", "list", expect=4, env={name: value})


@pytest.mark.parametrize("value", ["900", "900,", ",40", "0,40", "900,40,1", "soon,40", "900,700000"])
def test_what_cannot_be_read_is_refused(placet, value):
    placet.init("--postmaster", "post@uni.example")
    placet.run("mailing", "list", expect=2, env={"PLACET_SMTP_TIMEOUTS": value})
    assert "two numbers of milliseconds" in placet.last.stderr
