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

// session lets whoever has its token act as a user. It says nothing about what that user may
// do: this is asked anew on every request, so a change of rights needs no new session.
type session struct {
	// TokenHash is the SHA-256 of the token: who reads the database can't sign in with it. The
	// token is random, so that it needs no salt.
	TokenHash string       `gorm:"primaryKey;size:64"`
	UserID    authz.UserID `gorm:"size:100;not null"`
	ExpiresAt int64        `gorm:"not null;index"` // in seconds since 1970
}

// TableName is what GORM asks.
func (session) TableName() string { return "sessions" }

// sessionLife is how long a sign-in lasts.
const sessionLife = 12 * time.Hour

// sessions are in the database: a restart signs nobody out.
type sessions struct{ db *gorm.DB }

// start returns the token of a new session, 130 random bits, and clears out those that ended.
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

// user returns who has the token, empty if nobody. An account that was disabled has no session.
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

// end forgets the token.
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
