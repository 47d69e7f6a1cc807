//go:build race

package api_test

// withRace says that the race detector makes everything several times slower.
const withRace = true
