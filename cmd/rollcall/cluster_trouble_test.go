//go:build cluster

package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

var clusterEras = flag.Int("cluster.eras", 3, "how often each trouble comes in the test of several nodes in trouble")

// trouble is what happens to a node.
type trouble struct {
	begin func(*cluster, *clusterNode)
	again func(*clusterNode) // while it lasts; nil is nothing
	end   func(*cluster, *clusterNode)
}

var troubles = map[string]trouble{ // immutable
	"killed": {
		begin: func(_ *cluster, n *clusterNode) { n.live().kill() },
		end: func(c *cluster, n *clusterNode) {
			c.races(n)
			c.start(n)
		},
	},
	"paused": {
		begin: func(_ *cluster, n *clusterNode) { n.live().signal(syscall.SIGSTOP) },
		end:   func(_ *cluster, n *clusterNode) { n.live().signal(syscall.SIGCONT) },
	},
	"frozen": {
		begin: func(_ *cluster, n *clusterNode) { n.proxy.Freeze() },
		end:   func(_ *cluster, n *clusterNode) { n.proxy.Thaw() },
	},
	"frozen, then cut": {
		begin: func(_ *cluster, n *clusterNode) { n.proxy.Freeze() },
		end: func(_ *cluster, n *clusterNode) {
			n.proxy.Cut()
			n.proxy.Thaw()
		},
	},
	"cut again and again": {
		begin: func(_ *cluster, n *clusterNode) { n.proxy.Cut() },
		again: func(n *clusterNode) { n.proxy.Cut() },
		end:   func(_ *cluster, n *clusterNode) { n.proxy.Cut() },
	},
	"refused": {
		begin: func(_ *cluster, n *clusterNode) {
			n.proxy.Refuse(true)
			n.proxy.Cut()
		},
		end: func(_ *cluster, n *clusterNode) { n.proxy.Refuse(false) },
	},
	"slow": {
		begin: func(_ *cluster, n *clusterNode) { n.proxy.Delay(150 * time.Millisecond) },
		end:   func(_ *cluster, n *clusterNode) { n.proxy.Delay(0) },
	},
}

// Three nodes of which one after the other is killed, stopped for a while, or cut
// off from the database, while clients work on all of them. No answer is wrong,
// what was acknowledged is there, once, and every node recovers by itself.
func TestClusterTrouble(t *testing.T) {
	t.Parallel()
	const ownersAtWork, rivalsAtWork = 8, 4
	seed, rng := clusterRandom(t)
	c := newCluster(t, 3)
	c.newCorp("rivals")
	main, contested := &witness{t: t}, &witness{t: t}
	own := newOwners(c, main, c.token(c.nodes[0], c.newApp("main")), ownersAtWork, seed)
	rivalToken := c.token(c.nodes[0], c.newApp("rivals"))
	happened, explained, lost := tally{}, 0, int64(0)
	for era := 0; era < *clusterEras && !t.Failed(); era++ {
		r := newRivals(c, contested, rivalToken, era)
		ctx, end := context.WithCancel(t.Context())
		var work sync.WaitGroup
		for _, by := range own.writers {
			work.Go(func() { own.write(ctx, by) })
		}
		for client := range rivalsAtWork {
			work.Go(func() { r.play(ctx, client, seed+uint64(era), 10_000) })
		}
		names := append(slices.Sorted(maps.Keys(troubles)), "killed", "killed")
		rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		for _, name := range names {
			before := own.done.Load()
			c.suffer(main, own.token, name, c.any(rng), rng)
			happened[name]++
			t.Logf("%s: %d calls happened; busy %d, not answered %d, of which %d had happened", name, own.done.Load()-before, own.busy.Load(), own.lost.Load(), own.happened.Load())
			if t.Failed() {
				break
			}
		}
		end()
		work.Wait()
		if t.Failed() {
			break
		}
		own.verify()
		r.readAll()
		explained += r.explain(t)
		_, users, _ := c.agree(rivalToken, contested.newest())
		unique(t, killLines(t, users))
		lost += r.lost.Load()
		t.Logf("era %d, rivals: %s", era, r.answers())
	}
	t.Logf("%s; %d calls of owners happened, %d of rivals are explained", happened, own.done.Load(), explained)
	if lost += own.lost.Load(); own.busy.Load() == 0 || lost == 0 {
		t.Errorf("the test shows little: busy %d, not answered %d", own.busy.Load(), lost)
	}
	c.stop()
}

// suffer lets a node have a trouble. Meanwhile the token of an app that it knows
// is revoked, which it has to know when it answers again.
func (c *cluster) suffer(w *witness, token, name string, n *clusterNode, rng *rand.Rand) {
	c.t.Helper()
	app := c.newApp("main")
	q := question{token: c.token(n, app), path: "/topapi/user/count", body: map[string]any{"only_active": "false"}}
	trouble, lasts := troubles[name], 1500*time.Millisecond+time.Duration(rng.Int64N(int64(2*time.Second)))
	began := time.Now()
	trouble.begin(c, n)
	over := revoked{q.token, c.revoke(app, rng)}
	eventually(c.t, "the trouble lasts long enough", func() bool {
		if trouble.again != nil {
			trouble.again(n)
		}
		return time.Since(began) > lasts && time.Since(over.since) > fresh
	})
	var all sync.WaitGroup
	asked := func() {
		for range 8 {
			all.Go(func() {
				if a, err := c.ask(c.t.Context(), n, q); err == nil {
					over.hear(c.t, n, a)
				}
			})
		}
	}
	if name != "killed" {
		asked() // they wait where the node does
	}
	trouble.end(c, n)
	asked()
	all.Wait()
	eventually(c.t, fmt.Sprintf("node %d, which was %s, refuses the token and is ready", n.number, name), func() bool {
		a, err := c.ask(c.t.Context(), n, q)
		if err != nil {
			return false
		}
		over.hear(c.t, n, a)
		status, _ := n.live().get("/readyz")
		return a.refusedToken() && status == http.StatusOK
	})
	c.bulk(n, token, "users", w.newest())
}

// revoke takes away what an app's token opens, and tells since when.
func (c *cluster) revoke(app appSecret, rng *rand.Rand) (since time.Time) {
	c.t.Helper()
	args := []string{"app", "delete", app.Appkey, "--corp", "main", "--data", c.dir, "--database", c.url}
	if rng.IntN(2) == 0 {
		args[1] = "rotate-secret"
	}
	// A node that is in trouble may hold up everybody who writes, for ten seconds.
	eventually(c.t, "the app is revoked", func() bool { return runCommand(c.t, args...).code == exitDone })
	return time.Now()
}
