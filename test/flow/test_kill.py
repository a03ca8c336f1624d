"""Decision 6: a sender that is killed loses nobody, mails nobody twice, and leaves few uncertain ones."""
from harness.kill import account, kill_rounds, kill_senders, prepare
from harness.placet import Placet


def test_kill_at_random_moments(placet, folder):
    """./dev soak kill does this at full size."""
    sink, number = prepare(placet, folder, 1500)
    try:
        killed = kill_rounds(placet, 8, 0.1, 0.7)
        print(account(placet, sink, number, 1500, killed))
    finally:
        sink.stop()


def test_two_senders_are_killed(postgres, folder):
    """./dev soak senders does this at full size."""
    placet = Placet(folder, postgres.database(next(postgres.names)))
    sink, number = prepare(placet, folder, 1500)
    try:
        killed = kill_senders(placet, 10, 0.2, 0.8, ["--connections", 5])
        print(account(placet, sink, number, 1500, killed, connections=5))
    finally:
        sink.stop()
