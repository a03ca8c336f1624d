-- The first schema. Words in braces are put in by the migration runner for
-- the engine: {ID} an automatic 64-bit key, {INT} a 64-bit integer,
-- {BYTES} raw bytes, {STRICT} what follows a table's closing bracket,
-- {CLUSTERED} the same for a table that is kept in the order of its key.
-- Times are UTC microseconds, booleans 0 or 1.

CREATE TABLE setting (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) {STRICT};

CREATE TABLE department (
  id {ID},
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL
) {STRICT};

CREATE TABLE account (
  id {ID},
  address TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  roles TEXT NOT NULL,             -- words with blanks between: researcher reviewer validator postmaster
  department_id {INT} REFERENCES department (id),
  os_user TEXT UNIQUE,             -- may act as this account from the command line of a live home
  password TEXT,                   -- Argon2id, PHC string
  login_hash {BYTES},              -- of the one-time link
  login_until {INT},
  disabled {INT} NOT NULL DEFAULT 0,
  created {INT} NOT NULL
) {STRICT};

CREATE TABLE token (
  id {ID},
  account_id {INT} NOT NULL REFERENCES account (id),
  hash {BYTES} NOT NULL UNIQUE,    -- SHA-256 of the token
  scope TEXT NOT NULL,
  created {INT} NOT NULL
) {STRICT};

CREATE TABLE identity (
  id {ID},
  name TEXT NOT NULL UNIQUE,
  domains TEXT NOT NULL,           -- blanks between; the first is the one of From
  relay TEXT NOT NULL,             -- URL without the password
  outbound TEXT NOT NULL,          -- addresses, blanks between
  purpose TEXT NOT NULL,           -- mailing, system, list
  relay_signs {INT} NOT NULL DEFAULT 0,
  per_second {INT} NOT NULL DEFAULT 0, -- messages of mailings, by all senders together; 0: as fast as its relays take them
  per_day {INT} NOT NULL DEFAULT 0, -- the same in a day of UTC
  warm_up {INT} NOT NULL DEFAULT 0, -- so many on its first day of sending, twice as many on each further one; 0: none
  warm_since {INT},                -- when it first sent
  held_at {INT},                   -- since when none of its mailings is sent (PRV-3); NULL: it is not held
  held_by TEXT NOT NULL DEFAULT '',
  held_why TEXT NOT NULL DEFAULT '',
  created {INT} NOT NULL
) {STRICT};

-- Relays beside the one of an identity's URL, and what each takes. The row with
-- the identity's own URL is made with the identity. Secrets are files of the home.
CREATE TABLE relay (
  id {ID},
  identity_id {INT} NOT NULL REFERENCES identity (id),
  url TEXT NOT NULL,
  weight {INT} NOT NULL DEFAULT 10, -- share of the connections; 0: only while no other one can be used
  connections {INT} NOT NULL DEFAULT 0, -- of one sender, at most; 0: the institution's setting
  per_second {INT} NOT NULL DEFAULT 0, -- by all senders together; 0: no limit
  auth TEXT NOT NULL DEFAULT '',   -- plain, login, scram-sha-256, xoauth2, oauthbearer, external; '': the best that is offered
  chunking {INT} NOT NULL DEFAULT 0, -- BDAT, where it is offered
  token_file TEXT NOT NULL DEFAULT '', -- the OAuth token, renewed by somebody else's job; '': none
  version {INT} NOT NULL DEFAULT 1, -- grows with each change, of its files too: by that senders see it
  created {INT} NOT NULL,
  UNIQUE (identity_id, url)
) {STRICT};

-- The pace of recipients: limits for a recipient domain, or for all domains
-- whose mail goes to one provider.
CREATE TABLE pace (
  name TEXT PRIMARY KEY,           -- example.org; mx:example.net for the group; * for each domain that has no limit of its own
  per_second_milli {INT} NOT NULL DEFAULT 0, -- thousandths of a message in a second; 0: no limit
  per_day {INT} NOT NULL DEFAULT 0
) {STRICT};

-- What was used of a pace: by all senders, so that the limit holds for all of them together. The row of scope `lock` is
-- held by whoever uses any, and its `used` counts the changes.
CREATE TABLE pace_use (
  scope TEXT NOT NULL,             -- identity, domain; lock
  name TEXT NOT NULL,              -- its number; the domain, or mx:GROUP of a limit for a group
  next {INT} NOT NULL,             -- time of the first moment that nobody has taken yet
  day {INT} NOT NULL,              -- days since 1970
  used {INT} NOT NULL,             -- in that day
  days {INT} NOT NULL DEFAULT 0,   -- on which it was used: where a warm-up stands
  ahead {INT} NOT NULL DEFAULT 0,  -- those who are put off come back one by one, up to here
  version {INT} NOT NULL DEFAULT 0, -- the change that wrote this row
  PRIMARY KEY (scope, name)
) {STRICT};
CREATE INDEX pace_use_version ON pace_use (version);

-- Which provider takes the mail of a domain: the registered domain of its best MX.
CREATE TABLE domain_group (
  domain TEXT PRIMARY KEY,
  name TEXT NOT NULL,              -- '' when nobody knows
  at {INT} NOT NULL                -- when it was found out; 0: it is to be asked
) {STRICT};
CREATE INDEX domain_group_new ON domain_group (domain) WHERE at = 0;

-- Every signing key that an identity ever had (DKIM-8): what is published, and
-- by what messages sent long ago are verified. The private halves are files.
CREATE TABLE dkim_key (
  id {ID},
  identity_id {INT} NOT NULL REFERENCES identity (id),
  selector TEXT NOT NULL,
  algorithm TEXT NOT NULL,         -- rsa, ed25519
  record TEXT NOT NULL,            -- what is published at the selector
  state TEXT NOT NULL,             -- next, current, old, withdrawn (published with an empty p=), gone
  since {INT} NOT NULL,            -- in that state
  seen {INT},                      -- published, since when as far as is known; NULL: not yet, or no more
  made {INT} NOT NULL,
  UNIQUE (identity_id, selector)
) {STRICT};

-- What was last found out about an identity: SPF, published keys, DMARC, names
-- of its outbound addresses, the public page.
CREATE TABLE identity_fact (
  identity_id {INT} NOT NULL REFERENCES identity (id),
  name TEXT NOT NULL,              -- spf, dkim, dmarc, reverse-names, relay-signs, statement-page:SLUG
  answer TEXT NOT NULL,            -- yes, no, unknown
  detail TEXT NOT NULL,            -- what was found
  at {INT} NOT NULL,
  PRIMARY KEY (identity_id, name)
) {STRICT};

CREATE TABLE project (
  id {ID},
  slug TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL,
  summary TEXT NOT NULL,
  originator_id {INT} NOT NULL REFERENCES account (id),
  contact TEXT NOT NULL,
  department_id {INT} NOT NULL REFERENCES department (id),
  identity_id {INT} NOT NULL REFERENCES identity (id),
  ethics TEXT NOT NULL,
  audience TEXT NOT NULL DEFAULT '', -- Markdown for its page: who is mailed, and why
  data_use TEXT NOT NULL DEFAULT '', -- ... what happens to the data
  link_hosts TEXT NOT NULL DEFAULT '',
  join_text TEXT NOT NULL DEFAULT '', -- what people agree to at /join/SLUG; '' when there is no sign-up page
  join_list_id {INT},              -- the list that they come on
  state TEXT NOT NULL,             -- draft, approved, closed
  approved_by {INT} REFERENCES account (id),
  approved_at {INT},
  created {INT} NOT NULL
) {STRICT};

-- Images that messages of a project may carry: approved with it.
CREATE TABLE image (
  id {ID},
  project_id {INT} NOT NULL REFERENCES project (id),
  name TEXT NOT NULL,              -- as Markdown says it: ![](NAME)
  alt TEXT NOT NULL,
  type TEXT NOT NULL,              -- image/png, image/jpeg, image/gif
  width {INT} NOT NULL,
  height {INT} NOT NULL,
  bytes {BYTES} NOT NULL,
  hash {BYTES} NOT NULL,           -- SHA-256 of bytes
  added {INT} NOT NULL,
  UNIQUE (project_id, name)
) {STRICT};

CREATE TABLE list (
  id {ID},
  name TEXT NOT NULL UNIQUE,
  project_id {INT} NOT NULL REFERENCES project (id),
  created {INT} NOT NULL
) {STRICT};

-- One row for each mailbox. key_hash is the keyed hash of the match key
-- (ADR-4): variants of one person's address share it. It leads the unique
-- key, which so serves both questions. Of an erased person the row stays with
-- the hash alone: delivery is 'erased:' and the id.
CREATE TABLE address (
  id {ID},
  delivery TEXT NOT NULL,
  given TEXT NOT NULL,
  key_hash {BYTES} NOT NULL,
  reserved {INT} NOT NULL,         -- of a domain reserved for examples (trial homes)
  utf8 {INT} NOT NULL DEFAULT 0,   -- its local part needs SMTPUTF8
  bounced {INT} NOT NULL DEFAULT 0, -- until they confirm themselves, or a validator accepts the address again
  bounced_at {INT},                -- the last time, also after that
  erased {INT},                    -- when
  created {INT} NOT NULL,
  UNIQUE (key_hash, delivery)
) {STRICT};
CREATE INDEX address_erased ON address (erased) WHERE erased IS NOT NULL;

CREATE TABLE import (
  id {ID},
  list_id {INT} NOT NULL REFERENCES list (id),
  by_id {INT} NOT NULL REFERENCES account (id),
  file_hash {BYTES} NOT NULL,
  at {INT} NOT NULL,
  done {INT} NOT NULL DEFAULT 0,
  voided {INT},                    -- when its evidence was: one sampled address had none to show
  consent_from {INT} NOT NULL DEFAULT 0, -- the entries of the ledger that it claimed lie between these two
  consent_to {INT} NOT NULL DEFAULT 0
) {STRICT};

CREATE TABLE member (
  list_id {INT} NOT NULL REFERENCES list (id),
  address_id {INT} NOT NULL REFERENCES address (id),
  fields TEXT NOT NULL,            -- JSON object of texts
  flags TEXT NOT NULL,             -- words with blanks between: role disposable ...
  import_id {INT} REFERENCES import (id), -- NULL: by a sign-up of their own
  line {INT} NOT NULL DEFAULT 0,   -- of the file
  answered {INT},                  -- when they had answered the study: no reminder for them
  PRIMARY KEY (list_id, address_id)
) {CLUSTERED};
CREATE INDEX member_address ON member (address_id);

-- The rows of an import under way, one batch at a time; empty otherwise. On
-- PostgreSQL each connection has a temporary table of this shape in front of it.
CREATE TABLE import_row (
  line {INT} NOT NULL,
  delivery TEXT NOT NULL,
  given TEXT NOT NULL,
  key_hash {BYTES} NOT NULL,
  reserved {INT} NOT NULL,
  utf8 {INT} NOT NULL,
  fields TEXT NOT NULL,
  flags TEXT NOT NULL,
  kind TEXT,                       -- of the consent; NULL: this row has no evidence
  ref TEXT,
  given_on TEXT,
  known {INT} NOT NULL,            -- 1: the mailbox is on the list, or earlier in the batch; 2: the person is
  address_id {INT}
) {STRICT};

CREATE TABLE consent_text (
  id {ID},
  hash {BYTES} NOT NULL UNIQUE,
  text TEXT NOT NULL,
  language TEXT NOT NULL DEFAULT '',
  created {INT} NOT NULL
) {STRICT};

-- The ledger: rows are added, never changed. The newest of an address and a
-- project counts.
CREATE TABLE consent (
  id {ID},
  address_id {INT} NOT NULL REFERENCES address (id),
  project_id {INT} NOT NULL REFERENCES project (id),
  action TEXT NOT NULL,            -- given, withdrawn, voided
  kind TEXT NOT NULL,              -- own-sign-up, signed-form, online-form, oral
  ref TEXT NOT NULL,
  given_on TEXT NOT NULL,          -- the day, as 2026-11-23
  text_id {INT} REFERENCES consent_text (id),
  import_id {INT} REFERENCES import (id),
  sign_up_id {INT},                -- of own-sign-up: which asked, and when it was confirmed
  by_id {INT} REFERENCES account (id),
  at {INT} NOT NULL
) {STRICT};
CREATE INDEX consent_address ON consent (address_id, project_id, id);
CREATE INDEX consent_ended ON consent (at) WHERE action <> 'given';

-- Withdrawals by person and project (its slug): no import gives such a consent
-- again, to whatever spelling of the address. Also of people who are not held,
-- and of projects that a restored database has never heard of.
CREATE TABLE withdrawn (
  key_hash {BYTES} NOT NULL,
  project TEXT NOT NULL,
  at {INT} NOT NULL,
  PRIMARY KEY (key_hash, project)
) {CLUSTERED};

-- A list's sign-off under way or done: the sample is drawn from `seed`.
CREATE TABLE signoff (
  id {ID},
  list_id {INT} NOT NULL REFERENCES list (id),
  seed {INT} NOT NULL,
  population {INT} NOT NULL,       -- N: unflagged, undecided addresses when it was drawn
  allowed {INT} NOT NULL DEFAULT 0,-- failures the plan allows now
  planned {INT} NOT NULL,          -- n of that plan
  opened {INT} NOT NULL,
  by_id {INT} REFERENCES account (id),
  how TEXT,
  done {INT}                       -- when it was signed
) {STRICT};
CREATE INDEX signoff_list ON signoff (list_id, id);

-- Each address of a sign-off: `place` is its position in the drawn order,
-- NULL for flagged ones, which are all decided.
CREATE TABLE signoff_item (
  signoff_id {INT} NOT NULL REFERENCES signoff (id),
  address_id {INT} NOT NULL REFERENCES address (id),
  place {INT},
  PRIMARY KEY (address_id, signoff_id) -- the other way round, a planner may walk signoff_place for one address
) {STRICT};
CREATE INDEX signoff_place ON signoff_item (signoff_id, place);

-- What a person decided of one address. sampled: in the sample of a sign-off.
CREATE TABLE decision (
  id {ID},
  signoff_id {INT} NOT NULL REFERENCES signoff (id),
  address_id {INT} NOT NULL REFERENCES address (id),
  decision TEXT NOT NULL,          -- accept, reject
  reason TEXT NOT NULL,
  by_id {INT} NOT NULL REFERENCES account (id),
  source TEXT NOT NULL,            -- file, page
  at {INT} NOT NULL,
  UNIQUE (signoff_id, address_id)
) {STRICT};
CREATE INDEX decision_address ON decision (address_id);

-- The standing validation of an address: what may_mail asks.
CREATE TABLE validation (
  address_id {INT} PRIMARY KEY REFERENCES address (id),
  accepted {INT} NOT NULL,
  by_id {INT} NOT NULL REFERENCES account (id),
  signoff_id {INT} NOT NULL REFERENCES signoff (id),
  how TEXT NOT NULL,
  at {INT} NOT NULL,
  until {INT} NOT NULL
) {STRICT};

-- Who left. What stands here was in the journal first (store/optout.h), which
-- is replayed when the database is behind: a start, or a restored backup.
CREATE TABLE opt_out (
  seq {ID},
  key_hash {BYTES} NOT NULL UNIQUE,
  way TEXT NOT NULL,               -- page, one-click, mail, staff, complaint, erasure
  why TEXT NOT NULL,
  by_id {INT} REFERENCES account (id),
  at {INT} NOT NULL
) {STRICT};

-- Studies that somebody who left has kept, or joined anew.
CREATE TABLE opt_out_keep (
  key_hash {BYTES} NOT NULL,
  project_id {INT} NOT NULL REFERENCES project (id),
  at {INT} NOT NULL,
  PRIMARY KEY (key_hash, project_id)
) {STRICT};

-- Sign-ups that wait for their confirmation, or had it (CON-3).
CREATE TABLE sign_up (
  id {ID},
  project_id {INT} NOT NULL REFERENCES project (id),
  delivery TEXT NOT NULL,          -- '' once it is purged
  given TEXT NOT NULL,
  name TEXT NOT NULL,
  key_hash {BYTES} NOT NULL,
  text_id {INT} NOT NULL REFERENCES consent_text (id),
  asked {INT} NOT NULL,
  confirmed {INT}
) {STRICT};
CREATE INDEX sign_up_asked ON sign_up (asked);
CREATE INDEX sign_up_key ON sign_up (key_hash);

-- What a person was written on the request of whoever typed their address:
-- counted by person and kind, so that nobody is bombed (ABU-1, CON-3). Rows
-- stay: three without an answer, and once for each person, are for ever.
CREATE TABLE asked (
  key_hash {BYTES} NOT NULL,
  kind TEXT NOT NULL,              -- confirm, leave (and left), removed, me, complaint
  sent {INT} NOT NULL,             -- without an answer since
  last {INT} NOT NULL,
  PRIMARY KEY (key_hash, kind)
) {STRICT};

-- System mail: one message to one person, outside of every mailing.
CREATE TABLE notice (
  id {ID},
  kind TEXT NOT NULL,              -- confirm, leave, left, removed, me, complaint, test
  delivery TEXT NOT NULL,          -- '' once it is purged or the person erased
  utf8 {INT} NOT NULL,
  reserved {INT} NOT NULL,
  key_hash {BYTES} NOT NULL,
  project_id {INT} REFERENCES project (id),
  object_id {INT} NOT NULL DEFAULT 0, -- of confirm: the sign_up; of complaint: the complaint; of test: the mailing
  shows_id {INT} REFERENCES address (id), -- of test: whose values it shows; NULL: those of somebody invented
  language TEXT NOT NULL DEFAULT '', -- of test: one of the mailing's languages, or '': that of whom it shows
  created {INT} NOT NULL,
  state TEXT NOT NULL,             -- queued, attempting, accepted, deferred, failed, uncertain
  attempts {INT} NOT NULL DEFAULT 0,
  first {INT},
  last {INT},
  due {INT} NOT NULL DEFAULT 0,
  sender_id {INT},
  relay TEXT NOT NULL DEFAULT '',
  queue_id TEXT NOT NULL DEFAULT '',
  reply TEXT NOT NULL DEFAULT ''
) {STRICT};
CREATE INDEX notice_due ON notice (state, due, id);
CREATE INDEX notice_key ON notice (key_hash);
CREATE INDEX notice_created ON notice (created);

-- A complaint about the use of somebody's data, with its clock (DPA 2018, s. 164A).
CREATE TABLE complaint (
  id {ID},
  address TEXT NOT NULL,           -- as given; '' when the person wants no answer, or was erased
  key_hash {BYTES},
  about TEXT NOT NULL,             -- a check code, or ''
  text TEXT NOT NULL,
  at {INT} NOT NULL,
  due {INT} NOT NULL,
  acknowledged {INT},
  closed {INT},
  closed_by {INT} REFERENCES account (id),
  outcome TEXT NOT NULL DEFAULT ''
) {STRICT};
CREATE INDEX complaint_key ON complaint (key_hash);

-- Versions of the institution's own frame around every message; the newest is
-- used for drafts, and each mailing keeps the one that it was submitted with.
CREATE TABLE house_template (
  id {ID},
  text TEXT NOT NULL,
  why TEXT NOT NULL,
  by_id {INT} REFERENCES account (id),
  at {INT} NOT NULL
) {STRICT};

CREATE TABLE mailing (
  id {ID},
  project_id {INT} NOT NULL REFERENCES project (id),
  list_id {INT} NOT NULL REFERENCES list (id),
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  language TEXT NOT NULL,          -- of subject and body; others stand in `translation`
  format TEXT NOT NULL DEFAULT 'markdown', -- or html
  link_fields TEXT NOT NULL DEFAULT '', -- fields whose values are addresses on a registered host; blanks between
  template_id {INT} REFERENCES house_template (id), -- the version it was submitted with; NULL: the built-in one
  chosen TEXT NOT NULL DEFAULT '', -- --where: the expression by which people of the list are chosen
  arms {INT} NOT NULL DEFAULT 0,   -- random allocation to so many arms, in the order of arm_seed
  stratum TEXT NOT NULL DEFAULT '', -- ... balanced within each value of this field
  arm_seed {INT} NOT NULL DEFAULT 0, -- drawn at the first submission, and kept
  left_out {INT} NOT NULL DEFAULT 0, -- how many of the list `chosen` left out at submission
  state TEXT NOT NULL,
  state_by TEXT NOT NULL DEFAULT '',
  state_why TEXT NOT NULL DEFAULT '',
  created_by {INT} NOT NULL REFERENCES account (id),
  created {INT} NOT NULL,
  accepted_text TEXT,              -- the responsibility that was accepted, and by whom
  submitted_by {INT} REFERENCES account (id),
  submitted_at {INT},
  not_before {INT},
  not_after {INT},
  hours TEXT NOT NULL DEFAULT '',  -- when it may be sent within that: days, hours and time zone (doc/PACING.md); '': always
  bound_hash {BYTES},              -- content, selection, identity, window: what the approval binds to
  manifest TEXT,                   -- the text whose SHA-256 bound_hash is
  content_text TEXT,               -- the text part as approved, fields in braces: the public proof
  approved_by {INT} REFERENCES account (id),
  approved_at {INT},
  started {INT},
  ended {INT}
) {STRICT};
CREATE INDEX mailing_project ON mailing (project_id);

-- The same mailing in other languages: who has one of these in their field
-- `language` gets it in that one.
CREATE TABLE translation (
  mailing_id {INT} NOT NULL REFERENCES mailing (id),
  language TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  content_text TEXT,               -- as mailing.content_text
  PRIMARY KEY (mailing_id, language)
) {STRICT};

-- Each submission, so that what changed between two of them can be shown.
CREATE TABLE mailing_version (
  mailing_id {INT} NOT NULL REFERENCES mailing (id),
  n {INT} NOT NULL,                -- from 1
  manifest TEXT NOT NULL,          -- what its hash covers (store/manifest.h)
  texts TEXT NOT NULL,             -- JSON: by language its subject, body and text
  by_id {INT} REFERENCES account (id),
  at {INT} NOT NULL,
  PRIMARY KEY (mailing_id, n)
) {STRICT};

-- Sentences of approved texts, so that a text that somebody pastes is found.
CREATE TABLE proof (
  hash {INT} NOT NULL,             -- 64 bits of the SHA-256 of a sentence in its normal form
  mailing_id {INT} NOT NULL REFERENCES mailing (id),
  language TEXT NOT NULL,
  PRIMARY KEY (hash, mailing_id, language)
) {CLUSTERED};
CREATE INDEX proof_mailing ON proof (mailing_id, language);
CREATE INDEX mailing_list ON mailing (list_id);
CREATE INDEX mailing_state ON mailing (state);

-- What the reviewer wrote to a doubtful finding of a submitted mailing.
CREATE TABLE answer (
  mailing_id {INT} NOT NULL REFERENCES mailing (id),
  finding TEXT NOT NULL,           -- rule and reason, word by word
  text TEXT NOT NULL,
  by_id {INT} NOT NULL REFERENCES account (id),
  at {INT} NOT NULL,
  PRIMARY KEY (mailing_id, finding)
) {STRICT};

-- One row for each person of a frozen selection, skipped ones too.
CREATE TABLE delivery (
  id {ID},
  mailing_id {INT} NOT NULL REFERENCES mailing (id),
  address_id {INT} NOT NULL REFERENCES address (id),
  consent_id {INT} REFERENCES consent (id),
  fields TEXT NOT NULL,
  state TEXT NOT NULL,             -- queued, attempting, accepted, deferred, failed, uncertain, skipped
  skipped TEXT NOT NULL DEFAULT '',
  arm {INT} NOT NULL DEFAULT 0,    -- from 1
  attempts {INT} NOT NULL DEFAULT 0,
  first {INT},                     -- time of the first attempt: the Date of the message
  last {INT},
  due {INT} NOT NULL DEFAULT 0,
  sender_id {INT},                 -- the send process that holds it
  relay TEXT NOT NULL DEFAULT '',
  queue_id TEXT NOT NULL DEFAULT '',
  reply TEXT NOT NULL DEFAULT '',
  maybe_twice {INT} NOT NULL DEFAULT 0,
  bounced {INT} NOT NULL DEFAULT 0,
  bound {BYTES},                   -- of an erased person: what the approval's hash binds in the place of this row
  UNIQUE (mailing_id, address_id)
) {STRICT};
CREATE INDEX delivery_due ON delivery (mailing_id, state, due, id);
CREATE INDEX delivery_sender ON delivery (sender_id) WHERE sender_id IS NOT NULL;
CREATE INDEX delivery_address ON delivery (address_id);

-- Homes that share this database, on PostgreSQL: hosts of one installation. A
-- home's number names it, wherever its folder is; place says where that is now.
CREATE TABLE host (
  id TEXT PRIMARY KEY,             -- home_id
  place TEXT NOT NULL,
  since {INT} NOT NULL,
  ready {INT} NOT NULL DEFAULT 0   -- all senders of the others know of it
) {STRICT};

-- Send processes. Each writes its row at every flush, so that others see that
-- it lives, and what it has done; what was committed before a flush it has heard.
CREATE TABLE sender (
  id {ID},
  host TEXT NOT NULL,              -- home_id
  journal TEXT NOT NULL,
  started {INT} NOT NULL,
  ended {INT},
  seen {INT} NOT NULL DEFAULT 0,   -- time of its last flush
  flushes {INT} NOT NULL DEFAULT 0, -- so many were committed
  fenced {INT} NOT NULL DEFAULT 0, -- 1: it was silent, and may flush no more; 2: another host took over what it held
  accepted {INT} NOT NULL DEFAULT 0, -- deliveries since it started; and so on
  deferred {INT} NOT NULL DEFAULT 0,
  failed {INT} NOT NULL DEFAULT 0,
  uncertain {INT} NOT NULL DEFAULT 0,
  skipped {INT} NOT NULL DEFAULT 0,
  notices {INT} NOT NULL DEFAULT 0, -- system mail that was accepted
  in_flight {INT} NOT NULL DEFAULT 0,
  waiting {INT} NOT NULL DEFAULT 0 -- claimed, not started
) {STRICT};
CREATE INDEX sender_open ON sender (id) WHERE ended IS NULL;

-- How each sender gets on with each relay.
CREATE TABLE relay_health (
  sender_id {INT} NOT NULL REFERENCES sender (id),
  relay_id {INT} NOT NULL,         -- no reference: a sender may write of one that is being removed
  state TEXT NOT NULL,             -- up, down, idle
  since {INT} NOT NULL,
  why TEXT NOT NULL DEFAULT '',    -- of its last fault
  retry_at {INT} NOT NULL DEFAULT 0,
  connections {INT} NOT NULL DEFAULT 0,
  accepted {INT} NOT NULL DEFAULT 0,
  faults {INT} NOT NULL DEFAULT 0,
  PRIMARY KEY (sender_id, relay_id)
) {STRICT};

-- What came of a mailing's attempts since it was started or resumed, by each sender: what the
-- circuit breakers judge (policy/breaker.h). Older attempts fade.
CREATE TABLE breaker (
  mailing_id {INT} NOT NULL REFERENCES mailing (id),
  sender_id {INT} NOT NULL REFERENCES sender (id),
  ended {INT} NOT NULL,
  hard {INT} NOT NULL,             -- addresses that do not exist
  setup {INT} NOT NULL,            -- refused because of our set-up
  slowed {INT} NOT NULL,           -- put off for that, or for our pace
  slowed_since {INT} NOT NULL,
  code TEXT NOT NULL,              -- the last that a provider gave for it
  PRIMARY KEY (mailing_id, sender_id)
) {STRICT};

-- Breakers that tripped, until the identity is released.
CREATE TABLE breaker_trip (
  id {ID},
  identity_id {INT} NOT NULL REFERENCES identity (id),
  mailing_id {INT} NOT NULL REFERENCES mailing (id),
  what TEXT NOT NULL,              -- bounces, set-up, slowed, complaints
  code TEXT NOT NULL,              -- of set-up and slowed
  at {INT} NOT NULL
) {STRICT};
CREATE INDEX breaker_trip_at ON breaker_trip (identity_id, at);

-- Somebody reported a message as unwanted: by a feedback loop, an abuse desk, the form, or as
-- a provider's figure (PRV-3).
CREATE TABLE spam_report (
  id {ID},
  identity_id {INT} NOT NULL REFERENCES identity (id),
  mailing_id {INT} REFERENCES mailing (id),
  provider TEXT NOT NULL,          -- recipient domain or group; '' unknown
  n {INT} NOT NULL,                -- reports
  delivered {INT} NOT NULL DEFAULT 0, -- of so many, when a provider says so itself; 0: what was delivered counts
  at {INT} NOT NULL,
  source TEXT NOT NULL             -- who said so
) {STRICT};
CREATE INDEX spam_report_at ON spam_report (identity_id, at);
CREATE INDEX spam_report_mailing ON spam_report (mailing_id) WHERE mailing_id IS NOT NULL;

-- People that a draft's --where leaves in, worked out anew at each check and at
-- submission; empty from then on, as the frozen selection stands in delivery.
CREATE TABLE chosen (
  mailing_id {INT} NOT NULL REFERENCES mailing (id),
  address_id {INT} NOT NULL REFERENCES address (id),
  PRIMARY KEY (mailing_id, address_id)
) {CLUSTERED};

-- What each job of retention did when (CON-10).
CREATE TABLE retention_run (
  id {ID},
  rule TEXT NOT NULL,
  at {INT} NOT NULL,
  before {INT} NOT NULL,
  rows {INT} NOT NULL
) {STRICT};

-- Append-only, hash-chained (AUD-1): hash = SHA-256(0x02, previous, entry).
CREATE TABLE audit (
  seq {INT} PRIMARY KEY,
  at {INT} NOT NULL,
  actor TEXT NOT NULL,             -- account, or system
  os_user TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  detail TEXT NOT NULL,
  hash {BYTES} NOT NULL
) {STRICT};
CREATE INDEX audit_object ON audit (object, seq);

-- Who may be mailed, and if not, why not: the one place that says so. One row
-- for each member of an address list. `why` is '' for people who may be
-- mailed until `valid_until`; queries add 'lapsed' for a time past it, and in
-- a trial home 'trial' for people outside the reserved domains.
CREATE VIEW may_mail AS
SELECT m.list_id, m.address_id, l.project_id, a.key_hash, a.reserved,
  c.id AS consent_id, v.until AS valid_until,
  CASE
    WHEN o.seq IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM opt_out_keep k
      WHERE k.key_hash = a.key_hash AND k.project_id = l.project_id) THEN 'opted-out'
    WHEN c.id IS NULL OR c.action <> 'given' THEN 'no-consent'
    WHEN a.bounced = 1 THEN 'bounced'
    WHEN v.address_id IS NULL THEN 'not-validated'
    WHEN v.accepted = 0 THEN 'rejected'
    ELSE ''
  END AS why
FROM member m
JOIN list l ON l.id = m.list_id
JOIN address a ON a.id = m.address_id
LEFT JOIN consent c ON c.id = (
  SELECT max(n.id) FROM consent n
  WHERE n.address_id = m.address_id AND n.project_id = l.project_id)
LEFT JOIN validation v ON v.address_id = m.address_id
LEFT JOIN opt_out o ON o.key_hash = a.key_hash;
