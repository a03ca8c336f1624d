"""Behind the program's back: what a test changes or looks at in the database itself."""
import sqlite3
import subprocess


def change(placet, statement, seconds=60):
    """Runs one statement, on either engine. Nothing of the program may be writing. Returns what psql or SQLite says."""
    if placet.database:
        done = subprocess.run(["psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-c", statement, placet.database], check=True,
                              capture_output=True, text=True, timeout=seconds)
        return [tuple(line.split("|")) for line in done.stdout.splitlines()]
    with sqlite3.connect(next(placet.home.glob("*.db"))) as db:
        db.execute("PRAGMA wal_autocheckpoint = 0")
        rows = db.execute(statement).fetchall()
    db.close()
    return [tuple(str(v) for v in row) for row in rows]
