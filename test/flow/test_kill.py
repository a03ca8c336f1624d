"""Decision 6: a sender that is killed loses nobody, mails nobody twice, and leaves few uncertain ones."""
from harness.kill import account, kill_rounds, prepare


def test_kill_at_random_moments(placet, folder):
    """./dev soak kill does this at full size."""
    sink, number = prepare(placet, folder, 1500)
    try:
        killed = kill_rounds(placet, 8, 0.1, 0.7)
        print(account(placet, sink, number, 1500, killed))
    finally:
        sink.stop()
