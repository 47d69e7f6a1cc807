// Package backup moves whole organizations: from a store to a file, from a file
// to a store, and from one store to another. docs/backup-format.md describes the
// file.
//
// All of it is one way through: whoever has an organization tells it to a
// [rollcall.Copy], in one state and in a fixed order, and everything here is such
// a Copy. A [Writer] writes what it is told as lines, a [Sum] hashes the same
// lines, and a store puts them in. So what a file holds, what was read from a
// store and what another store has can be compared by their sums, whatever engine
// is behind them.
package backup
