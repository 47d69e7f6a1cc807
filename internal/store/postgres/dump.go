package postgres

import (
	"context"
	"fmt"

	"rollcall"
)

// Dump implements [rollcall.Store]: one read transaction over everything.
func (s *Store) Dump(ctx context.Context, corpID string, to rollcall.Copy) (rollcall.Head, error) {
	var head rollcall.Head
	err := s.read(ctx, func(ctx context.Context, l link, told func()) (err error) {
		if head, err = headOf(ctx, l, corpID); err != nil {
			return err
		}
		told()
		load := loader{ctx: ctx, link: l, corpID: corpID, to: to}
		if err := load.all(); err != nil {
			return err
		}
		err = readChanges(ctx, l, corpID, 0, func(c rollcall.Change) error { return to.Change(&c) })
		if err != nil {
			return fmt.Errorf("changes: %w", err)
		}
		if err := readChunks(ctx, l, corpID, 0, to.SignInChunk); err != nil {
			return fmt.Errorf("sign-ins: %w", err)
		}
		tokens, err := readTokens(ctx, l, corpID)
		for i := 0; err == nil && i < len(tokens); i++ {
			err = to.Token(&tokens[i])
		}
		if err != nil {
			return fmt.Errorf("tokens: %w", err)
		}
		return nil
	})
	if err != nil {
		return rollcall.Head{}, fmt.Errorf("read all of %q: %w", corpID, err)
	}
	return head, nil
}
