package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/rightful-go/rightful/authz"
)

// session identifies a user by a token. It contains no permissions: every request checks the current
// policy, so a change needs no new session.
type session struct {
	// TokenHash is the SHA-256 of the token, so that a copy of the database lets nobody sign in. The
	// token is random, so the hash needs no salt.
	TokenHash string       `gorm:"primaryKey;size:64"`
	UserID    authz.UserID `gorm:"size:100;not null"`
	ExpiresAt int64        `gorm:"not null;index"` // in seconds since 1970
}

// TableName implements GORM's Tabler.
func (session) TableName() string { return "sessions" }

// sessionLife is how long a sign-in lasts.
const sessionLife = 12 * time.Hour

// sessions are stored in the database, so that they survive a restart.
type sessions struct{ db *gorm.DB }

// start returns the token of a new session, 130 random bits, and deletes expired sessions.
func (s sessions) start(ctx context.Context, user authz.UserID) (string, error) {
	token := rand.Text()
	now := time.Now()
	err := s.db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Delete(&session{}, "expires_at <= ?", now.Unix()).Error; err != nil {
			return err
		}
		return tx.Create(&session{hashToken(token), user, now.Add(sessionLife).Unix()}).Error
	})
	if err != nil {
		return "", fmt.Errorf("store the session: %w", err)
	}
	return token, nil
}

// user returns the user of a token, or "" if there is no valid session. Sessions of disabled
// accounts are not valid.
func (s sessions) user(ctx context.Context, token string) (authz.UserID, error) {
	var ids []authz.UserID
	err := s.db.WithContext(ctx).Model(&session{}).
		Joins("JOIN users ON users.id = sessions.user_id AND NOT users.disabled").
		Where("token_hash = ? AND expires_at > ?", hashToken(token), time.Now().Unix()).
		Pluck("sessions.user_id", &ids).Error
	if err != nil {
		return "", fmt.Errorf("look for the session: %w", err)
	}
	if len(ids) != 1 {
		return "", nil
	}
	return ids[0], nil
}

// end deletes the session.
func (s sessions) end(ctx context.Context, token string) error {
	if err := s.db.WithContext(ctx).Delete(&session{}, "token_hash = ?", hashToken(token)).Error; err != nil {
		return fmt.Errorf("end the session: %w", err)
	}
	return nil
}

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
