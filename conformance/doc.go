// Package conformance has no code of its own. Its test, under the build tag
// conformance, fetches published DingTalk SDKs as their authors ship them and
// lets each of them work with a live server: `make conformance`. README.md says
// which, and how each is pointed at the server.
package conformance
