package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/rightful-go/rightful/authz"
)

// The application's own data, independent of Rightful.

type request struct {
	ID         int64      `json:"id"`
	Type       string     `json:"type"`
	Client     string     `json:"client"`
	Amount     money      `json:"amount"`
	Status     string     `json:"status"`
	Resolution resolution `json:"resolution,omitzero" gorm:"embedded;embeddedPrefix:resolution_"`
}

// IsOpen reports whether the request isn't decided yet.
func (r request) IsOpen() bool { return r.Status == statusPending }

func (r request) title() string { return fmt.Sprintf("Request %d", r.ID) }

// resolution is the decision on a request. Viewing it needs a separate permission.
type resolution struct {
	Kind string       `json:"kind"`
	By   authz.UserID `json:"by"`
	At   time.Time    `json:"at"`
}

// IsZero omits the resolution of a pending request from JSON.
func (r resolution) IsZero() bool { return r.Kind == "" }

type profile struct {
	ID      int64  `json:"id"`
	Client  string `json:"client"`
	Email   string `json:"email"`
	Country string `json:"country"`
}

func (p profile) title() string { return p.Client }

type balance struct {
	Account  string `json:"account" gorm:"primaryKey;size:20"`
	Client   string `json:"client"`
	Amount   money  `json:"amount"`
	Currency string `json:"currency"`
}

type operation struct {
	ID      int64        `json:"id"`
	Account string       `json:"account"`
	Amount  money        `json:"amount"`
	Note    string       `json:"note"`
	By      authz.UserID `json:"by"`
	At      time.Time    `json:"at"`
}

type setting struct {
	Name  string `json:"name" gorm:"primaryKey;size:50"`
	Value string `json:"value"`
}

// Label returns the name in words: "Company name".
func (s setting) Label() string {
	words := strings.ReplaceAll(s.Name, "-", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}

// The statuses of a request.
const (
	statusPending  = "pending"
	statusApproved = "approved"
	statusRejected = "rejected"
)

// fillDatabase inserts the sample data. It leaves existing rows unchanged.
func fillDatabase(ctx context.Context, db *gorm.DB) error {
	opened := time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC)
	for _, rows := range []any{
		[]request{
			{ID: 1, Type: "deposit", Client: "Ada Brandt", Amount: 250000, Status: statusPending},
			{ID: 2, Type: "withdrawal", Client: "Ada Brandt", Amount: 40000, Status: statusPending},
			{ID: 3, Type: "transfer", Client: "Boris Lang", Amount: 99900, Status: statusPending},
			{ID: 4, Type: "verification", Client: "Chen Li", Status: statusPending},
			{ID: 5, Type: "deposit", Client: "Chen Li", Amount: 12050, Status: statusPending},
		},
		[]profile{
			{1, "Ada Brandt", "ada@clients.example", "DE"},
			{2, "Boris Lang", "boris@clients.example", "AT"},
			{3, "Chen Li", "chen@clients.example", "SG"},
		},
		[]balance{
			{"A-1001", "Ada Brandt", 1250000, "EUR"},
			{"A-1002", "Boris Lang", 310075, "EUR"},
			{"A-1003", "Chen Li", 0, "USD"},
		},
		[]operation{
			{1, "A-1001", 1250000, "Opening deposit", "import", opened},
			{2, "A-1002", 310075, "Opening deposit", "import", opened},
		},
		[]setting{
			{"company-name", "Example Brokers"},
			{"daily-withdrawal-limit", "5000.00"},
		},
	} {
		if err := db.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(rows).Error; err != nil {
			return fmt.Errorf("fill the back office's tables: %w", err)
		}
	}
	return nil
}
