package access

import (
	"slices"
	"sync"

	"rollcall"
)

// brought remembers to which organizations appkeys belong that do not name their
// own, also after the organization has left.
type brought struct {
	mu    sync.RWMutex
	corps map[string][]string // ids by appkey
}

// note remembers an app, where it has to be remembered.
func (b *brought) note(corpID string, app *rollcall.App) {
	if _, ok := tagOfAppkey(app.Appkey); ok || slices.Contains(b.of(app.Appkey), corpID) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.corps == nil {
		b.corps = map[string][]string{}
	}
	b.corps[app.Appkey] = append(slices.Clip(b.corps[app.Appkey]), corpID)
}

// of returns the organizations that an appkey was brought along to.
func (b *brought) of(appkey string) []string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.Clip(b.corps[appkey])
}
