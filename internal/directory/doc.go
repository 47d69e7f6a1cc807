// Package directory is the read model of an organization and the one way to
// change it: see DESIGN.md beside this file.
package directory
