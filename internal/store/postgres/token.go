package postgres

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"rollcall"
)

const (
	selectTokens = `SELECT appkey, kind, secret_generation, nonce, expires_at, hash FROM tokens WHERE corp = $1`

	// The token that another node gave the app. A node that does not know yet that
	// the secret was replaced must not put its own in the place of the new one.
	selectOther = selectTokens + `
	AND appkey = $2 AND kind = $3 AND nonce <> $4 AND secret_generation >= $5 AND expires_at > $6
ORDER BY secret_generation DESC, expires_at DESC, nonce LIMIT 1`

	upsertToken = `
INSERT INTO tokens AS t (corp, appkey, kind, nonce, secret_generation, expires_at, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (corp, appkey, kind, nonce) DO UPDATE SET secret_generation = excluded.secret_generation,
	expires_at = greatest(t.expires_at, excluded.expires_at), hash = excluded.hash
RETURNING expires_at`

	dropTokens = `
DELETE FROM tokens WHERE corp = $1 AND appkey = $2 AND kind = $3 AND nonce IN (
	SELECT o.nonce FROM tokens o WHERE o.corp = $1 AND o.appkey = $2 AND o.kind = $3
	ORDER BY o.nonce = $4 DESC, o.expires_at DESC, o.nonce OFFSET $5)`
)

// LoadTokens implements [rollcall.Tokens].
func (s *Store) LoadTokens(ctx context.Context, corpID string) ([]rollcall.Token, error) {
	var tokens []rollcall.Token
	err := s.read(ctx, func(ctx context.Context, l link, _ func()) (err error) {
		if _, err = headOf(ctx, l, corpID); err == nil {
			tokens, err = readTokens(ctx, l, corpID)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load the tokens of %q: %w", corpID, err)
	}
	return tokens, nil
}

func readTokens(ctx context.Context, l link, corpID string) (tokens []rollcall.Token, err error) {
	q := statement(selectTokens)
	q.corp(corpID)
	err = l.each(ctx, q, func(r row) error {
		tokens = append(tokens, token(r))
		return nil
	})
	// Stored forms do not sort as the texts do.
	slices.SortFunc(tokens, func(a, b rollcall.Token) int {
		return cmp.Or(strings.Compare(a.Appkey, b.Appkey), cmp.Compare(a.Kind, b.Kind), bytes.Compare(a.Nonce, b.Nonce))
	})
	return tokens, err
}

// token reads a row.
func token(r row) rollcall.Token {
	return rollcall.Token{
		Appkey:           r.text(0),
		Kind:             rollcall.TokenKind(r.text(1)),
		SecretGeneration: int(r.int(2)),
		Nonce:            r.blob(3),
		ExpiresAt:        r.instant(4),
		Hash:             r.blob(5),
	}
}

// SaveToken implements [rollcall.Tokens]. An app that the organization does not
// have is an error of kind [rollcall.KindNotFound].
func (s *Store) SaveToken(ctx context.Context, corpID string, t rollcall.Token, keep int, now rollcall.Instant) (rollcall.Token, error) {
	counts := t
	err := s.inTurn(ctx, corpID, func(ctx context.Context, l link) ([]step, error) {
		counts = t
		if keep == 1 {
			found, err := otherToken(ctx, l, corpID, &counts, now)
			if err != nil || found {
				return nil, err
			}
		}
		return newToken(corpID, &counts, keep), nil
	})
	if err != nil {
		return rollcall.Token{}, fmt.Errorf("save the token of app %q of %q: %w", t.Appkey, corpID, err)
	}
	return counts, nil
}

// otherToken puts the token that another node gave the app in the place of t,
// where there is one.
func otherToken(ctx context.Context, l link, corpID string, t *rollcall.Token, now rollcall.Instant) (found bool, err error) {
	q := statement(selectOther)
	q.corp(corpID).text(t.Appkey).text(string(t.Kind)).blob(t.Nonce).int(int64(t.SecretGeneration)).int(int64(now))
	err = l.each(ctx, q, func(r row) error {
		*t, found = token(r), true
		return nil
	})
	return found, err
}

// newToken returns the steps that store a token and drop those that are too many.
func newToken(corpID string, t *rollcall.Token, keep int) []step {
	put, drop := statement(upsertToken), statement(dropTokens)
	put.corp(corpID).text(t.Appkey).text(string(t.Kind)).blob(t.Nonce)
	put.int(int64(t.SecretGeneration)).int(int64(t.ExpiresAt)).blob(t.Hash)
	drop.corp(corpID).text(t.Appkey).text(string(t.Kind)).blob(t.Nonce).int(int64(max(keep, 1)))
	return []step{{
		query: put,
		each: func(r row) error {
			t.ExpiresAt = r.instant(0)
			return nil
		},
		check: func(_ int64, err error) error {
			if isOrphan(err) {
				return &rollcall.Error{Kind: rollcall.KindNotFound, Param: "appkey", Detail: "the organization has no such app"}
			}
			return err
		},
	}, {query: drop}}
}
