-- The tables of fastapi_app.py, with Matron's indexes and overlap rule.
CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE account (id uuid PRIMARY KEY, email text NOT NULL UNIQUE, password_hash text NOT NULL);
CREATE TABLE doctor (id uuid PRIMARY KEY, name text NOT NULL);
CREATE TABLE patient (id uuid PRIMARY KEY);
CREATE TABLE appointment (
    id uuid PRIMARY KEY,
    doctor_id uuid NOT NULL REFERENCES doctor,
    patient_id uuid NOT NULL REFERENCES patient,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
    status text NOT NULL,
    reason text,
    revision integer NOT NULL,
    CONSTRAINT no_doctor_overlap EXCLUDE USING gist (doctor_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
        WHERE (status IN ('requested', 'booked', 'arrived', 'in_progress'))
);
CREATE INDEX ON appointment (doctor_id, starts_at, id);
CREATE INDEX ON appointment (patient_id, starts_at, id);
