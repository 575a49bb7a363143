-- The clinic's own records. Times are UTC, RFC 3339 text; money is integer cents; flags are 0 or 1.
-- No column holds a card number, a security code or a track: what is known of a card is its token, brand,
-- last four digits and expiry.

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE points_of_service (
    id      TEXT PRIMARY KEY,
    name    TEXT NOT NULL,
    address TEXT NOT NULL DEFAULT '',
    phone   TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

-- People who log in. `role`: front_desk, manager. The contract's `actor` is the id.
CREATE TABLE staff (
    id       TEXT PRIMARY KEY,
    login    TEXT NOT NULL UNIQUE,
    name     TEXT NOT NULL,
    role     TEXT NOT NULL CHECK (role IN ('front_desk', 'manager')),
    password TEXT NOT NULL,           -- scrypt: salt and hash, hexadecimal
    language TEXT NOT NULL DEFAULT 'fr'
) STRICT, WITHOUT ROWID;

-- A browser: of staff, or of a visitor of the online booking (staff NULL).
CREATE TABLE browsers (
    hash     TEXT PRIMARY KEY,        -- SHA-256 of the cookie
    staff    TEXT REFERENCES staff,
    csrf     TEXT NOT NULL,
    language TEXT NOT NULL,
    expires  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE patients (
    id          TEXT PRIMARY KEY,
    first_name  TEXT NOT NULL,
    last_name   TEXT NOT NULL,
    born        TEXT NOT NULL,        -- YYYY-MM-DD
    email       TEXT NOT NULL,
    phone       TEXT NOT NULL,
    postal_code TEXT NOT NULL,
    language    TEXT NOT NULL DEFAULT 'fr'
) STRICT, WITHOUT ROWID;

CREATE TABLE patient_points (
    patient TEXT NOT NULL REFERENCES patients,
    point   TEXT NOT NULL REFERENCES points_of_service,
    PRIMARY KEY (patient, point)
) STRICT, WITHOUT ROWID;

-- The clinic's own record of a terminal that an agent announced. `kind`, `scope`: the newest that it told.
CREATE TABLE terminals (
    agent    TEXT NOT NULL,
    terminal TEXT NOT NULL,
    name     TEXT NOT NULL,
    point    TEXT REFERENCES points_of_service,
    disabled INTEGER NOT NULL DEFAULT 0,
    kind     TEXT,                    -- chargeable, recognition
    scope    TEXT,
    PRIMARY KEY (agent, terminal)
) STRICT, WITHOUT ROWID;

-- A text that patients agree to, in one version. `use`: card_on_file, no_show.
CREATE TABLE consent_texts (
    id       TEXT NOT NULL,
    version  TEXT NOT NULL,
    language TEXT NOT NULL,
    text     TEXT NOT NULL,
    current  INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (id, version, language)
) STRICT, WITHOUT ROWID;

-- A card on file belongs to (patient, token scope). `token` is the vault's.
CREATE TABLE cards (
    id               TEXT PRIMARY KEY,
    patient          TEXT NOT NULL REFERENCES patients,
    token            TEXT NOT NULL,
    scope            TEXT NOT NULL,
    kind             TEXT NOT NULL,   -- chargeable, recognition
    agent            TEXT,            -- where it was captured; NULL for one taken online
    terminal         TEXT,
    brand            TEXT,
    last_four        TEXT,
    expiry           TEXT,            -- YYMM
    holder           TEXT NOT NULL DEFAULT '',
    postal_code      TEXT NOT NULL DEFAULT '',
    network_transaction_id TEXT,
    avs_result       TEXT,
    cvv_result       TEXT,
    consent_text     TEXT NOT NULL,
    consent_version  TEXT NOT NULL,
    consent_language TEXT NOT NULL,
    consent_given    TEXT NOT NULL,   -- in_person, on_paper, online …
    no_show_consent  INTEGER NOT NULL DEFAULT 0,
    stored_at        TEXT NOT NULL,
    stored_by        TEXT NOT NULL,   -- staff id, or online
    deleted_at       TEXT,
    UNIQUE (scope, token, patient)
) STRICT, WITHOUT ROWID;

-- What happened to a card: who, when, what, and by which operation. `detail`: cents; of one that was stored the
-- consents that were given, JSON.
CREATE TABLE card_history (
    id        INTEGER PRIMARY KEY,
    card      TEXT NOT NULL REFERENCES cards,
    at        TEXT NOT NULL,
    actor     TEXT NOT NULL,
    what      TEXT NOT NULL,          -- stored, agreed, verified, charged, refunded, deleted, declined
    operation TEXT,
    detail    TEXT NOT NULL DEFAULT ''
) STRICT;

-- Every command that was sent to an agent. The row is there before the command leaves.
-- `state`: sent until the reply is seen, then the contract's word. `ended`: nothing more is to come.
CREATE TABLE operations (
    id          TEXT PRIMARY KEY,     -- the operation_id
    agent       TEXT NOT NULL,
    terminal    TEXT NOT NULL,
    op          TEXT NOT NULL,
    data        TEXT NOT NULL,        -- the command as it was sent, JSON: repeated byte for byte
    actor       TEXT NOT NULL,
    asked_at    TEXT NOT NULL,
    patient     TEXT REFERENCES patients,
    card        TEXT REFERENCES cards,
    invoice     TEXT REFERENCES invoices,
    target      TEXT,                 -- the operation that it is about: abort, refund, reversal …
    note        TEXT NOT NULL DEFAULT '{}',  -- what the clinic needs at its end, JSON (no card data)
    answered    INTEGER NOT NULL DEFAULT 0,
    ended       INTEGER NOT NULL DEFAULT 0,
    state       TEXT NOT NULL DEFAULT 'sent',
    code        TEXT NOT NULL DEFAULT '',
    text_fr     TEXT NOT NULL DEFAULT '',
    text_en     TEXT NOT NULL DEFAULT '',
    money       TEXT NOT NULL DEFAULT 'none',
    view        TEXT,                 -- the newest OperationView, JSON
    changed_at  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX operations_open ON operations (agent) WHERE ended = 0;
-- An invoice has one payment under way at a time, whoever asks and from whichever window.
CREATE UNIQUE INDEX one_payment_at_a_time ON operations (invoice)
    WHERE ended = 0 AND invoice IS NOT NULL AND op IN ('sale', 'charge_card', 'refund', 'reversal');

-- What agents told, once each; stored before it is acknowledged.
CREATE TABLE facts (
    agent    TEXT NOT NULL,
    epoch    TEXT NOT NULL,
    seq      INTEGER NOT NULL,
    terminal TEXT,
    type     TEXT NOT NULL,
    body     TEXT NOT NULL,
    at       TEXT NOT NULL,
    PRIMARY KEY (agent, epoch, seq)
) STRICT, WITHOUT ROWID;

-- People who give services. Hours are local, minutes from midnight; weekday 0 is Monday.
CREATE TABLE employees (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    profession_fr TEXT NOT NULL DEFAULT '',
    profession_en TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE employee_hours (
    employee TEXT NOT NULL REFERENCES employees,
    point    TEXT NOT NULL REFERENCES points_of_service,
    weekday  INTEGER NOT NULL,
    opens    INTEGER NOT NULL,
    closes   INTEGER NOT NULL,
    PRIMARY KEY (employee, point, weekday, opens)
) STRICT, WITHOUT ROWID;

-- `class` decides whether a no-show fee may be agreed in advance: professional, merchant, uncertain.
CREATE TABLE services (
    id            TEXT PRIMARY KEY,
    name_fr       TEXT NOT NULL,
    name_en       TEXT NOT NULL,
    minutes       INTEGER NOT NULL,
    price_minor   INTEGER NOT NULL,
    class         TEXT NOT NULL CHECK (class IN ('professional', 'merchant', 'uncertain')),
    online        INTEGER NOT NULL DEFAULT 1,
    card_required INTEGER NOT NULL DEFAULT 0   -- Carte de crédit requise pour réserver en ligne
) STRICT, WITHOUT ROWID;

CREATE TABLE service_points (
    service TEXT NOT NULL REFERENCES services,
    point   TEXT NOT NULL REFERENCES points_of_service,
    PRIMARY KEY (service, point)
) STRICT, WITHOUT ROWID;

CREATE TABLE service_employees (
    service  TEXT NOT NULL REFERENCES services,
    employee TEXT NOT NULL REFERENCES employees,
    PRIMARY KEY (service, employee)
) STRICT, WITHOUT ROWID;

-- Per class of service: whether the clinic bills no-shows, and the fee. Off unless the clinic turns it on.
CREATE TABLE no_show_policies (
    class     TEXT PRIMARY KEY,
    enabled   INTEGER NOT NULL DEFAULT 0,
    fee_minor INTEGER NOT NULL,
    text_fr   TEXT NOT NULL,
    text_en   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- `fee_minor`, `policy_fr`, `policy_en`: the no-show fee that was announced when it was made, if one was.
CREATE TABLE appointments (
    id       TEXT PRIMARY KEY,
    patient  TEXT NOT NULL REFERENCES patients,
    service  TEXT NOT NULL REFERENCES services,
    employee TEXT NOT NULL REFERENCES employees,
    point    TEXT NOT NULL REFERENCES points_of_service,
    starts   TEXT NOT NULL,
    ends     TEXT NOT NULL,
    status   TEXT NOT NULL DEFAULT 'booked'
        CHECK (status IN ('requested', 'booked', 'arrived', 'done', 'no_show', 'cancelled')),
    online   INTEGER NOT NULL DEFAULT 0,
    purpose  TEXT NOT NULL DEFAULT '',
    card     TEXT REFERENCES cards,
    no_show_evidence TEXT NOT NULL DEFAULT '',
    fee_minor INTEGER,
    policy_fr TEXT,
    policy_en TEXT
) STRICT, WITHOUT ROWID;
-- Nobody has two appointments that begin together.
CREATE UNIQUE INDEX one_at_a_time ON appointments (employee, starts) WHERE status <> 'cancelled';

-- `kind`: visit, no_show. What is due is the lines' sum less the payments that stand.
CREATE TABLE invoices (
    id          TEXT PRIMARY KEY,
    number      INTEGER NOT NULL UNIQUE,
    patient     TEXT NOT NULL REFERENCES patients,
    point       TEXT NOT NULL REFERENCES points_of_service,
    appointment TEXT REFERENCES appointments,
    kind        TEXT NOT NULL CHECK (kind IN ('visit', 'no_show')),
    made_at     TEXT NOT NULL,
    made_by     TEXT NOT NULL,
    policy      TEXT NOT NULL DEFAULT '',  -- no_show: the text that was agreed to
    evidence    TEXT NOT NULL DEFAULT ''   -- no_show: what staff noted
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX one_invoice_of_a_kind ON invoices (appointment, kind) WHERE appointment IS NOT NULL;

CREATE TABLE invoice_lines (
    id           INTEGER PRIMARY KEY,
    invoice      TEXT NOT NULL REFERENCES invoices,
    text_fr      TEXT NOT NULL,
    text_en      TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    operation    TEXT REFERENCES operations  -- a credit: the refund that it came with
) STRICT;

-- Money that moved, as agents told it: one row for an operation. Refunds are negative.
CREATE TABLE payments (
    operation    TEXT PRIMARY KEY REFERENCES operations,
    invoice      TEXT NOT NULL REFERENCES invoices,
    amount_minor INTEGER NOT NULL,
    method       TEXT NOT NULL,       -- terminal, card_on_file
    brand        TEXT,
    last_four    TEXT,
    authorisation TEXT,
    at           TEXT NOT NULL,
    batch        TEXT                 -- the `reconcile` that took it in
) STRICT, WITHOUT ROWID;

-- A slot that a visitor has in hand, until it expires or becomes an appointment.
CREATE TABLE slot_holds (
    id       TEXT PRIMARY KEY,
    browser  TEXT NOT NULL REFERENCES browsers ON DELETE CASCADE,
    service  TEXT NOT NULL REFERENCES services,
    employee TEXT NOT NULL REFERENCES employees,
    point    TEXT NOT NULL REFERENCES points_of_service,
    starts   TEXT NOT NULL,
    ends     TEXT NOT NULL,
    expires  TEXT NOT NULL,
    UNIQUE (employee, starts)
) STRICT, WITHOUT ROWID;

-- A visitor of the online booking, with the address proven: whose appointment it is to be. `patient`: one of the
-- files of that address; else `person`, JSON, of whom a file is made with the appointment or a first card. `made`:
-- the appointment that came of the visit, for its last page.
CREATE TABLE visitors (
    browser TEXT PRIMARY KEY REFERENCES browsers ON DELETE CASCADE,
    patient TEXT REFERENCES patients,
    person  TEXT,
    made    TEXT REFERENCES appointments
) STRICT, WITHOUT ROWID;

-- A card that the clinic itself makes lasting at the vault, by the order id of its verification; the row is there
-- before anything is sent. `state`: verifying (nothing is kept anywhere), keeping (the vault may hold the card),
-- and the ends: kept, declined, not_kept. `known`: what the card's row will need, JSON, without the number.
CREATE TABLE online_cards (
    order_id    TEXT PRIMARY KEY,
    browser     TEXT NOT NULL,
    patient     TEXT NOT NULL REFERENCES patients,
    at          TEXT NOT NULL,
    state       TEXT NOT NULL DEFAULT 'verifying'
        CHECK (state IN ('verifying', 'keeping', 'kept', 'declined', 'not_kept')),
    transaction_id TEXT,
    known       TEXT NOT NULL,
    card        TEXT REFERENCES cards
) STRICT, WITHOUT ROWID;

-- A visitor's code by e-mail: kept as a hash, for some minutes and a few tries.
CREATE TABLE email_codes (
    browser TEXT PRIMARY KEY REFERENCES browsers ON DELETE CASCADE,
    email   TEXT NOT NULL,
    hash    TEXT NOT NULL,
    expires TEXT NOT NULL,
    tries   INTEGER NOT NULL DEFAULT 0,
    proven  INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- When codes were asked for: only so many in an hour, for a browser and for an address.
CREATE TABLE code_requests (
    id      INTEGER PRIMARY KEY,
    browser TEXT NOT NULL,
    email   TEXT NOT NULL,
    at      TEXT NOT NULL
) STRICT;

-- E-mail goes to this outbox and nowhere else.
CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY,
    at         TEXT NOT NULL,
    recipient  TEXT NOT NULL,
    subject    TEXT NOT NULL,
    body       TEXT NOT NULL
) STRICT;

-- What agents warned of, newest last, for the terminals page.
CREATE TABLE alerts (
    id       INTEGER PRIMARY KEY,
    agent    TEXT NOT NULL,
    terminal TEXT,
    at       TEXT NOT NULL,
    severity TEXT NOT NULL,
    code     TEXT NOT NULL,
    text_fr  TEXT NOT NULL,
    text_en  TEXT NOT NULL
) STRICT;
