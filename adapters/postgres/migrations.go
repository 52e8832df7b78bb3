package postgres

import "github.com/rightful-go/rightful/adapters/gormstore"

const countingTrigger = "CREATE TRIGGER {state}_count AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "

// migrations compare keys by bytes, whatever the database sorts by.
var migrations = []gormstore.Migration{{
	Version: 1,
	Rules: []string{ // as gorm-adapter makes them
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
	Statements: []string{
		`CREATE TABLE {groups} (
			name            text COLLATE "C" PRIMARY KEY,
			description     text NOT NULL,
			version         bigint NOT NULL,
			version_hash    bytea NOT NULL DEFAULT '', -- the first four bytes of the hash of the change
			updated_at      bigint NOT NULL, -- microseconds since 1970, UTC
			updated_by_kind text NOT NULL,
			updated_by_id   text NOT NULL
		)`,
		`CREATE TABLE {memberships} ( -- when memberships end; the policy table has the memberships
			group_name text COLLATE "C" NOT NULL,
			user_id    text COLLATE "C" NOT NULL,
			until      bigint NOT NULL CHECK (until > 0), -- microseconds since 1970, UTC
			PRIMARY KEY (group_name, user_id)
		)`,
		`CREATE TABLE {users} (
			user_id      text COLLATE "C" PRIMARY KEY,
			version      bigint NOT NULL,
			version_hash bytea NOT NULL -- the first four bytes of the hash of the change
		)`,
		`CREATE TABLE {changes} ( -- never updated; deleted only by an archive
			revision   bigint PRIMARY KEY,
			at         bigint NOT NULL, -- microseconds since 1970, UTC
			actor_kind text NOT NULL,
			actor_id   text NOT NULL,
			channel    text NOT NULL,
			reason     text NOT NULL,
			action     text NOT NULL,
			target     text NOT NULL,
			delta      bytea NOT NULL, -- JSON, in the bytes that the hash covers
			hash       bytea NOT NULL,
			key_1      text COLLATE "C" NOT NULL, -- the first three keys by which the change is found, or ''
			key_2      text COLLATE "C" NOT NULL,
			key_3      text COLLATE "C" NOT NULL
		)`,
		"CREATE INDEX idx_{changes}_at ON {changes} (at, revision)",
		"CREATE INDEX idx_{changes}_1 ON {changes} (key_1, revision)",
		"CREATE INDEX idx_{changes}_2 ON {changes} (key_2, revision)",
		"CREATE INDEX idx_{changes}_3 ON {changes} (key_3, revision)",
		`CREATE TABLE {change_keys} ( -- the others
			change_key text COLLATE "C" NOT NULL,
			revision   bigint NOT NULL,
			PRIMARY KEY (change_key, revision)
		)`,
		"CREATE INDEX idx_{change_keys} ON {change_keys} (revision)",
		`CREATE TABLE {checkpoints} (
			revision bigint NOT NULL,
			chunk    integer NOT NULL, -- from 0
			chunks   integer NOT NULL, -- how many there are
			hash     bytea NOT NULL, -- of the change of that revision
			digest   bytea NOT NULL, -- of all chunks
			data     bytea NOT NULL,
			PRIMARY KEY (revision, chunk)
		)`,
		`CREATE TABLE {state} ( -- one row
			id                integer PRIMARY KEY,
			schema_version    integer NOT NULL,
			revision          bigint NOT NULL,
			hash              bytea NOT NULL, -- of the last change
			seeded            boolean NOT NULL,
			had_administrator boolean NOT NULL,
			usage_since       integer NOT NULL DEFAULT 0, -- the days since 1970, UTC, on which uses were recorded; see {usage}
			usage_until       integer NOT NULL DEFAULT 0
		)`,
		`INSERT INTO {state} (id, schema_version, revision, hash, seeded, had_administrator)
			VALUES (1, 0, 0, '', false, false)`,
	},
}, {
	Version: 2,
	Statements: []string{
		`ALTER TABLE {state}
			ADD COLUMN writes     bigint  NOT NULL DEFAULT 0, -- by others, to the rules, groups and ends; counted by triggers
			ADD COLUMN recorded   bigint  NOT NULL DEFAULT 0, -- the writes that the last change was made onto
			ADD COLUMN committing boolean NOT NULL DEFAULT false, -- what is written is a change, and isn't counted
			ADD COLUMN has_ends   boolean NOT NULL DEFAULT false -- whether {memberships} had a row after the last change`,
		gormstore.CountEarlierWrites,
		// An account that writes to a policy table may have no rights on the state, and another
		// schema on its search path.
		"CREATE FUNCTION {state}_count() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS " +
			"$$ BEGIN EXECUTE format('UPDATE %I.{state} SET writes = writes + 1 WHERE id = 1 AND NOT committing', TG_TABLE_SCHEMA); RETURN NULL; END $$",
		"CREATE FUNCTION {state}_count_again() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS " +
			"$$ BEGIN EXECUTE format('UPDATE %1$I.{state} SET committing = false, has_ends = EXISTS (SELECT 1 FROM %1$I.{memberships}) WHERE id = 1', TG_TABLE_SCHEMA); " +
			"RETURN NULL; END $$",
		"CREATE TRIGGER {state}_count_again AFTER INSERT ON {changes} FOR EACH STATEMENT EXECUTE FUNCTION {state}_count_again()",
		countingTrigger + "{rules} FOR EACH STATEMENT EXECUTE FUNCTION {state}_count()",
		countingTrigger + "{memberships} FOR EACH STATEMENT EXECUTE FUNCTION {state}_count()",
		countingTrigger + "{groups} FOR EACH STATEMENT EXECUTE FUNCTION {state}_count()",
	},
}, {
	Version: 3,
	Statements: []string{
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
		`CREATE TABLE {usage} ( -- when each user last used each permission; bounded in age and number
			user_id    text COLLATE "C" NOT NULL,
			permission text COLLATE "C" NOT NULL,
			day        integer NOT NULL, -- since 1970, UTC
			PRIMARY KEY (user_id, permission)
		)`,
		"CREATE INDEX idx_{usage}_day ON {usage} (day, user_id, permission)",
	},
}, {
	Version: 4,
	Statements: []string{
		`CREATE TABLE {requests} ( -- for access, bounded in age and number
			id              text COLLATE "C" PRIMARY KEY,
			user_id         text COLLATE "C" NOT NULL,
			slot            integer, -- of the user's, while the request is open
			denial_id       text NOT NULL,
			reason          text NOT NULL,
			permissions     text NOT NULL, -- JSON
			one_is_enough   boolean NOT NULL,
			state           text COLLATE "C" NOT NULL,
			created_at      bigint NOT NULL, -- microseconds since 1970, UTC, like all times
			expires_at      bigint NOT NULL,
			ends_at         bigint NOT NULL, -- the access, 0 for no end
			closed_at       bigint NOT NULL, -- when it was decided, or expires
			decided_by_kind text NOT NULL,
			decided_by_id   text NOT NULL,
			decision        text NOT NULL,
			revision        bigint NOT NULL
		)`,
		"CREATE UNIQUE INDEX idx_{requests}_slot ON {requests} (user_id, slot)",
		"CREATE INDEX idx_{requests}_at ON {requests} (created_at, id)",
		"CREATE INDEX idx_{requests}_user ON {requests} (user_id, created_at, id)",
		"CREATE INDEX idx_{requests}_state ON {requests} (state, created_at, id)",
		"CREATE INDEX idx_{requests}_closed ON {requests} (closed_at, state)",
	},
}}
