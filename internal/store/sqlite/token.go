package sqlite

import (
	"context"
	"fmt"

	"rollcall"

	"zombiezen.com/go/sqlite"
)

const (
	selectTokens = `
SELECT appkey, secret_generation, nonce, expires_at, hash FROM tokens WHERE corp_id = ?1 ORDER BY appkey`

	upsertToken = `
INSERT INTO tokens (corp_id, appkey, secret_generation, nonce, expires_at, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (corp_id, appkey) DO UPDATE SET secret_generation = excluded.secret_generation,
	nonce = excluded.nonce, expires_at = excluded.expires_at, hash = excluded.hash`
)

// LoadTokens implements [rollcall.Tokens]; they come by appkey.
func (s *Store) LoadTokens(ctx context.Context, corpID string) ([]rollcall.Token, error) {
	var tokens []rollcall.Token
	err := s.read(ctx, func(conn *sqlite.Conn) error {
		if _, err := headOf(conn, corpID); err != nil {
			return err
		}
		q := prepare(conn, selectTokens)
		q.text(corpID)
		return q.each(func(stmt *sqlite.Stmt) error {
			tokens = append(tokens, rollcall.Token{
				Appkey:           stmt.ColumnText(0),
				SecretGeneration: stmt.ColumnInt(1),
				Nonce:            column(stmt, 2),
				ExpiresAt:        rollcall.Instant(stmt.ColumnInt64(3)),
				Hash:             column(stmt, 4),
			})
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("load the tokens of %q: %w", corpID, err)
	}
	return tokens, nil
}

// SaveToken implements [rollcall.Tokens]. An app that the organization does not
// have is an error of kind [rollcall.KindNotFound].
func (s *Store) SaveToken(ctx context.Context, corpID string, t rollcall.Token) error {
	if err := s.saveToken(ctx, corpID, t); err != nil {
		return fmt.Errorf("save the token of app %q of %q: %w", t.Appkey, corpID, err)
	}
	return nil
}

func (s *Store) saveToken(ctx context.Context, corpID string, t rollcall.Token) error {
	conn, err := s.write(ctx)
	if err != nil {
		return err
	}
	defer s.endWrite(conn)

	if _, err := headOf(conn, corpID); err != nil {
		return err
	}
	q := prepare(conn, upsertToken)
	q.text(corpID).text(t.Appkey).int(int64(t.SecretGeneration)).blob(t.Nonce).int(int64(t.ExpiresAt)).blob(t.Hash)
	if _, err := q.run(); isOrphan(err) {
		return &rollcall.Error{Kind: rollcall.KindNotFound, Param: "appkey", Detail: "the organization has no such app"}
	} else if err != nil {
		return err
	}
	return execute(conn, "COMMIT")
}
