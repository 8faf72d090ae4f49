/**
 * The record file and its log. Texts are kept byte by byte, since their hashes stand in the log. A row has the inquirer's
 * own name of the request where it is a first branch, so that the database itself takes each of these once.
 *
 * Triggers keep what is written as it is, for the owner of the tables too: a log entry and a checkpoint for ever, a row
 * of the file but for its record code, and until its period is said to be erased. They are of whole statements and cost
 * nothing where rows are added.
 */
export const RECORD_TABLES = `
  CREATE TABLE record (
    serial bigint NOT NULL CHECK (serial > 0),
    entry bigint NOT NULL CHECK (entry >= 0),
    branch integer NOT NULL CHECK (branch > 0),
    period text COLLATE "C" NOT NULL CHECK (length(period) BETWEEN 1 AND 16),
    record_code bytea NOT NULL CHECK (octet_length(record_code) = 24),
    inquirer text COLLATE "C" CHECK (length(inquirer) BETWEEN 1 AND 32),
    request_id text COLLATE "C" CHECK (length(request_id) BETWEEN 1 AND 64),
    content text NOT NULL,
    PRIMARY KEY (serial, branch),
    CHECK ((branch = 1) = (inquirer IS NOT NULL AND request_id IS NOT NULL))
  );
  CREATE UNIQUE INDEX record_request ON record (inquirer, request_id) WHERE branch = 1;
  CREATE INDEX record_person ON record (record_code, serial) WHERE branch = 1;

  CREATE TABLE record_period (
    least_serial bigint NOT NULL,
    rows bigint NOT NULL CHECK (rows >= 0),
    generation smallint NOT NULL CHECK (generation BETWEEN 1 AND 255),
    least_generation smallint NOT NULL CHECK (least_generation BETWEEN generation AND 255),
    erased boolean NOT NULL,
    period text COLLATE "C" NOT NULL PRIMARY KEY CHECK (length(period) BETWEEN 1 AND 16)
  );

  CREATE TABLE log_entry (
    index bigint NOT NULL PRIMARY KEY CHECK (index >= 0),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    content text NOT NULL
  );

  CREATE TABLE log_hash (
    index bigint NOT NULL,
    level smallint NOT NULL,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (level, index)
  );

  CREATE TABLE log_checkpoint (
    size bigint NOT NULL PRIMARY KEY,
    note text NOT NULL
  );

  CREATE TABLE head (
    next_serial bigint NOT NULL CHECK (next_serial > 0),
    size bigint NOT NULL CHECK (size >= 0),
    at bigint NOT NULL,
    one boolean NOT NULL PRIMARY KEY CHECK (one),
    last bytea NOT NULL CHECK (octet_length(last) = 32),
    subtrees bytea NOT NULL CHECK (octet_length(subtrees) % 32 = 0)
  ) WITH (fillfactor = 10);
  INSERT INTO head VALUES (1, 0, 0, true, decode(repeat('00', 32), 'hex'), '');

  CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    RAISE EXCEPTION '% of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'RK001';
  END $$;
  CREATE FUNCTION keep_record() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
      SELECT FROM before LEFT JOIN record_period ON record_period.period = before.period WHERE erased IS NOT TRUE
    ) THEN
      RAISE EXCEPTION 'a row of a period that is not being erased is kept' USING ERRCODE = 'RK001';
    END IF;
    RETURN NULL;
  END $$;
  CREATE FUNCTION keep_record_content() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF EXISTS (
      SELECT serial, branch, period, inquirer, request_id, content FROM before
      EXCEPT SELECT serial, branch, period, inquirer, request_id, content FROM after
    ) THEN
      RAISE EXCEPTION 'of a row that stands only the record code changes' USING ERRCODE = 'RK001';
    END IF;
    RETURN NULL;
  END $$;
  CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON log_entry EXECUTE FUNCTION refuse();
  CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON log_hash EXECUTE FUNCTION refuse();
  CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON log_checkpoint EXECUTE FUNCTION refuse();
  CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON head EXECUTE FUNCTION refuse();
  CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON record_period EXECUTE FUNCTION refuse();
  CREATE TRIGGER kept BEFORE TRUNCATE ON record EXECUTE FUNCTION refuse();
  CREATE TRIGGER kept_until_erased AFTER DELETE ON record
    REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION keep_record();
  CREATE TRIGGER kept_but_for_code AFTER UPDATE ON record
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION keep_record_content();
  CREATE TRIGGER only_forward BEFORE UPDATE ON head FOR EACH ROW
    WHEN (NEW.size < OLD.size OR NEW.next_serial < OLD.next_serial OR NEW.at < OLD.at) EXECUTE FUNCTION refuse();
  CREATE TRIGGER only_forward BEFORE UPDATE ON record_period FOR EACH ROW
    WHEN (OLD.erased AND NOT NEW.erased OR NEW.least_generation < OLD.least_generation) EXECUTE FUNCTION refuse();
`;
