package main

import (
	"encoding/csv"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
	"gorm.io/gorm"
)

func (a *app) listOperations(c *gin.Context) {
	list := []operation{}
	if err := a.db.WithContext(c.Request.Context()).Order("id").Find(&list).Error; err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, "operations", gin.H{"items": list})
}

func (a *app) listBalances(c *gin.Context) {
	list := []balance{}
	if err := a.db.WithContext(c.Request.Context()).Order("account").Find(&list).Error; err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, "balances", gin.H{"items": list})
}

// createOperation books an operation on an account.
func (a *app) createOperation(c *gin.Context) {
	if fields, ok := a.fields(c, "account", "amount", "note"); ok {
		a.book(c, "/operations", fields["account"], fields["amount"], fields["note"])
	}
}

// adjustBalance books a difference, with the reason as its note.
func (a *app) adjustBalance(c *gin.Context) {
	if fields, ok := a.fields(c, "amount", "reason"); ok {
		a.book(c, "/balances", c.Param("account"), fields["amount"], fields["reason"])
	}
}

var (
	errNoAccount = errors.New("no such account")
	errTooMuch   = errors.New("the balance would exceed its limits")
)

// book changes the balance and records the operation, in one transaction. A browser goes on to the page.
func (a *app) book(c *gin.Context, page, account, amount, note string) {
	difference, err := parseMoney(amount)
	if err != nil {
		a.problem(c, http.StatusUnprocessableEntity, "The amount is invalid: "+err.Error()+".")
		return
	}
	if strings.TrimSpace(note) == "" || utf8.RuneCountInString(note) > 200 {
		a.problem(c, http.StatusUnprocessableEntity, "Give a reason of at most 200 characters.")
		return
	}
	done := operation{
		Account: account, Amount: difference, Note: note,
		By: a.currentUser(c), At: time.Now().UTC().Truncate(time.Second),
	}
	err = a.db.WithContext(c.Request.Context()).Transaction(func(tx *gorm.DB) error { return done.store(tx) })
	switch {
	case errors.Is(err, errNoAccount):
		a.problem(c, http.StatusNotFound, "There is no such account.")
	case errors.Is(err, errTooMuch):
		a.problem(c, http.StatusUnprocessableEntity, "The balance would exceed its limits.")
	case err != nil:
		a.fail(c, err)
	default:
		a.done(c, "booked", page, "operations", gin.H{"items": []operation{done}})
	}
}

func (o *operation) store(tx *gorm.DB) error {
	sum := "amount + ? BETWEEN ? AND ?"
	updated := tx.Model(&balance{}).Where("account = ?", o.Account).Where(sum, o.Amount, -maxMoney, maxMoney).
		Update("amount", gorm.Expr("amount + ?", o.Amount))
	if updated.Error != nil {
		return updated.Error
	}
	if updated.RowsAffected == 0 {
		var n int64
		if err := tx.Model(&balance{}).Where("account = ?", o.Account).Count(&n).Error; err != nil {
			return err
		}
		if n > 0 {
			return errTooMuch
		}
		return errNoAccount
	}
	return tx.Create(o).Error
}

// exportReport sends the operations as CSV.
func (a *app) exportReport(c *gin.Context) {
	var list []operation
	if err := a.db.WithContext(c.Request.Context()).Order("id").Find(&list).Error; err != nil {
		a.fail(c, err)
		return
	}
	var text strings.Builder
	w := csv.NewWriter(&text)
	rows := [][]string{{"id", "account", "amount", "note", "by", "at"}}
	for _, o := range list {
		rows = append(rows, []string{
			strconv.FormatInt(o.ID, 10), plain(o.Account), o.Amount.String(), plain(o.Note), plain(string(o.By)), o.At.Format(time.RFC3339),
		})
	}
	_ = w.WriteAll(rows) // writes to a Builder never fail
	c.Header("Content-Disposition", `attachment; filename="operations.csv"`)
	c.Data(http.StatusOK, "text/csv; charset=utf-8", []byte(text.String()))
}

// plain keeps spreadsheets from reading a text as a formula.
func plain(s string) string {
	if s != "" && strings.ContainsAny(s[:1], "=+-@\t\r") {
		return "'" + s
	}
	return s
}
