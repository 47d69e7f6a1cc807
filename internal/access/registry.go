package access

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"rollcall"
)

// Registry gives tokens to apps and tells whose a token is. It is safe for
// concurrent use; [Registry.Grant] takes no lock.
type Registry struct {
	key    Key
	tokens rollcall.Tokens
	clock  func() time.Time
	source Source // nil for none

	known   atomic.Pointer[known] // replaced as a whole
	brought brought
	lookups sync.Map // corp id to *lookup

	index    atomic.Pointer[index] // replaced as a whole
	changing sync.Mutex            // held while index is replaced
}

// index finds organizations by tag. It is sorted by tag and not written to once
// published. A slice, because the usual one organization is found in no time
// and adding many copies little.
type index []*tenant

// tenant is an organization with the tokens of its apps.
type tenant struct {
	tag     uint64 // the eight characters as one number
	id      string
	corp    Corp
	foreign int // stored tokens that the key does not fit

	leases     atomic.Pointer[leases] // replaced as a whole
	publishing sync.Mutex             // held while leases are replaced
	saving     chan struct{}          // holds one value while a token is being stored

	counting sync.Mutex
	rates    map[string]*rates // by appkey, under counting
}

// leases are the tokens of one organization; not written to once published.
type leases struct {
	byToken map[string]*lease
	single  map[slot]*lease // of the kinds of which an app has one
}

// slot is where the one token of a kind belongs.
type slot struct {
	appkey string
	kind   rollcall.TokenKind
}

// New makes a registry without organizations.
func New(key Key, tokens rollcall.Tokens, clock func() time.Time) *Registry {
	r := &Registry{key: key, tokens: tokens, clock: clock}
	r.index.Store(&index{})
	r.known.Store(&known{})
	return r
}

func (r *Registry) now() rollcall.Instant { return rollcall.At(r.clock()) }

// Add takes an organization in, with the tokens that its apps have. One that is
// there already is a conflict.
func (r *Registry) Add(ctx context.Context, c Corp) error {
	t := &tenant{tag: tagNumber(tagOf(c.ID())), id: c.ID(), corp: c, saving: make(chan struct{}, 1)}
	stored, err := r.tokens.LoadTokens(ctx, t.id)
	if err != nil {
		return fmt.Errorf("loading the tokens of %s: %w", t.id, err)
	}
	now := r.now()
	var live []*lease
	for _, s := range stored {
		app, ok := c.App(s.Appkey)
		if !ok || app.SecretGeneration != s.SecretGeneration {
			continue
		}
		switch l, ok := r.key.restore(t.id, s); {
		case !ok:
			t.foreign++ // counted when expired too: the key is as wrong
		case l.fits(app) && l.live(now):
			live = append(live, l)
		}
	}
	t.leases.Store(newLeases(live))
	for app := range c.Apps() {
		r.brought.note(t.id, app)
	}

	r.changing.Lock()
	defer r.changing.Unlock()
	old := *r.index.Load()
	at := old.search(t.tag)
	for _, o := range old.tagged(t.tag) {
		if o.id == t.id {
			return &rollcall.Error{
				Kind: rollcall.KindConflict, Param: "corp-id", Detail: fmt.Sprintf("%s has been added already", t.id),
			}
		}
	}
	next := make(index, 0, len(old)+1)
	next = append(append(append(next, old[:at]...), t), old[at:]...)
	r.index.Store(&next)
	return nil
}

// Remove drops an organization: its tokens grant nothing any more here. They
// stay stored.
func (r *Registry) Remove(corpID string) {
	r.changing.Lock()
	defer r.changing.Unlock()
	var next index
	for _, t := range *r.index.Load() {
		if t.id != corpID {
			next = append(next, t)
		}
	}
	r.index.Store(&next)
}

// ForeignTokens counts the stored tokens that were made with another key than
// this one and are ignored. Any at all mean that the key file is not the one of
// the database.
func (r *Registry) ForeignTokens() int {
	n := 0
	for _, t := range *r.index.Load() {
		n += t.foreign
	}
	return n
}

// Language is the language of texts where the organization is not known: that
// of the only one, or English where there are none or several.
func (r *Registry) Language() rollcall.Language {
	if x := *r.index.Load(); len(x) == 1 && len(*r.known.Load()) <= 1 {
		return languageOf(x[0].corp)
	}
	return rollcall.English
}

func languageOf(c Corp) rollcall.Language {
	if c.Settings().ErrmsgLanguage == rollcall.Chinese {
		return rollcall.Chinese
	}
	return rollcall.English
}

// tagNumber packs a tag, or the tag that a token begins with, into a number.
func tagNumber[T string | []byte](s T) uint64 {
	return binary.BigEndian.Uint64([]byte(s[:tagLen]))
}

// search returns the place of the first organization whose tag is not smaller.
func (x index) search(tag uint64) int {
	lo, hi := 0, len(x)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); x[mid].tag < tag {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// tagged returns the organizations with a tag: hardly ever more than one.
func (x index) tagged(tag uint64) index {
	lo := x.search(tag)
	hi := lo
	for hi < len(x) && x[hi].tag == tag {
		hi++
	}
	return x[lo:hi]
}

// corp returns the organization with an id, or nil.
func (x index) corp(id string) *tenant {
	for _, t := range x.tagged(tagNumber(tagOf(id))) {
		if t.id == id {
			return t
		}
	}
	return nil
}

func newLeases(all []*lease) *leases {
	ls := &leases{make(map[string]*lease, len(all)), make(map[slot]*lease, len(all))}
	for _, l := range all {
		ls.byToken[l.token] = l
		if at := (slot{l.appkey, l.kind}); keep(l.kind) == 1 {
			if o := ls.single[at]; o == nil || o.stored.Load() < l.stored.Load() {
				ls.single[at] = l
			}
		}
	}
	return ls
}

// usable returns the leases that are not over and whose app there is.
func (t *tenant) usable(now rollcall.Instant) (all []*lease) {
	for _, l := range t.leases.Load().byToken {
		if app, ok := t.corp.App(l.appkey); ok && l.fits(app) && l.live(now) {
			all = append(all, l)
		}
	}
	return all
}

// publish shows a lease, with those of its app and kind that may stay beside it
// by the rule of [rollcall.Tokens]. What is over goes on the occasion, so that
// there are never more leases than that for long.
func (t *tenant) publish(l *lease, now rollcall.Instant) {
	t.publishing.Lock()
	defer t.publishing.Unlock()
	all, same := []*lease{l}, []*lease(nil)
	for _, o := range t.usable(now) {
		switch {
		case o.token == l.token:
		case o.appkey == l.appkey && o.kind == l.kind:
			same = append(same, o)
		default:
			all = append(all, o)
		}
	}
	slices.SortFunc(same, func(a, b *lease) int {
		return cmp.Or(cmp.Compare(b.stored.Load(), a.stored.Load()), bytes.Compare(a.nonce, b.nonce))
	})
	t.leases.Store(newLeases(append(all, same[:min(len(same), keep(l.kind)-1)]...)))
}
