package access

import "rollcall"

// Fits reports whether a stored token was made with this key. One that was not
// shows that the key file is not the one of the database.
func (k Key) Fits(corpID string, t *rollcall.Token) bool {
	_, ok := k.restore(corpID, *t)
	return ok
}
