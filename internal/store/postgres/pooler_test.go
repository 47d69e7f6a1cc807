//go:build cluster

package postgres_test

import (
	"testing"

	"rollcall/internal/store/pgtest"
)

// Nothing of a session outlives its transaction: a pooler may hand its connection
// to somebody else.
func TestConformanceThroughAPooler(t *testing.T) {
	conformance(t, pgtest.StartPooler(t, server.Server(t)).Through)
}
