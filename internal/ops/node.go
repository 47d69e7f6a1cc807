package ops

import (
	"github.com/prometheus/client_golang/prometheus"

	"rollcall/internal/node"
)

// nodes collects the state of the node when it is asked for.
type nodes struct{ node *node.Node }

// What is told of the node; immutable.
var nodeDescs = map[string]*prometheus.Desc{
	"staleness": prometheus.NewDesc("rollcall_staleness_seconds", "How long ago the storage last confirmed that nothing is newer.", nil, nil),
	"known":     prometheus.NewDesc("rollcall_orgs_known", "Organizations that there are.", nil, nil),
	"held":      prometheus.NewDesc("rollcall_orgs_held", "Organizations in memory.", nil, nil),
	"bytes":     prometheus.NewDesc("rollcall_orgs_held_bytes", "Memory of the organizations, roughly; see --memory-limit.", nil, nil),
	"loads":     prometheus.NewDesc("rollcall_org_loads_total", "Organizations loaded.", nil, nil),
	"failures":  prometheus.NewDesc("rollcall_org_load_failures_total", "Organizations that could not be loaded.", nil, nil),
	"evictions": prometheus.NewDesc("rollcall_org_evictions_total", "Organizations that left to make room.", nil, nil),
}

// Describe implements [prometheus.Collector].
func (n nodes) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range nodeDescs {
		ch <- d
	}
}

// Collect implements [prometheus.Collector].
func (n nodes) Collect(ch chan<- prometheus.Metric) {
	c := n.node.Counts()
	for name, v := range map[string]float64{
		"staleness": max(0, n.node.Age().Seconds()), "known": float64(c.Known), "held": float64(c.Held), "bytes": float64(c.Bytes),
	} {
		ch <- prometheus.MustNewConstMetric(nodeDescs[name], prometheus.GaugeValue, v)
	}
	for name, v := range map[string]uint64{"loads": c.Loads, "failures": c.Failures, "evictions": c.Evictions} {
		ch <- prometheus.MustNewConstMetric(nodeDescs[name], prometheus.CounterValue, float64(v))
	}
}
