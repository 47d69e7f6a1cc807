package access

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"rollcall"
)

// known are the organizations that there are, held or not, by tag. It is not
// written to once published.
type known []knownCorp

type knownCorp struct {
	tag uint64
	id  string
}

// Know is told which organizations there are.
func (r *Registry) Know(corpIDs []string) {
	k := make(known, 0, len(corpIDs))
	for _, id := range corpIDs {
		k = append(k, knownCorp{tagNumber(tagOf(id)), id})
	}
	slices.SortFunc(k, func(a, b knownCorp) int { return cmp.Or(cmp.Compare(a.tag, b.tag), cmp.Compare(a.id, b.id)) })
	r.known.Store(&k)
}

// tagged returns the organizations with a tag: hardly ever more than one.
func (k known) tagged(tag uint64) (ids []string) {
	i, _ := slices.BinarySearchFunc(k, tag, func(c knownCorp, tag uint64) int { return cmp.Compare(c.tag, tag) })
	for ; i < len(k) && k[i].tag == tag; i++ {
		ids = append(ids, k[i].id)
	}
	return ids
}

func (k known) has(corpID string) bool {
	return slices.Contains(k.tagged(tagNumber(tagOf(corpID))), corpID)
}

// corpsTagged returns the organizations with a tag. Where none is known, it asks
// whether there is one by now.
func (r *Registry) corpsTagged(ctx context.Context, tag uint64) (ids []string, err error) {
	for _, t := range r.index.Load().tagged(tag) {
		ids = append(ids, t.id)
	}
	cold := func() {
		for _, id := range r.known.Load().tagged(tag) {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	if cold(); len(ids) == 0 && r.source != nil {
		if err := r.source.Discover(ctx); err != nil {
			return nil, err
		}
		cold()
	}
	return ids, nil
}

// bringFor brings in the organizations that credentials may be of: those that the
// appkey names, the one whose id is given, and those to which the appkey was
// brought along from elsewhere, as far as is known here. Either may be empty.
func (r *Registry) bringFor(ctx context.Context, appkey, corpID string) error {
	if r.source == nil {
		return nil
	}
	ids := r.brought.of(appkey)
	if tag, ok := tagOfAppkey(appkey); ok {
		tagged, err := r.corpsTagged(ctx, tagNumber(tag))
		if err != nil {
			return err
		}
		ids = append(ids, tagged...)
	} else if corpID != "" && !r.known.Load().has(corpID) && len(ids) == 0 {
		if err := r.source.Discover(ctx); err != nil {
			return err
		}
	}
	if corpID != "" && r.known.Load().has(corpID) {
		ids = append(ids, corpID)
	}
	for _, id := range ids {
		if _, err := r.bring(ctx, id); err != nil && !errors.Is(err, rollcall.ErrNoCorp) {
			return err
		}
	}
	return nil
}
