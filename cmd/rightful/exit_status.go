package main

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/authz"
)

// The exit statuses. The help of the root command documents them.
const (
	statusYes         = 0 // yes, or done
	statusNo          = 1 // no, or something differs
	statusError       = 2 // wrong usage, or any other error
	statusConflict    = 3 // someone else changed the policy at the same time
	statusUnreachable = 4 // the database or the service cannot be reached; try again
)

// usageError is a command line that makes no sense.
type usageError struct{ error }

// noError is an answer: no, or something differs. The cause is nil if the output says it all.
type noError struct{ error }

// conflictError says that someone else changed the policy meanwhile.
type conflictError struct{ error }

// errUsageShown ends a command whose usage has been printed.
var errUsageShown = errors.New("the usage was printed")

// silent reports whether an error needs no message.
func silent(err error) bool {
	var no noError
	return err == nil || errors.Is(err, errUsageShown) || errors.As(err, &no) && no.error == nil
}

// statusOf is the one table from errors to exit statuses.
func statusOf(err error) int {
	switch {
	case err == nil:
		return statusYes
	case errors.As(err, new(noError)), errors.Is(err, authz.ErrAdoptionRefused):
		return statusNo
	case errors.As(err, new(usageError)):
		return statusError
	case isConflict(err):
		return statusConflict
	case isUnreachable(err):
		return statusUnreachable
	}
	return statusError
}

func isConflict(err error) bool {
	var answer *client.Error
	if errors.As(err, &answer) {
		return answer.Status == http.StatusConflict || answer.Status == http.StatusPreconditionFailed
	}
	return errors.As(err, new(conflictError)) || errors.Is(err, authz.ErrConflict) || errors.Is(err, authz.ErrRevisionConflict)
}

// isUnreachable reports what another attempt may cure: no connection, no answer in time, or a
// server that is starting, stopping or full. A wrong password or a missing table is not among them.
func isUnreachable(err error) bool {
	var answer *client.Error
	if errors.As(err, &answer) {
		return answer.Status >= http.StatusBadGateway && answer.Status <= http.StatusGatewayTimeout
	}
	if coded, away := isServerAway(err); coded {
		return away
	}
	if errors.Is(err, context.Canceled) { // by the person at the terminal
		return false
	}
	return errors.Is(err, authz.ErrStoreUnavailable) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn) || isNetworkError(err)
}

// isNetworkError does not ask for a net.Error, since a missing file is one, too.
func isNetworkError(err error) bool {
	return errors.As(err, new(*net.OpError)) || errors.As(err, new(*net.DNSError)) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// isServerAway reads the codes of PostgreSQL, MySQL and SQLite. It reports whether there is one, and
// whether it says that the server is away or busy.
func isServerAway(err error) (coded, away bool) {
	var postgres interface{ SQLState() string }
	if errors.As(err, &postgres) {
		// Connection exceptions, too many connections, operator intervention:
		// https://www.postgresql.org/docs/current/errcodes-appendix.html
		state := postgres.SQLState()
		return true, strings.HasPrefix(state, "08") || state == "53300" || strings.HasPrefix(state, "57P")
	}
	var server *mysql.MySQLError
	if errors.As(err, &server) {
		const tooManyConnections, shuttingDown = 1040, 1053
		return true, server.Number == tooManyConnections || server.Number == shuttingDown
	}
	var file interface{ Code() int }
	if errors.As(err, &file) {
		const busy = 5 // SQLITE_BUSY, https://www.sqlite.org/rescode.html#busy
		return true, file.Code()&0xff == busy
	}
	return false, false
}
