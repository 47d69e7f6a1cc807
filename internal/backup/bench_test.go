package backup

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"testing"

	"rollcall"
	"rollcall/internal/ordset"
	"rollcall/internal/sample"
)

var people = flag.Int("people", 100_000, "how many people the organization of the benchmarks has")

// generated tells a made-up organization, as it is after one import.
type generated struct{ *sample.Generated }

func (g generated) Dump(_ context.Context, corpID string, to rollcall.Copy) (rollcall.Head, error) {
	head := rollcall.Head{CorpID: corpID, Version: 1, Feed: 1, Batch: "import"}
	err := to.Corp(&rollcall.Corp{ID: corpID, Name: g.Name(), Settings: rollcall.DefaultSettings()})
	if err == nil {
		err = to.Dept(&rollcall.Dept{ID: rollcall.RootDept, Name: g.Name()}, rollcall.Open)
	}
	for d := range g.Depts() {
		if err == nil {
			err = to.Dept(&d, rollcall.Open)
		}
	}
	n := 0
	for u := range g.Users() {
		if err == nil {
			err = to.User(u)
		}
		n++
	}
	for u := range g.Users() {
		bare := *u
		bare.Memberships = nil
		if err == nil {
			err = to.Change(&rollcall.Change{Version: 1, Kind: rollcall.UserJoined, By: "import", Ordinal: u.Ordinal, Payload: rollcall.Payload{User: &bare}})
		}
		for i := range u.Memberships {
			m := &u.Memberships[i]
			if err == nil {
				err = to.Change(&rollcall.Change{Version: 1, Kind: rollcall.MemberAdded, By: "import", Ordinal: u.Ordinal, DeptID: m.DeptID, Payload: rollcall.Payload{Member: m}})
			}
		}
	}
	set := ordset.New(0)
	for o := range uint32(n) {
		if o%3 > 0 {
			set.Add(o)
		}
	}
	for d := range 31 {
		for c := range set.Chunks() {
			if err == nil {
				err = to.SignInChunk(rollcall.Day(20260801+d), uint32(c), set.AppendChunk(nil, c))
			}
		}
	}
	return head, err
}

func BenchmarkMove(b *testing.B) {
	from, ctx := newStore(b), context.Background()
	if _, err := Transfer(ctx, generated{sample.Generate(sample.Defaults(*people))}, from, "big", nil); err != nil {
		b.Fatal(err)
	}
	var file bytes.Buffer
	b.Run("sum", func(b *testing.B) {
		for b.Loop() {
			if _, err := SumOf(ctx, from, "big", nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			file.Reset()
			w := NewWriter(&file, "bench", 0)
			if _, err := w.Organization(ctx, from, "big", nil); err != nil {
				b.Fatal(err)
			}
			if _, err := w.Close(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(file.Len())/float64(*people), "bytes/person")
	})
	read := func(b *testing.B) *File {
		f, err := open(file.Bytes())
		if err != nil {
			b.Fatal(err)
		}
		return f
	}
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			if _, err := SumOf(ctx, read(b), "big", nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	n := 0
	for name, source := range map[string]func(b *testing.B) Source{
		"restore": func(b *testing.B) Source { return read(b) },
		"migrate": func(*testing.B) Source { return from },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				n++
				b.StopTimer()
				to := openStore(b, fmt.Sprint(b.TempDir(), "/", n))
				b.StartTimer()
				if _, err := Transfer(ctx, source(b), to, "big", nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
