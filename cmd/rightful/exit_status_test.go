package main

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/authz"
)

// sqlState and sqliteCode stand for the errors of the drivers.
type sqlState string

func (s sqlState) Error() string    { return "SQLSTATE " + string(s) }
func (s sqlState) SQLState() string { return string(s) }

type sqliteCode int

func (c sqliteCode) Error() string { return fmt.Sprint("SQLite error ", int(c)) }
func (c sqliteCode) Code() int     { return int(c) }

func answered(status int) error {
	e := &client.Error{}
	e.Status = status
	return e
}

func TestExitStatuses(t *testing.T) {
	for _, test := range []struct {
		err  error
		want int
	}{
		{nil, statusYes},
		{noError{}, statusNo},
		{noError{errors.New("row 5 is not a bad row")}, statusNo},

		{usageError{errors.New("no database given")}, statusError},
		{errUsageShown, statusError},
		{errors.New("anything else"), statusError},
		{&fs.PathError{Op: "open", Path: "key", Err: fs.ErrNotExist}, statusError},
		{&authz.Error{Kind: authz.ErrInvalid}, statusError},
		{sqlState("28P01"), statusError}, // a wrong password
		{sqlState("3D000"), statusError}, // no such database
		{&mysql.MySQLError{Number: 1045}, statusError},
		{sqliteCode(14), statusError},                                                     // cannot open the file
		{fmt.Errorf("%w: %w", authz.ErrStoreUnavailable, sqlState("42501")), statusError}, // no right to read the tables
		{fmt.Errorf("%w: %w", authz.ErrStoreUnavailable, context.Canceled), statusError},
		{answered(401), statusError},
		{answered(404), statusError},
		{answered(500), statusError},

		{authz.ErrConflict, statusConflict},
		{&authz.Error{Kind: authz.ErrRevisionConflict, Revision: 3}, statusConflict},
		{answered(409), statusConflict},
		{answered(412), statusConflict},

		{authz.ErrStoreUnavailable, statusUnreachable},
		{context.DeadlineExceeded, statusUnreachable},
		{driver.ErrBadConn, statusUnreachable},
		{&net.OpError{Op: "dial", Err: errors.New("connection refused")}, statusUnreachable},
		{&net.DNSError{Name: "db.example"}, statusUnreachable},
		{io.ErrUnexpectedEOF, statusUnreachable},
		{sqlState("08006"), statusUnreachable}, // the connection failed
		{sqlState("53300"), statusUnreachable}, // too many connections
		{sqlState("57P03"), statusUnreachable}, // the server is starting up
		{&mysql.MySQLError{Number: 1040}, statusUnreachable},
		{mysql.ErrInvalidConn, statusUnreachable},
		{sqliteCode(5), statusUnreachable},        // locked by another process
		{sqliteCode(5 | 1<<8), statusUnreachable}, // the same, in recovery
		{answered(503), statusUnreachable},
	} {
		err := test.err
		if err != nil {
			err = fmt.Errorf("open the store: %w", err)
		}
		if got := statusOf(err); got != test.want {
			t.Errorf("%v: %d, want %d", test.err, got, test.want)
		}
	}
}
