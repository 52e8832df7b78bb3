package sqlite

import "github.com/rightful-go/rightful/adapters/gormstore"

var migrations = []gormstore.Migration{{
	Version: 1,
	Rules: []string{ // to the letter as gorm-adapter makes them
		"CREATE TABLE `{rules}` (`id` integer PRIMARY KEY AUTOINCREMENT," +
			"`ptype` text,`v0` text,`v1` text,`v2` text,`v3` text,`v4` text,`v5` text)",
		"CREATE UNIQUE INDEX idx_{rules} ON {rules} (ptype,v0,v1,v2,v3,v4,v5)",
	},
	Statements: []string{
		`CREATE TABLE {groups} (
			name            text PRIMARY KEY NOT NULL,
			description     text NOT NULL,
			version         bigint NOT NULL,
			updated_at      bigint NOT NULL, -- microseconds since 1970, UTC
			updated_by_kind text NOT NULL,
			updated_by_id   text NOT NULL
		)`,
		`CREATE TABLE {users} (
			user_id text PRIMARY KEY NOT NULL,
			version bigint NOT NULL
		)`,
		`CREATE TABLE {changes} ( -- never updated, never deleted
			revision   integer PRIMARY KEY NOT NULL,
			at         bigint NOT NULL, -- microseconds since 1970, UTC
			actor_kind text NOT NULL,
			actor_id   text NOT NULL,
			channel    text NOT NULL,
			reason     text NOT NULL,
			action     text NOT NULL,
			target     text NOT NULL,
			delta      blob NOT NULL, -- JSON, in the bytes that the hash covers
			hash       blob NOT NULL
		)`,
		`CREATE TABLE {state} ( -- one row
			id                integer PRIMARY KEY NOT NULL,
			schema_version    integer NOT NULL,
			revision          bigint NOT NULL,
			hash              blob NOT NULL, -- of the last change
			seeded            boolean NOT NULL,
			had_administrator boolean NOT NULL
		)`,
		`INSERT INTO {state} (id, schema_version, revision, hash, seeded, had_administrator)
			VALUES (1, 0, 0, x'', false, false)`,
	},
}, {
	Version:    2,
	Statements: append(append(counting, gormstore.CountEarlierWrites), gormstore.CountingTriggers("BEGIN "+gormstore.CountWrite+"; END", false)...),
}, {
	Version: 3,
	Statements: []string{
		`CREATE TABLE {denials} ( -- bounded in age and number
			id            text PRIMARY KEY NOT NULL,
			at            bigint NOT NULL, -- microseconds since 1970, UTC
			user_id       text NOT NULL,
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

// counting are the columns of the state that tell writes by others.
var counting = []string{
	"ALTER TABLE {state} ADD COLUMN writes bigint NOT NULL DEFAULT 0",          // by others, to the rules and the groups; counted by triggers
	"ALTER TABLE {state} ADD COLUMN recorded bigint NOT NULL DEFAULT 0",        // the writes that the last change was made onto
	"ALTER TABLE {state} ADD COLUMN committing boolean NOT NULL DEFAULT false", // what is written is a change, and isn't counted
}
