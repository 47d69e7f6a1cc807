package ops

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"rollcall/internal/node"
	"rollcall/internal/wire"
)

// Metrics counts what the server does.
type Metrics struct {
	registry *prometheus.Registry
	replies  *prometheus.CounterVec
	// Resolved once, because every call counts.
	byEndpoint map[*wire.Endpoint]*endpointMetrics
	unknown    *endpointMetrics
}

type endpointMetrics struct {
	path string
	ok   prometheus.Counter
	took prometheus.Observer
}

// NewMetrics makes the metrics of the endpoints and of the organizations.
func NewMetrics(endpoints []*wire.Endpoint, n *node.Node) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), byEndpoint: map[*wire.Endpoint]*endpointMetrics{}}
	m.replies = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "rollcall_replies_total", Help: "Replies by endpoint and errcode.",
	}, []string{"endpoint", "errcode"})
	took := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "rollcall_reply_seconds", Help: "Time from the arrival of a request to its finished reply.",
		Buckets: []float64{.000005, .00001, .000025, .0001, .0005, .001, .005, .025, .1, .5, 1, 5},
	}, []string{"endpoint"})
	resolve := func(path string) *endpointMetrics {
		return &endpointMetrics{path, m.replies.WithLabelValues(path, "0"), took.WithLabelValues(path)}
	}
	for _, e := range endpoints {
		m.byEndpoint[e] = resolve(e.Path)
	}
	m.unknown = resolve("unknown")
	m.registry.MustRegister(m.replies, took, orgs{n}, nodes{n},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Done implements [wire.Observer].
func (m *Metrics) Done(e *wire.Endpoint, errcode int, took time.Duration) {
	x := m.byEndpoint[e]
	if x == nil {
		x = m.unknown
	}
	if errcode == 0 {
		x.ok.Inc()
	} else {
		m.replies.WithLabelValues(x.path, strconv.Itoa(errcode)).Inc()
	}
	x.took.Observe(took.Seconds())
}

func (m *Metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// orgs collects the state of the organizations when it is asked for.
type orgs struct{ node *node.Node }

// What is told of each organization; immutable.
var orgDescs = map[string]*prometheus.Desc{
	"version":     orgDesc("version", "Number of the version that is served."),
	"feed":        orgDesc("feed", "Number of the last batch of sign-ins that is served."),
	"people":      orgDesc("people", "People who belong to the organization."),
	"active":      orgDesc("active_people", "People whose account is activated."),
	"directory":   orgDesc("directory_bytes", "Memory of the newest version, roughly."),
	"activity":    orgDesc("activity_bytes", "Memory of the sign-ins and kept answers, roughly."),
	"walks":       orgDesc("walks", "Walks in progress that keep their version."),
	"walks_bytes": orgDesc("walks_bytes", "Memory that old versions hold for walks, at most."),
}

func orgDesc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("rollcall_org_"+name, help, []string{"corp_id"}, nil)
}

// Describe implements [prometheus.Collector].
func (o orgs) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range orgDescs {
		ch <- d
	}
}

// Collect implements [prometheus.Collector].
func (o orgs) Collect(ch chan<- prometheus.Metric) {
	for _, org := range o.node.Orgs() {
		r := org.Current()
		walks, bytes := org.KeptVersions()
		for name, v := range map[string]float64{
			"version": float64(r.Version()), "feed": float64(org.Activity.Feed()),
			"people": float64(r.Count(false)), "active": float64(r.Count(true)),
			"directory": float64(r.Bytes()), "activity": float64(org.Activity.Bytes()),
			"walks": float64(walks), "walks_bytes": float64(bytes),
		} {
			ch <- prometheus.MustNewConstMetric(orgDescs[name], prometheus.GaugeValue, v, org.ID())
		}
	}
}
