package access

import (
	"fmt"
	"testing"
	"time"
)

// benchRegistry returns a registry at a standing clock, and the token of the
// first app found.
func benchRegistry(tb testing.TB, k Key, c *company) (*Registry, []byte) {
	return registryAt(tb, k, c, func() time.Time { return time.UnixMilli(1_800_000_000_000) })
}

func registryAt(tb testing.TB, k Key, c *company, clock func() time.Time) (*Registry, []byte) {
	r := New(k, newMemory(), clock)
	if err := r.Add(tb.Context(), c); err != nil {
		tb.Fatal(err)
	}
	for app := range c.Apps() {
		token, _, err := r.Token(tb.Context(), Credentials{Appkey: app.Appkey, Appsecret: secretOf(app.Appkey)})
		if err != nil {
			tb.Fatal(err)
		}
		return r, []byte(token)
	}
	tb.Fatal("no app")
	return nil, nil
}

func grant(b *testing.B, r *Registry, token []byte) {
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := r.Grant(token); !ok {
			b.Fatal("not granted")
		}
	}
}

func BenchmarkGrant(b *testing.B) {
	k := testKey(1)
	c := newCompany("acme", newApp(k, "acme", NewAppkey("acme")))
	b.Run("standing clock", func(b *testing.B) {
		r, token := benchRegistry(b, k, c)
		grant(b, r, token)
	})
	b.Run("real clock", func(b *testing.B) {
		r, token := registryAt(b, k, c, time.Now)
		grant(b, r, token)
	})
	b.Run("time given", func(b *testing.B) {
		r, token := registryAt(b, k, c, time.Now)
		now := time.Now()
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := r.GrantAt(token, now); !ok {
				b.Fatal("not granted")
			}
		}
	})
	b.Run("parallel", func(b *testing.B) {
		r, token := benchRegistry(b, k, c)
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, ok := r.Grant(token); !ok {
					b.Error("not granted")
				}
			}
		})
	})
	b.Run("1000 organizations, 100 apps", func(b *testing.B) {
		c := newCompany("acme")
		for range 100 {
			c.put(newApp(k, "acme", NewAppkey("acme")))
		}
		r, token := benchRegistry(b, k, c)
		for app := range c.Apps() {
			if _, _, err := r.Token(b.Context(), Credentials{Appkey: app.Appkey, Appsecret: secretOf(app.Appkey)}); err != nil {
				b.Fatal(err)
			}
		}
		for i := range 999 {
			if err := r.Add(b.Context(), newCompany(fmt.Sprint("corp-", i))); err != nil {
				b.Fatal(err)
			}
		}
		grant(b, r, token)
	})
	b.Run("unknown", func(b *testing.B) {
		r, token := benchRegistry(b, k, c)
		token[20] ^= 1
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := r.Grant(token); ok {
				b.Fatal("granted")
			}
		}
	})
}

func BenchmarkToken(b *testing.B) {
	k := testKey(1)
	key := NewAppkey("acme")
	c := newCompany("acme", newApp(k, "acme", key))
	for name, step := range map[string]time.Duration{"same": 0, "renewed": 2 * time.Minute, "new": life} {
		b.Run(name, func(b *testing.B) {
			now := time.UnixMilli(1_800_000_000_000)
			r, _ := registryAt(b, k, c, func() time.Time { return now })
			b.ReportAllocs()
			for b.Loop() {
				now = now.Add(step)
				if _, _, err := r.Token(b.Context(), Credentials{Appkey: key, Appsecret: secretOf(key)}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAdd(b *testing.B) {
	k := testKey(1)
	for b.Loop() {
		r := New(k, newMemory(), func() time.Time { return time.UnixMilli(1) })
		for i := range 1000 {
			if err := r.Add(b.Context(), newCompany(fmt.Sprint("corp-", i))); err != nil {
				b.Fatal(err)
			}
		}
	}
}
