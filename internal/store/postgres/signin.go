package postgres

import (
	"context"
	"fmt"

	"rollcall"
)

const (
	selectChunk = `SELECT bits FROM signin_chunks WHERE corp = $1 AND day = $2 AND chunk = $3`

	// All chunks of the days that moved.
	selectChunks = `
SELECT c.day, c.chunk, c.bits
FROM signin_days d JOIN signin_chunks c ON c.corp = d.corp AND c.day = d.day
WHERE d.corp = $1 AND d.feed > $2
ORDER BY c.day, c.chunk`

	upsertDay = `
INSERT INTO signin_days (corp, day, feed) VALUES ($1, $2, $3)
ON CONFLICT (corp, day) DO UPDATE SET feed = excluded.feed`

	upsertChunk = `
INSERT INTO signin_chunks (corp, day, chunk, bits) VALUES ($1, $2, $3, $4)
ON CONFLICT (corp, day, chunk) DO UPDATE SET bits = excluded.bits`

	dropChunks = `DELETE FROM signin_chunks WHERE corp = $1 AND day < $2`

	dropDays = `DELETE FROM signin_days WHERE corp = $1 AND day < $2`
)

// SignInChunks implements [rollcall.SignIns].
func (s *Store) SignInChunks(ctx context.Context, corpID string, after uint64, fn func(d rollcall.Day, chunk uint32, bits []byte) error) (rollcall.Head, error) {
	var head rollcall.Head
	err := s.read(ctx, func(ctx context.Context, l link, told func()) (err error) {
		if head, err = headOf(ctx, l, corpID); err != nil || head.Feed <= after {
			return err
		}
		return readChunks(ctx, l, corpID, after, func(d rollcall.Day, chunk uint32, bits []byte) error {
			told()
			return fn(d, chunk, bits)
		})
	})
	if err != nil {
		return rollcall.Head{}, fmt.Errorf("read the sign-ins of %q: %w", corpID, err)
	}
	return head, nil
}

func readChunks(ctx context.Context, l link, corpID string, after uint64, fn func(d rollcall.Day, chunk uint32, bits []byte) error) error {
	q := statement(selectChunks)
	q.corp(corpID).int(int64(after))
	return l.each(ctx, q, func(r row) error {
		return fn(rollcall.Day(r.int(0)), uint32(r.int(1)), r.blob(2))
	})
}

// DropSignIns implements [rollcall.SignIns]. It takes its turn like a
// transaction: whoever writes a day meanwhile would wait for it in the middle.
func (s *Store) DropSignIns(ctx context.Context, corpID string, before rollcall.Day) (days int, err error) {
	err = s.inTurn(ctx, corpID, func(ctx context.Context, l link) ([]step, error) {
		chunks, whole := statement(dropChunks), statement(dropDays)
		chunks.corp(corpID).int(int64(before))
		whole.corp(corpID).int(int64(before))
		return []step{{query: chunks}, {query: whole, check: func(touched int64, err error) error {
			days = int(touched)
			return err
		}}}, nil
	})
	if err != nil {
		return 0, fmt.Errorf("forget the sign-ins of %q before %s: %w", corpID, before, err)
	}
	return days, nil
}

// SignInChunk implements [rollcall.Tx].
func (t *tx) SignInChunk(d rollcall.Day, chunk uint32) ([]byte, error) {
	ctx, leave, err := t.enter(false)
	var bits []byte
	if err == nil {
		defer leave()
		if err = t.flushPuts(ctx); err == nil {
			q := statement(selectChunk)
			q.int(t.corp).int(int64(d)).int(int64(chunk))
			err = t.link.each(ctx, q, func(r row) error {
				bits = r.blob(0)
				return nil
			})
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read the sign-ins of %q on %v: %w", t.head.CorpID, d, err)
	}
	return bits, nil
}

// flushPuts sends the chunks that wait to be sent, before something is read that
// they might be in.
func (t *tx) flushPuts(ctx context.Context) error {
	if len(t.puts) == 0 {
		return nil
	}
	err := t.link.all(ctx, t.puts)
	t.puts = nil
	if err != nil {
		return t.fail(err)
	}
	return nil
}

// PutSignInChunk implements [rollcall.Tx]. Chunks are sent with the commit, if
// nobody reads any before.
func (t *tx) PutSignInChunk(d rollcall.Day, chunk uint32, bits []byte) error {
	_, leave, err := t.enter(false)
	if err != nil {
		return fmt.Errorf("write the sign-ins of %q on %v: %w", t.head.CorpID, d, err)
	}
	defer leave()
	day, row := statement(upsertDay), statement(upsertChunk)
	day.int(t.corp).int(int64(d)).int(int64(t.head.Feed + 1))
	row.int(t.corp).int(int64(d)).int(int64(chunk)).blob(bits)
	t.puts = append(t.puts, step{query: day}, step{query: row})
	t.signIns = true
	return nil
}
