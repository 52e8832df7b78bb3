package mysql

import "github.com/rightful-go/rightful/adapters/gormstore"

// collate sets the collation on the table and leaves the columns nullable: AutoMigrate of
// gorm-adapter would undo anything else.
const collate = "ALTER TABLE {rules} CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"

// migrations can be broken off anywhere and run again, because in MySQL the definition of a table
// can't be taken back: each statement may find its work done, and the last one makes the state,
// whole. Keys in tables of ours are varbinary: utf8mb4_bin still ignores trailing spaces.
var migrations = []gormstore.Migration{{
	Version: 1,
	Rules: []string{ // as gorm-adapter makes it, but for the collation; index and all in one
		`CREATE TABLE {rules} (
			id    bigint unsigned NOT NULL AUTO_INCREMENT,
			ptype varchar(100),
			v0    varchar(100),
			v1    varchar(100),
			v2    varchar(100),
			v3    varchar(100),
			v4    varchar(100),
			v5    varchar(100),
			PRIMARY KEY (id),
			UNIQUE KEY idx_{rules} (ptype,v0,v1,v2,v3,v4,v5)
		) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`,
	},
	Adopted: []string{collate},
	Statements: []string{
		`CREATE TABLE IF NOT EXISTS {groups} (
			name            varbinary(400) NOT NULL PRIMARY KEY, -- UTF-8
			description     text NOT NULL,
			version         bigint NOT NULL,
			version_hash    varbinary(4) NOT NULL DEFAULT '', -- the first four bytes of the hash of the change
			updated_at      bigint NOT NULL, -- microseconds since 1970, UTC
			updated_by_kind varchar(100) NOT NULL,
			updated_by_id   text NOT NULL
		) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`,
		`CREATE TABLE IF NOT EXISTS {memberships} ( -- when memberships end; the policy table has the memberships
			group_name varbinary(400) NOT NULL, -- UTF-8
			user_id    varbinary(400) NOT NULL, -- UTF-8
			until      bigint NOT NULL CHECK (until > 0), -- microseconds since 1970, UTC
			PRIMARY KEY (group_name, user_id)
		) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`,
		`CREATE TABLE IF NOT EXISTS {users} (
			user_id      varbinary(400) NOT NULL PRIMARY KEY, -- UTF-8
			version      bigint NOT NULL,
			version_hash varbinary(4) NOT NULL -- the first four bytes of the hash of the change
		) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`,
		`CREATE TABLE IF NOT EXISTS {changes} ( -- never updated; deleted only by an archive
			revision   bigint NOT NULL PRIMARY KEY,
			at         bigint NOT NULL, -- microseconds since 1970, UTC
			actor_kind varchar(100) NOT NULL,
			actor_id   text NOT NULL,
			channel    text NOT NULL,
			reason     text NOT NULL,
			action     varchar(100) NOT NULL,
			target     text NOT NULL,
			delta      longblob NOT NULL, -- JSON, in the bytes that the hash covers
			hash       varbinary(64) NOT NULL,
			key_1      varbinary(440) NOT NULL, -- UTF-8; the first three keys by which the change is found, or ''
			key_2      varbinary(440) NOT NULL,
			key_3      varbinary(440) NOT NULL,
			KEY idx_{changes}_at (at, revision),
			KEY idx_{changes}_1 (key_1, revision),
			KEY idx_{changes}_2 (key_2, revision),
			KEY idx_{changes}_3 (key_3, revision)
		) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`,
		`CREATE TABLE IF NOT EXISTS {change_keys} ( -- the others
			change_key varbinary(440) NOT NULL,
			revision   bigint NOT NULL,
			PRIMARY KEY (change_key, revision),
			KEY idx_{change_keys} (revision)
		) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`,
		`CREATE TABLE IF NOT EXISTS {checkpoints} (
			revision bigint NOT NULL,
			chunk    int NOT NULL, -- from 0
			chunks   int NOT NULL, -- how many there are
			hash     varbinary(64) NOT NULL, -- of the change of that revision
			digest   varbinary(64) NOT NULL, -- of all chunks
			data     longblob NOT NULL,
			PRIMARY KEY (revision, chunk)
		) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`,
		"DROP TABLE IF EXISTS {state}_new",
		`CREATE TABLE {state}_new ( -- one row
			id                int NOT NULL PRIMARY KEY,
			schema_version    int NOT NULL,
			revision          bigint NOT NULL,
			hash              varbinary(64) NOT NULL, -- of the last change
			seeded            boolean NOT NULL,
			had_administrator boolean NOT NULL,
			usage_since       int NOT NULL DEFAULT 0, -- the days since 1970, UTC, on which uses were recorded; see {usage}
			usage_until       int NOT NULL DEFAULT 0
		) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`,
		`INSERT INTO {state}_new (id, schema_version, revision, hash, seeded, had_administrator)
			VALUES (1, 1, 0, '', false, false)`,
		"RENAME TABLE {state}_new TO {state}",
	},
}, {
	Version:    2,
	Statements: append(append(counting, gormstore.CountEarlierWrites), gormstore.CountingTriggers(gormstore.CountWrite, gormstore.CountAgain, true)...),
}, {
	Version: 3,
	Statements: []string{
		`CREATE TABLE IF NOT EXISTS {denials} ( -- bounded in age and number
			id            varbinary(400) NOT NULL PRIMARY KEY,
			at            bigint NOT NULL, -- microseconds since 1970, UTC
			user_id       varbinary(400) NOT NULL, -- UTF-8
			method        varchar(100) NOT NULL,
			route         text NOT NULL,
			required      mediumtext NOT NULL, -- JSON
			one_is_enough boolean NOT NULL,
			missing       mediumtext NOT NULL, -- JSON
			revision      bigint NOT NULL,
			suppressed    bigint NOT NULL,
			KEY idx_{denials}_at (at, id),
			KEY idx_{denials}_user (user_id, at, id)
		) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`,
		`CREATE TABLE IF NOT EXISTS {usage} ( -- when each user last used each permission; bounded in age and number
			user_id    varbinary(400) NOT NULL, -- UTF-8
			permission varbinary(804) NOT NULL, -- UTF-8
			day        int NOT NULL, -- since 1970, UTC
			PRIMARY KEY (user_id, permission),
			KEY idx_{usage}_day (day, user_id, permission)
		) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`,
	},
}, {
	Version: 4,
	Statements: []string{
		`CREATE TABLE IF NOT EXISTS {requests} ( -- for access, bounded in age and number
			id              varbinary(400) NOT NULL PRIMARY KEY,
			user_id         varbinary(400) NOT NULL, -- UTF-8
			slot            int, -- of the user's, while the request is open
			denial_id       varbinary(400) NOT NULL,
			reason          text NOT NULL,
			permissions     mediumtext NOT NULL, -- JSON
			one_is_enough   boolean NOT NULL,
			state           varchar(20) NOT NULL,
			created_at      bigint NOT NULL, -- microseconds since 1970, UTC, like all times
			expires_at      bigint NOT NULL,
			ends_at         bigint NOT NULL, -- the access, 0 for no end
			closed_at       bigint NOT NULL, -- when it was decided, or expires
			decided_by_kind varchar(20) NOT NULL,
			decided_by_id   text NOT NULL,
			decision        text NOT NULL,
			revision        bigint NOT NULL,
			UNIQUE KEY idx_{requests}_slot (user_id, slot),
			KEY idx_{requests}_at (created_at, id),
			KEY idx_{requests}_user (user_id, created_at, id),
			KEY idx_{requests}_state (state, created_at, id),
			KEY idx_{requests}_closed (closed_at, state)
		) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`,
	},
}}

// counting adds the columns of the state that tell writes by others, unless they are there.
// Comments would end at the end of the string.
var counting = []string{
	`SET @counting = IF((SELECT COUNT(*) FROM information_schema.columns
			WHERE table_schema = DATABASE() AND table_name = '{state}' AND column_name = 'writes') > 0, 'DO 0',
			'ALTER TABLE {state} ADD COLUMN writes bigint NOT NULL DEFAULT 0, ADD COLUMN recorded bigint NOT NULL DEFAULT 0, ADD COLUMN committing boolean NOT NULL DEFAULT false,
			ADD COLUMN has_ends boolean NOT NULL DEFAULT false')`,
	"PREPARE counting FROM @counting",
	"EXECUTE counting",
	"DEALLOCATE PREPARE counting",
}
