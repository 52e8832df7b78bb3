package adapters

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// openPostgres opens the store at a postgres:// address, which pgx reads: its parameters and
// the PG… variables of libpq count.
func openPostgres(ctx context.Context, address string, o GormOptions) (*GormStore, error) {
	config, err := postgresAddress(address)
	if err != nil {
		return nil, err
	}
	return openServer(ctx, stdlib.OpenDB(*config), &postgresDialect, o)
}

func postgresAddress(address string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil || !postgresForm.MatchString(address) { // pgx's own error may have parts of the address in it
		return nil, errors.New("the address of the database isn't of the form postgres://USER:PASSWORD@HOST:PORT/DATABASE?…, " +
			"with @ / ? # in its user or password written %40 %2F %3F %23")
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	return config, nil
}

var postgresDialect = dialect{
	over: func(pool gorm.ConnPool) gorm.Dialector {
		return postgres.New(postgres.Config{Conn: pool})
	},
	beginRead: []string{"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"},
	// READ COMMITTED, whatever the host's default: who waited for the row of the state then
	// compares the revision with what the first left there. The second statement bounds the
	// waiting for others, and how long others wait for a process that was frozen amidst a
	// commit; it goes with the transaction.
	beginWrite: []string{
		"BEGIN ISOLATION LEVEL READ COMMITTED",
		fmt.Sprintf("SELECT set_config('lock_timeout', '%d', true), set_config('idle_in_transaction_session_timeout', '%d', true)",
			lockTimeout.Milliseconds(), idleTimeout.Milliseconds()),
	},
	// Where the search path finds it, as every other statement does.
	hasTable:    "SELECT COUNT(*) FROM pg_class WHERE oid = to_regclass(?) AND relkind IN ('r', 'p')",
	equal:       plainEqual,
	rows:        rowsByColumn,
	conflict:    postgresConflict,
	hide:        hideNothing, // values stand in the detail of PostgreSQL's errors, which their text leaves out
	check:       postgresCheck,
	migrations:  postgresMigrations,
	alone:       postgresAlone,
	scriptBegin: "BEGIN;",
	scriptEnd:   "COMMIT;",
}

// postgresConflict knows a failure to serialize (40001) and a deadlock (40P01),
// https://www.postgresql.org/docs/current/errcodes-appendix.html.
func postgresConflict(err error) bool {
	var coded interface{ SQLState() string } // pgx's, and that of a host's other driver
	return errors.As(err, &coded) && (coded.SQLState() == "40001" || coded.SQLState() == "40P01")
}

// postgresCheck refuses databases in which not every character has a place.
func postgresCheck(tx *gorm.DB, _ tables) error {
	var encoding string
	if err := tx.Raw("SHOW server_encoding").Row().Scan(&encoding); err != nil {
		return fmt.Errorf("ask for the encoding of the database: %w", err)
	}
	if encoding != "UTF8" {
		return fmt.Errorf("the encoding of the database is %s; it must be UTF8", encoding)
	}
	return nil
}

// postgresAlone holds an advisory lock to the end of the transaction. Its number means
// nothing, but stays: older versions of Rightful may start beside newer ones.
func postgresAlone(tx *gorm.DB, work func() error) error {
	if err := tx.Exec("SELECT pg_advisory_xact_lock(7237126813457212261)").Error; err != nil {
		return fmt.Errorf("wait for other migrations: %w", err)
	}
	return work()
}

const postgresTrigger = "CREATE TRIGGER {state}_count AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "

// postgresMigrations compare keys by bytes, whatever the database sorts by.
var postgresMigrations = []migration{{
	version: 1,
	rules: []string{ // as gorm-adapter makes them
		`CREATE TABLE {rules} (
			id    bigserial,
			ptype varchar(100),
			v0    varchar(100),
			v1    varchar(100),
			v2    varchar(100),
			v3    varchar(100),
			v4    varchar(100),
			v5    varchar(100),
			PRIMARY KEY (id)
		)`,
		"CREATE UNIQUE INDEX idx_{rules} ON {rules} (ptype,v0,v1,v2,v3,v4,v5)",
	},
	statements: []string{
		`CREATE TABLE {groups} (
			name            text COLLATE "C" PRIMARY KEY,
			description     text NOT NULL,
			version         bigint NOT NULL,
			updated_at      bigint NOT NULL, -- microseconds since 1970, UTC
			updated_by_kind text NOT NULL,
			updated_by_id   text NOT NULL
		)`,
		`CREATE TABLE {users} (
			user_id text COLLATE "C" PRIMARY KEY,
			version bigint NOT NULL
		)`,
		`CREATE TABLE {changes} ( -- never updated, never deleted
			revision   bigint PRIMARY KEY,
			at         bigint NOT NULL, -- microseconds since 1970, UTC
			actor_kind text NOT NULL,
			actor_id   text NOT NULL,
			channel    text NOT NULL,
			reason     text NOT NULL,
			action     text NOT NULL,
			target     text NOT NULL,
			delta      bytea NOT NULL, -- JSON, in the bytes that the hash covers
			hash       bytea NOT NULL
		)`,
		`CREATE TABLE {state} ( -- one row
			id                integer PRIMARY KEY,
			schema_version    integer NOT NULL,
			revision          bigint NOT NULL,
			hash              bytea NOT NULL, -- of the last change
			seeded            boolean NOT NULL,
			had_administrator boolean NOT NULL
		)`,
		`INSERT INTO {state} (id, schema_version, revision, hash, seeded, had_administrator)
			VALUES (1, 0, 0, '', false, false)`,
	},
}, {
	version: 2,
	statements: []string{
		`ALTER TABLE {state}
			ADD COLUMN writes     bigint  NOT NULL DEFAULT 0, -- by others, to the rules and the groups; counted by triggers
			ADD COLUMN recorded   bigint  NOT NULL DEFAULT 0, -- the writes that the last change was made onto
			ADD COLUMN committing boolean NOT NULL DEFAULT false -- what is written is a change, and isn't counted`,
		uncounted,
		// Whoever may write to a policy table need not have rights on the state, nor its schema
		// on their search path.
		"CREATE FUNCTION {state}_count() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS " +
			"$$ BEGIN EXECUTE format('UPDATE %I.{state} SET writes = writes + 1 WHERE id = 1 AND NOT committing', TG_TABLE_SCHEMA); RETURN NULL; END $$",
		postgresTrigger + "{rules} FOR EACH STATEMENT EXECUTE FUNCTION {state}_count()",
		postgresTrigger + "{groups} FOR EACH STATEMENT EXECUTE FUNCTION {state}_count()",
	},
}, {
	version: 3,
	statements: []string{
		`CREATE TABLE {denials} ( -- bounded in age and number
			id            text COLLATE "C" PRIMARY KEY,
			at            bigint NOT NULL, -- microseconds since 1970, UTC
			user_id       text COLLATE "C" NOT NULL,
			method        text NOT NULL,
			route         text NOT NULL,
			required      text NOT NULL, -- JSON
			one_is_enough boolean NOT NULL,
			missing       text NOT NULL, -- JSON
			revision      bigint NOT NULL,
			suppressed    bigint NOT NULL
		)`,
		"CREATE INDEX idx_{denials}_at ON {denials} (at, id)",
		"CREATE INDEX idx_{denials}_user ON {denials} (user_id, at, id)",
	},
}}
