package sqlite

import (
	"context"
	"fmt"

	"rollcall"

	"zombiezen.com/go/sqlite"
)

const (
	selectTokens = `
SELECT appkey, kind, secret_generation, nonce, expires_at, hash FROM tokens WHERE corp_id = ?1
ORDER BY appkey, kind, nonce`

	// The token that another node gave the app. A node that does not know yet
	// that the secret was replaced must not put its own in the place of the new
	// one.
	selectOther = `
SELECT appkey, kind, secret_generation, nonce, expires_at, hash FROM tokens
WHERE corp_id = ?1 AND appkey = ?2 AND kind = ?3 AND nonce <> ?4 AND secret_generation >= ?5 AND expires_at > ?6
ORDER BY secret_generation DESC, expires_at DESC, nonce LIMIT 1`

	upsertToken = `
INSERT INTO tokens (corp_id, appkey, kind, nonce, secret_generation, expires_at, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (corp_id, appkey, kind, nonce) DO UPDATE SET secret_generation = excluded.secret_generation,
	expires_at = max(expires_at, excluded.expires_at), hash = excluded.hash
RETURNING expires_at`

	// A negative limit is none.
	dropTokens = `
DELETE FROM tokens WHERE corp_id = ?1 AND appkey = ?2 AND kind = ?3 AND nonce IN (
	SELECT nonce FROM tokens WHERE corp_id = ?1 AND appkey = ?2 AND kind = ?3
	ORDER BY nonce = ?4 DESC, expires_at DESC, nonce LIMIT -1 OFFSET ?5)`
)

// LoadTokens implements [rollcall.Tokens].
func (s *Store) LoadTokens(ctx context.Context, corpID string) ([]rollcall.Token, error) {
	var tokens []rollcall.Token
	err := s.read(ctx, func(conn *sqlite.Conn) error {
		if _, err := headOf(conn, corpID); err != nil {
			return err
		}
		return readTokens(conn, corpID, func(t *rollcall.Token) error {
			tokens = append(tokens, *t)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("load the tokens of %q: %w", corpID, err)
	}
	return tokens, nil
}

func readTokens(conn *sqlite.Conn, corpID string, fn func(*rollcall.Token) error) error {
	q := prepare(conn, selectTokens)
	q.text(corpID)
	return q.each(func(stmt *sqlite.Stmt) error {
		t := token(stmt)
		return fn(&t)
	})
}

// token reads a row.
func token(stmt *sqlite.Stmt) rollcall.Token {
	return rollcall.Token{
		Appkey:           stmt.ColumnText(0),
		Kind:             rollcall.TokenKind(stmt.ColumnText(1)),
		SecretGeneration: stmt.ColumnInt(2),
		Nonce:            column(stmt, 3),
		ExpiresAt:        instant(stmt, 4),
		Hash:             column(stmt, 5),
	}
}

// SaveToken implements [rollcall.Tokens]. An app that the organization does not
// have is an error of kind [rollcall.KindNotFound].
func (s *Store) SaveToken(ctx context.Context, corpID string, t rollcall.Token, keep int, now rollcall.Instant) (rollcall.Token, error) {
	counts, err := s.saveToken(ctx, corpID, t, keep, now)
	if err != nil {
		return rollcall.Token{}, fmt.Errorf("save the token of app %q of %q: %w", t.Appkey, corpID, err)
	}
	return counts, nil
}

func (s *Store) saveToken(ctx context.Context, corpID string, t rollcall.Token, keep int, now rollcall.Instant) (rollcall.Token, error) {
	conn, err := s.write(ctx)
	if err != nil {
		return t, err
	}
	defer s.endWrite(conn)

	if _, err := headOf(conn, corpID); err != nil {
		return t, err
	}
	if keep == 1 {
		other := t
		q := prepare(conn, selectOther)
		q.text(corpID).text(t.Appkey).text(string(t.Kind)).blob(t.Nonce).int(int64(t.SecretGeneration)).int(int64(now))
		found := false
		err := q.each(func(stmt *sqlite.Stmt) error {
			other, found = token(stmt), true
			return nil
		})
		if err != nil || found {
			return other, err
		}
	}
	q := prepare(conn, upsertToken)
	q.text(corpID).text(t.Appkey).text(string(t.Kind)).blob(t.Nonce)
	q.int(int64(t.SecretGeneration)).int(int64(t.ExpiresAt)).blob(t.Hash)
	err = q.each(func(stmt *sqlite.Stmt) error {
		t.ExpiresAt = instant(stmt, 0)
		return nil
	})
	if isOrphan(err) {
		return t, &rollcall.Error{Kind: rollcall.KindNotFound, Param: "appkey", Detail: "the organization has no such app"}
	} else if err != nil {
		return t, err
	}
	q = prepare(conn, dropTokens)
	q.text(corpID).text(t.Appkey).text(string(t.Kind)).blob(t.Nonce).int(int64(max(keep, 1)))
	if _, err := q.run(); err != nil {
		return t, err
	}
	return t, execute(conn, "COMMIT")
}
