package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/rightful-go/rightful/authz"
)

// account is a user who can sign in. Accounts belong to the host: Rightful knows only their ids.
type account struct {
	ID           authz.UserID `gorm:"primaryKey;size:100"`
	Name         string       `gorm:"size:200;not null;default:''"`
	PasswordHash string       `gorm:"size:60;not null"`
	Disabled     bool         `gorm:"not null;default:false"`
	CreatedAt    time.Time
}

// TableName implements GORM's Tabler.
func (account) TableName() string { return "users" }

// demo is the password of all demo accounts: in plain text, so that each start can print it, and
// hashed, so that no start has to hash it again.
type demo struct {
	ID           int `gorm:"primaryKey"`
	Password     string
	PasswordHash string
}

// TableName implements GORM's Tabler.
func (demo) TableName() string { return "demo" }

// maxPassword is the maximum length of a password in bytes: bcrypt ignores the rest.
const maxPassword = 72

// users are the accounts and their passwords.
type users struct {
	db    *gorm.DB
	decoy string // a hash to compare with if there is no account, so that both cases take equally long
}

// prepare creates an account for each of people on the first start, and sets the demo password to
// wanted unless that is empty. It returns the password.
func (u *users) prepare(ctx context.Context, people []authz.UserID, wanted string, cost int) (string, error) {
	var kept demo
	err := u.db.WithContext(ctx).Limit(1).Find(&kept).Error
	if err != nil {
		return "", fmt.Errorf("read the demo password: %w", err)
	}
	first := kept.ID == 0
	before := kept.PasswordHash
	if first || wanted != "" && wanted != kept.Password {
		if kept, err = newDemo(wanted, cost); err != nil {
			return "", err
		}
	}
	err = u.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := keep(tx, &kept, first); err != nil {
			return err
		}
		if first {
			return u.add(tx, people, kept.PasswordHash)
		}
		return tx.Model(&account{}).Where("password_hash = ?", before).Update("password_hash", kept.PasswordHash).Error
	})
	if err != nil {
		return "", fmt.Errorf("create the demo accounts: %w", err)
	}
	u.decoy = kept.PasswordHash
	return kept.Password, nil
}

// keep stores the demo password. If two processes make the first start at the same time, both use
// the password that is stored first.
func keep(tx *gorm.DB, d *demo, first bool) error {
	if !first {
		return tx.Save(d).Error
	}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(d).Error; err != nil {
		return err
	}
	*d = demo{}
	return tx.Take(d, 1).Error
}

// newDemo hashes the password once for all accounts, because bcrypt is slow on purpose.
func newDemo(password string, cost int) (demo, error) {
	if password == "" {
		password = strings.ToLower(rand.Text()[:12]) // 60 bits
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	if err != nil {
		return demo{}, fmt.Errorf("hash the demo password: %w", err)
	}
	return demo{ID: 1, Password: password, PasswordHash: string(hash)}, nil
}

// add creates accounts and leaves existing ones unchanged.
func (u *users) add(tx *gorm.DB, people []authz.UserID, hash string) error {
	if len(people) == 0 {
		return nil
	}
	accounts := make([]account, len(people))
	for i, id := range people {
		accounts[i] = account{ID: id, Name: demoNames[id], PasswordHash: hash}
	}
	// In batches, because SQLite limits the values of one statement.
	return tx.Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(accounts, 500).Error
}

// check reports whether the password is the user's. It takes equally long for an unknown user, so
// that the time of an answer doesn't reveal who has an account.
func (u *users) check(ctx context.Context, id authz.UserID, password string) (bool, error) {
	var found account
	err := u.db.WithContext(ctx).Limit(1).Find(&found, "id = ?", id).Error
	if err != nil {
		return false, fmt.Errorf("look for the account: %w", err)
	}
	ok := found.ID == id && id != "" && !found.Disabled
	hash := found.PasswordHash
	if !ok {
		hash = u.decoy
	}
	// bcrypt compares the first 72 bytes and would accept anything after them.
	if len(password) > maxPassword {
		password, ok = password[:maxPassword], false
	}
	return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil && ok, nil
}

// list returns the ids of the first accounts, and the number of all.
func (u *users) list(ctx context.Context, limit int) (ids []authz.UserID, count int64, err error) {
	db := u.db.WithContext(ctx).Model(&account{})
	err = errors.Join(
		db.Session(&gorm.Session{}).Count(&count).Error,
		db.Session(&gorm.Session{}).Order("id").Limit(limit).Pluck("id", &ids).Error,
	)
	return ids, count, err
}

// Active implements [authz.Directory]: the last administrator who can still sign in can't be removed
// from the group.
func (u *users) Active(ctx context.Context, id authz.UserID) (bool, error) {
	var n int64
	err := u.db.WithContext(ctx).Model(&account{}).Where("id = ? AND NOT disabled", id).Count(&n).Error
	return n > 0, err
}
