"""The peers that tests drive the program against, and the program itself. The fixtures are in test/conftest.py."""
