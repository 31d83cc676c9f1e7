-- Jobs, their events and output. Times are nanoseconds since 1970.
-- The id of an event or a chunk of output is its job's number * 2^40 + its own number:
-- the rows of a job lie together in order, and need no second index.

CREATE TABLE jobs (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT    NOT NULL UNIQUE,
    kind        TEXT,
    object      TEXT    NOT NULL DEFAULT '',
    user        TEXT    NOT NULL DEFAULT '',
    host        TEXT    NOT NULL DEFAULT '',
    targets     INTEGER NOT NULL DEFAULT 0,
    status      TEXT    NOT NULL DEFAULT 'running',
    started_at  INTEGER NOT NULL,
    finished_at INTEGER,
    seq_last    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX jobs_by_start ON jobs (started_at);

CREATE TABLE events (
    id     INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    body   TEXT    NOT NULL,
    sealed BLOB
) STRICT;

CREATE TABLE output (
    id     INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    effect TEXT    NOT NULL,
    target TEXT    NOT NULL,
    stream TEXT    NOT NULL,
    text   TEXT    NOT NULL
) STRICT;

CREATE TABLE output_cuts (
    job    INTEGER NOT NULL REFERENCES jobs (number) ON DELETE CASCADE,
    effect TEXT    NOT NULL,
    target TEXT    NOT NULL,
    stream TEXT    NOT NULL,
    bytes  INTEGER NOT NULL,
    PRIMARY KEY (job, effect, target, stream)
) STRICT, WITHOUT ROWID;

CREATE TABLE leases (
    job             INTEGER PRIMARY KEY REFERENCES jobs (number) ON DELETE CASCADE,
    token           INTEGER NOT NULL,
    host            TEXT    NOT NULL,
    boot            TEXT    NOT NULL,
    process         INTEGER NOT NULL,
    process_started INTEGER NOT NULL,
    heard_at        INTEGER NOT NULL
) STRICT;

CREATE TABLE requests (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    job    INTEGER NOT NULL REFERENCES jobs (number) ON DELETE CASCADE,
    at     INTEGER NOT NULL,
    wants  TEXT    NOT NULL,
    body   TEXT    NOT NULL
) STRICT;

CREATE INDEX requests_by_job ON requests (job, number);

CREATE TABLE target_locks (
    target TEXT    PRIMARY KEY,
    job    INTEGER NOT NULL REFERENCES jobs (number) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX target_locks_by_job ON target_locks (job);
