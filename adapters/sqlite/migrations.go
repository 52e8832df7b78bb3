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
			version_hash    blob NOT NULL DEFAULT x'', -- the first four bytes of the hash of the change
			updated_at      bigint NOT NULL, -- microseconds since 1970, UTC
			updated_by_kind text NOT NULL,
			updated_by_id   text NOT NULL
		)`,
		`CREATE TABLE {memberships} ( -- when memberships end; the policy table has the memberships
			group_name text NOT NULL,
			user_id    text NOT NULL,
			until      bigint NOT NULL CHECK (until > 0), -- microseconds since 1970, UTC
			PRIMARY KEY (group_name, user_id),
			CHECK (typeof(group_name) = 'text' AND typeof(user_id) = 'text' AND typeof(until) = 'integer')
		)`,
		`CREATE TABLE {users} (
			user_id      text PRIMARY KEY NOT NULL,
			version      bigint NOT NULL,
			version_hash blob NOT NULL -- the first four bytes of the hash of the change
		)`,
		`CREATE TABLE {changes} ( -- never updated; deleted only by an archive
			revision   integer PRIMARY KEY NOT NULL,
			at         bigint NOT NULL, -- microseconds since 1970, UTC
			actor_kind text NOT NULL,
			actor_id   text NOT NULL,
			channel    text NOT NULL,
			reason     text NOT NULL,
			action     text NOT NULL,
			target     text NOT NULL,
			delta      blob NOT NULL, -- JSON, in the bytes that the hash covers
			hash       blob NOT NULL,
			key_1      text NOT NULL, -- the first three keys by which the change is found, or ''
			key_2      text NOT NULL,
			key_3      text NOT NULL
		)`,
		"CREATE INDEX idx_{changes}_at ON {changes} (at, revision)",
		"CREATE INDEX idx_{changes}_1 ON {changes} (key_1, revision)",
		"CREATE INDEX idx_{changes}_2 ON {changes} (key_2, revision)",
		"CREATE INDEX idx_{changes}_3 ON {changes} (key_3, revision)",
		`CREATE TABLE {change_keys} ( -- the others
			change_key text NOT NULL,
			revision   bigint NOT NULL,
			PRIMARY KEY (change_key, revision)
		)`,
		"CREATE INDEX idx_{change_keys} ON {change_keys} (revision)",
		`CREATE TABLE {checkpoints} (
			revision bigint NOT NULL,
			chunk    integer NOT NULL, -- from 0
			chunks   integer NOT NULL, -- how many there are
			hash     blob NOT NULL, -- of the change of that revision
			digest   blob NOT NULL, -- of all chunks
			data     blob NOT NULL,
			PRIMARY KEY (revision, chunk)
		)`,
		`CREATE TABLE {state} ( -- one row
			id                integer PRIMARY KEY NOT NULL,
			schema_version    integer NOT NULL,
			revision          bigint NOT NULL,
			hash              blob NOT NULL, -- of the last change
			seeded            boolean NOT NULL,
			had_administrator boolean NOT NULL,
			usage_since       integer NOT NULL DEFAULT 0, -- the days since 1970, UTC, on which uses were recorded; see {usage}
			usage_until       integer NOT NULL DEFAULT 0
		)`,
		`INSERT INTO {state} (id, schema_version, revision, hash, seeded, had_administrator)
			VALUES (1, 0, 0, x'', false, false)`,
	},
}, {
	Version:    2,
	Statements: append(append(counting, gormstore.CountEarlierWrites), gormstore.CountingTriggers("BEGIN "+gormstore.CountWrite+"; END", "BEGIN "+gormstore.CountAgain+"; END", false)...),
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
		`CREATE TABLE {usage} ( -- when each user last used each permission; bounded in age and number
			user_id    text NOT NULL,
			permission text NOT NULL,
			day        integer NOT NULL, -- since 1970, UTC
			PRIMARY KEY (user_id, permission)
		)`,
		"CREATE INDEX idx_{usage}_day ON {usage} (day, user_id, permission)",
	},
}, {
	Version: 4,
	Statements: []string{
		`CREATE TABLE {requests} ( -- for access, bounded in age and number
			id              text PRIMARY KEY NOT NULL,
			user_id         text NOT NULL,
			slot            integer, -- of the user's, while the request is open
			denial_id       text NOT NULL,
			reason          text NOT NULL,
			permissions     text NOT NULL, -- JSON
			one_is_enough   boolean NOT NULL,
			state           text NOT NULL,
			created_at      bigint NOT NULL, -- microseconds since 1970, UTC, like all times
			expires_at      bigint NOT NULL,
			ends_at         bigint NOT NULL, -- the access, 0 for no end
			closed_at       bigint NOT NULL, -- when it was decided, or expires
			decided_by_kind text NOT NULL,
			decided_by_id   text NOT NULL,
			decision        text NOT NULL,
			revision        bigint NOT NULL,
			UNIQUE (user_id, slot)
		)`,
		"CREATE INDEX idx_{requests}_at ON {requests} (created_at, id)",
		"CREATE INDEX idx_{requests}_user ON {requests} (user_id, created_at, id)",
		"CREATE INDEX idx_{requests}_state ON {requests} (state, created_at, id)",
		"CREATE INDEX idx_{requests}_closed ON {requests} (closed_at, state)",
	},
}}

// counting are the columns of the state that tell writes by others.
var counting = []string{
	"ALTER TABLE {state} ADD COLUMN writes bigint NOT NULL DEFAULT 0",          // by others, to the rules, groups and ends; counted by triggers
	"ALTER TABLE {state} ADD COLUMN recorded bigint NOT NULL DEFAULT 0",        // the writes that the last change was made onto
	"ALTER TABLE {state} ADD COLUMN committing boolean NOT NULL DEFAULT false", // what is written is a change, and isn't counted
	"ALTER TABLE {state} ADD COLUMN has_ends boolean NOT NULL DEFAULT false",   // whether {memberships} had a row after the last change
}
